"""Weights in files, put into a module of one's own: strictly, or not at all."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from digit_widget import DigitWidget, ModelError, load_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def network() -> nn.Sequential:
    """Return a network that is not the bundled one."""
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))


def prefixed(prefix: str) -> Callable[[nn.Module], object]:
    """Return what puts a prefix before all names."""
    return lambda model: {f"{prefix}{name}": value for name, value in model.state_dict().items()}


@pytest.mark.parametrize(
    "make",
    [
        lambda model: model.state_dict(),
        *map(prefixed, ("module.", "model.", "net.", "network.", "_orig_mod.", "module._orig_mod.", "model.net.")),
        *(
            lambda model, key=key: {key: model.state_dict(), "epoch": 3}
            for key in ("state_dict", "model_state_dict", "model_state", "net", "weights", "model")
        ),
        lambda model: {"state_dict": {"model": model.state_dict()}},
        lambda model: {"state_dict": prefixed("model.")(model), "hyper_parameters": {"lr": 0.1}, "callbacks": {}},
    ],
)
def test_weights_of_any_network(tmp_path: Path, make: Callable[[nn.Module], object]) -> None:
    """Weights arrive bit by bit, whatever prefix or wrapper they have, and the module keeps its mode."""
    theirs, ours = network(), network()
    torch.save(make(theirs), tmp_path / "net.pt")
    model = load_model(tmp_path / "net.pt", into=ours)
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value)
    assert ours.training
    assert model.shape == (1, 28, 28)
    DigitWidget(model=model)


def test_safetensors(tmp_path: Path) -> None:
    """A safetensors file of any network is read too, and the module keeps its dtype."""
    theirs, ours = network(), network().double()
    save_file(theirs.state_dict(), tmp_path / "net.safetensors")
    load_model(tmp_path / "net.safetensors", into=ours)
    assert torch.equal(ours[0].weight, theirs[0].weight.double())


def test_a_module_that_keeps_its_prefix(tmp_path: Path) -> None:
    """A prefix that the module itself has is not taken away."""
    theirs, ours = nn.DataParallel(network()), nn.DataParallel(network())
    torch.save(theirs.state_dict(), tmp_path / "net.pt")
    load_model(tmp_path / "net.pt", into=ours)
    assert torch.equal(ours.state_dict()["module.0.weight"], theirs.state_dict()["module.0.weight"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda weights: weights.pop("4.bias"), "missing 4.bias"),
        (lambda weights: weights.update(extra=torch.ones(2)), "unexpected extra"),
        (lambda weights: weights.update({"4.bias": torch.ones(7)}), "mismatched 4.bias is 7 instead of 10"),
        (lambda weights: weights.update({"4.bias": torch.ones(10).int()}), "is torch.int32 instead of torch.float32"),
        (lambda weights: weights.update({f"x{i}": torch.ones(1) for i in range(99)}), "x0, x1, x2 and 96 more"),
    ],
)
def test_weights_that_do_not_fit(
    tmp_path: Path, change: Callable[[dict[str, torch.Tensor]], object], says: str
) -> None:
    """What is missing, unexpected or mismatched is named, and the module is as it was."""
    weights, ours = dict(network().state_dict()), network()
    before = {name: value.clone() for name, value in ours.state_dict().items()}
    change(weights)
    torch.save(weights, tmp_path / "net.pt")
    with pytest.raises(ModelError) as refusal:
        load_model(tmp_path / "net.pt", into=ours)
    assert says in str(refusal.value)
    assert len(str(refusal.value)) < 800
    assert all(torch.equal(value, before[name]) for name, value in ours.state_dict().items())


def test_what_is_no_module(tmp_path: Path) -> None:
    """A class, and an object of another library, are named."""
    torch.save(network().state_dict(), tmp_path / "net.pt")
    with pytest.raises(ModelError, match=r"got the class Flatten: pass Flatten\(\)"):
        load_model(tmp_path / "net.pt", into=nn.Flatten)
    with pytest.raises(ModelError, match="an object of the type int"):
        load_model(tmp_path / "net.pt", into=3)
    with pytest.raises(ModelError, match="needs the path"):
        load_model(into=network())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.LazyLinear(2), "has no weights yet: some of its layers are lazy"),
        (lambda: nn.Linear(2, 2, device="meta"), "has no weights yet: it is on the device meta"),
    ],
)
def test_a_module_that_has_no_weights_yet(tmp_path: Path, make: Callable[[], nn.Module], says: str) -> None:
    """It is told what is missing, with what to do."""
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "net.pt")
    with warnings.catch_warnings(action="ignore"), pytest.raises(ModelError, match=says):
        load_model(tmp_path / "net.pt", into=make())


def test_the_layers_are_sketched(tmp_path: Path) -> None:
    """Weights of an unknown network are refused with its layers and with what to type."""
    torch.save(network().state_dict(), tmp_path / "net.pt")
    with pytest.raises(ModelError) as refusal:
        load_model(tmp_path / "net.pt")
    assert "(Conv2d 1→4 3×3, BatchNorm 4, Linear 2704→10)" in str(refusal.value)
    assert "load_model(path, into=MyNet())" in str(refusal.value)


class Picky(nn.Linear):
    """Refuses weights after it has taken them."""

    def _load_from_state_dict(self, *args: object) -> None:
        super()._load_from_state_dict(*args)
        message = "no"
        raise RuntimeError(message)


def test_a_module_that_refuses(tmp_path: Path) -> None:
    """A module whose own loading fails half-way gets its weights back."""
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "net.pt")
    ours = Picky(2, 2)
    before = ours.weight.detach().clone()
    with pytest.raises(ModelError, match=r"Picky refused the weights in net\.pt: no"):
        load_model(tmp_path / "net.pt", into=ours)
    assert torch.equal(ours.weight, before)


def test_files_of_torchs_first_years(tmp_path: Path) -> None:
    """BatchNorm's counter, which old files lack, is not missed."""
    weights = {name: value for name, value in network().state_dict().items() if "num_batches" not in name}
    torch.save(weights, tmp_path / "net.pt")
    load_model(tmp_path / "net.pt", into=network())


def test_files_cut_short(tmp_path: Path) -> None:
    """Half a download says so."""
    torch.save(network().state_dict(), tmp_path / "net.pt")
    whole = (tmp_path / "net.pt").read_bytes()
    (tmp_path / "net.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"cut short or damaged: the list of contents .* download it again"):
        load_model(tmp_path / "net.pt", into=network())
