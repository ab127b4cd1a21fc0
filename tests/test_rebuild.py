"""Whole networks in files: rebuilt from torch's own layers, with nothing in the file run."""

from __future__ import annotations

import sys
import warnings
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch", reason="what is read here is what torch saves")

from torch import nn  # noqa: E402

from digit_widget import DigitWidget, ModelError, load_model, predict  # noqa: E402
from digit_widget.models.checkpoint import weights_in  # noqa: E402
from digit_widget.models.layouts import arranged  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import Tensor

FORMATS = {
    "zip": {},
    "legacy": {"_use_new_zipfile_serialization": False},
    "protocol 4": {"pickle_protocol": 4},
    "protocol 1": {"pickle_protocol": 1},
}
every_format = pytest.mark.parametrize("how", FORMATS.values(), ids=FORMATS)

SHARED = nn.Linear(16, 16)
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "one layer": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
    "MLP": lambda: nn.Sequential(
        *(nn.Flatten(), nn.Linear(784, 32), nn.BatchNorm1d(32), nn.ReLU(inplace=True), nn.Dropout(0.3)),
        *(nn.Linear(32, 16, bias=False), nn.LeakyReLU(0.2), nn.Linear(16, 10), nn.LogSoftmax(dim=1)),
    ),
    "CNN": lambda: nn.Sequential(
        *(nn.Conv2d(1, 8, 5, padding=2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, (3, 5), stride=(1, 2), dilation=2, groups=4, bias=False), nn.PReLU(16), nn.Dropout2d()),
        *(nn.AdaptiveAvgPool2d((4, 4)), nn.Flatten(), nn.Linear(256, 10)),
    ),
    "padding": lambda: nn.Sequential(
        *(nn.ZeroPad2d((1, 2, 3, 4)), nn.Conv2d(1, 4, 3, padding="same", padding_mode="reflect"), nn.ELU(0.7)),
        *(nn.Conv2d(4, 4, 3, padding=(2, 1), padding_mode="circular"), nn.ReflectionPad2d(2), nn.ConstantPad2d(1, 0.5)),
        *(nn.AvgPool2d(3, 2, 1, count_include_pad=False), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 10)),
    ),
    "norms": lambda: nn.Sequential(
        *(nn.Conv2d(1, 8, 3), nn.GroupNorm(2, 8), nn.GELU("tanh"), nn.InstanceNorm2d(8, affine=True), nn.Hardswish()),
        *(nn.InstanceNorm2d(8, track_running_stats=True), nn.LayerNorm([8, 26, 26]), nn.BatchNorm2d(8, affine=False)),
        *(nn.BatchNorm2d(8, track_running_stats=False, momentum=None), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        *(nn.LayerNorm(8, elementwise_affine=False), nn.LayerNorm(8, bias=False), nn.Linear(8, 10)),
    ),
    "activations": lambda: nn.Sequential(
        *(nn.Flatten(), nn.Linear(784, 16), nn.Sigmoid(), nn.Tanh(), nn.SiLU(), nn.ReLU6(), nn.GELU(), nn.SELU()),
        *(nn.CELU(1.5), nn.Mish(), nn.Softplus(2, 10), nn.Hardsigmoid(), nn.Hardtanh(-2, 2), nn.LogSigmoid()),
        *(nn.Softsign(), nn.Threshold(0.1, 0.2), nn.Identity(54, unused=True), nn.Linear(16, 10), nn.Softmax(-1)),
    ),
    "one-dimensional": lambda: nn.Sequential(
        *(nn.Flatten(2), nn.Conv1d(1, 4, 9, stride=3), nn.BatchNorm1d(4), nn.MaxPool1d(2), nn.AvgPool1d(2)),
        *(nn.Dropout1d(), nn.AdaptiveAvgPool1d(8), nn.Flatten(), nn.Linear(32, 10)),
    ),
    "nested and named": lambda: nn.Sequential(
        OrderedDict(
            features=nn.Sequential(
                OrderedDict(conv=nn.Conv2d(1, 4, 3), act=nn.ReLU(), more=nn.Sequential(nn.Conv2d(4, 4, 3), nn.Tanh()))
            ),
            classifier=nn.Sequential(nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(36, 10)),
        )
    ),
    "all under one name": lambda: nn.Sequential(OrderedDict(net=nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))),
    "up and back": lambda: nn.Sequential(
        *(nn.Flatten(), nn.Unflatten(1, (1, 28, 28)), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)),
        *(
            nn.Conv2d(1, 4, 4, stride=4),
            nn.PixelShuffle(2),
            nn.Upsample((28, 28)),
            nn.ConvTranspose2d(1, 2, 3, 2, 1, 1),
        ),
        *(nn.AdaptiveAvgPool2d((None, 1)), nn.Flatten(), nn.Linear(112, 10)),
    ),
    "a layer used twice": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(784, 16), SHARED, nn.ReLU(), SHARED, nn.Linear(16, 10)
    ),
    "three channels": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 30 * 30, 10)),
    "in halves": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(torch.float64),
    "a single layer": lambda: nn.Linear(784, 10),
}


def stirred(network: nn.Module) -> nn.Module:
    """Return a network whose statistics are not those of a new one."""
    torch.manual_seed(0)
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.uniform_(0.1, 0.9)
    return network


def network_of(path: Path) -> nn.Module:
    """Return the network that a file is loaded as."""
    network = load_model(path).module
    assert isinstance(network, nn.Module)
    return network


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a file."""
    return tmp_path / "net.pt"


# --- What is rebuilt -------------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_networks(path: Path, how: dict[str, Any], make: Callable[[], nn.Module]) -> None:
    """A whole network answers bit by bit as its original does, in every format."""
    network = stirred(make())
    torch.save(network, path, **how)
    model = load_model(path)
    assert model.module is not network
    assert not model.module.training
    assert list(model.module.state_dict()) == list(network.state_dict())
    assert repr(model.module) == repr(network.eval())
    pictures = torch.rand(3, *model.shape)
    dtype = next(network.parameters()).dtype
    expected = network(torch.tensor(arranged(pictures.numpy(), model.layout)).to(dtype))
    assert torch.equal(torch.tensor(model(pictures.numpy())), expected.float())


def test_the_widget(path: Path) -> None:
    """A pad and a prediction take the path of a whole network as they take the network."""
    network = stirred(NETWORKS["MLP"]())
    torch.save(network, path)
    strokes = [[[100, 50], [120, 200]]]
    pad = DigitWidget(model=path)
    pad.strokes = strokes
    assert pad.error == ""
    theirs = DigitWidget(model=network)
    theirs.strokes = strokes
    assert pad.probabilities == theirs.probabilities
    assert predict(pad.image, model=path).probabilities == predict(pad.image, model=network).probabilities


@pytest.mark.parametrize(
    "wrap",
    [
        nn.DataParallel,
        torch.optim.swa_utils.AveragedModel,
        lambda network: {"model": network, "epoch": 3},
        lambda network: {"ema": nn.DataParallel(network), "optimizer": {"lr": 0.1}},
        lambda network: {"model": None, "ema": network},
    ],
    ids=["DataParallel", "averaged", "in a dict", "in two", "an average alone"],
)
def test_wrapped_networks(path: Path, wrap: Callable[[nn.Module], object]) -> None:
    """A whole network is found in what training wraps around it."""
    network = stirred(NETWORKS["CNN"]()).eval()
    torch.save(wrap(network), path)
    picture = torch.rand(2, 1, 28, 28)
    assert torch.equal(network_of(path)(picture), network(picture))


def test_layers_used_twice_are_one(path: Path) -> None:
    """A layer that is used twice is one layer again."""
    torch.save(NETWORKS["a layer used twice"](), path)
    network = network_of(path)
    assert network[2] is network[4]


@every_format
def test_files_of_older_torch(path: Path, how: dict[str, Any]) -> None:
    """What newer versions of torch keep in a layer is not missed; that the file is old is emulated here."""
    network = stirred(NETWORKS["CNN"]()).eval()
    picture = torch.rand(2, 1, 28, 28)
    expected = network(picture)
    network.append(nn.GELU())
    old = {"training", "_parameters", "_buffers", "_modules", "_backward_hooks", "_forward_hooks", "_forward_pre_hooks"}
    for layer in network.modules():
        own = vars(layer)
        for newer in [name for name in own if name.startswith("_") and name not in old]:
            del own[newer]
        for newer in ("padding_mode", "approximate", "track_running_stats"):
            own.pop(newer, None)
        own["_buffers"].pop("num_batches_tracked", None)
        own["_backend"] = None
    torch.save(network, path, **how)
    assert torch.equal(network_of(path)(picture), nn.functional.gelu(expected))


def test_notes_are_left_out(path: Path) -> None:
    """A note that somebody put on a layer is no reason to refuse it, and is not taken over."""
    network = NETWORKS["one layer"]()
    network[1].note = "the last"
    network[1].seen = torch.ones(3)
    torch.save(network, path)
    assert not hasattr(network_of(path)[1], "note")


def test_its_weights_alone(path: Path) -> None:
    """The weights alone of such a network are refused as before, with its layers."""
    torch.save(NETWORKS["CNN"]().state_dict(), path)
    with pytest.raises(ModelError, match=r"another network \(Conv2d 1→8 5×5, BatchNorm 8"):
        load_model(path)


def test_weights_of_a_whole_network_go_into_ones_own(path: Path) -> None:
    """The same file gives its weights to a module of the user's."""
    network = NETWORKS["CNN"]()
    torch.save(network, path)
    ours = NETWORKS["CNN"]()
    load_model(path, into=ours)
    assert torch.equal(ours[4].weight, network[4].weight)


# --- What is not ------------------------------------------------------------------------------------------------------


def touch(marker: Path, value: Tensor) -> Tensor:
    """Leave a mark, as somebody's ``forward`` or hook."""
    marker.touch()
    return value


class Forward:
    """A ``forward`` that leaves a mark."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __call__(self, value: Tensor, *others: object) -> Tensor:
        """Answer a call as ``forward``, or as a hook: of a layer, its input and its output."""
        return touch(self.marker, others[-1] if others else value)


class Evil(nn.Sequential):
    """A Sequential that leaves a mark."""

    marker: Path

    def forward(self, value: Tensor) -> Tensor:
        """Leave it."""
        return touch(self.marker, super().forward(value))


class EvilLinear(nn.Linear):
    """A layer that leaves a mark when it is unpickled."""

    marker: Path

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.marker.touch()


class Reduced:
    """Pickles as whatever its ``__reduce__`` is told to say."""

    def __init__(self, *reduced: object) -> None:
        self.reduced = reduced

    def __reduce__(self) -> tuple[object, ...]:
        return self.reduced


class Called(nn.Linear):
    """Pickles as a call of torch's class, which no layer does."""

    def __init__(self) -> None:
        super().__init__(10, 10)

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        return nn.Linear, (10, 10)


CLASSES = {one.__name__: one for one in (Forward, Evil, EvilLinear)}
for one in CLASSES.values():
    one.__module__ = "__main__"


@contextmanager
def notebook() -> Iterator[None]:
    """Have ``__main__`` know the classes above for a while."""
    main = sys.modules["__main__"]
    vars(main).update(CLASSES)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Couldn't retrieve source code")
            yield
    finally:
        for name in CLASSES:
            delattr(main, name)


def plain() -> nn.Sequential:
    """Return a network to do something to."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def with_forward(marker: Path) -> nn.Module:
    """Return a network with a layer that has a ``forward`` of its own."""
    network = plain()
    network[1].forward = Forward(marker)
    return network


def with_hook(marker: Path, kind: str = "register_forward_hook") -> nn.Module:
    """Return a network with a layer that has a hook."""
    network = plain()
    getattr(network[1], kind)(Forward(marker))
    return network


def a_subclass(marker: Path) -> nn.Module:
    """Return a network that is no Sequential."""
    network = Evil(nn.Flatten(), nn.Linear(784, 10))
    network.marker = marker
    return network


def a_layer_of_a_subclass(marker: Path) -> nn.Module:
    """Return a network with a layer of a person's own."""
    layer = EvilLinear(784, 10)
    layer.marker = marker
    return nn.Sequential(nn.Flatten(), layer)


def with_call(marker: Path) -> nn.Module:
    """Return a network with what a call of the notebook's would give in place of a layer."""
    network = plain()
    network._modules["2"] = Reduced(Forward(marker), (torch.ones(1),))
    return network


HOSTILE: dict[str, tuple[Callable[[Path], nn.Module], str]] = {
    "forward": (with_forward, r"its layer 1 (Linear) has a forward of its own"),
    "a hook": (with_hook, "its layer 1 (Linear) has hooks, which are code"),
    "a hook before": (lambda marker: with_hook(marker, "register_forward_pre_hook"), "has hooks, which are code"),
    "a subclass of Sequential": (a_subclass, "another network (Linear 784→10)"),
    "a subclass of Linear": (
        a_layer_of_a_subclass,
        "its layer 1 (__main__.EvilLinear) is none of torch's plain layers",
    ),
    "a call": (with_call, "its layer 2 (of no class) was not saved as a layer is"),
}
hostile = pytest.mark.parametrize(("make", "says"), HOSTILE.values(), ids=HOSTILE)
both = pytest.mark.parametrize("how", [FORMATS["zip"], FORMATS["legacy"]], ids=["zip", "legacy"])


@both
@hostile
def test_hostile_networks_are_live(
    path: Path,
    make: Callable[[Path], nn.Module],
    how: dict[str, Any],
    says: str,  # noqa: ARG001
) -> None:
    """Each file of the next test does run something when it is read without care and asked."""
    marker = path.with_name("marker")
    with notebook():
        torch.save(make(marker), path, **how)
        assert not marker.exists()
        network = torch.load(path, weights_only=False)
        if not marker.exists():
            network(torch.zeros(1, 1, 28, 28))
    assert marker.exists()


@both
@hostile
def test_hostile_networks_are_refused(
    path: Path, make: Callable[[Path], nn.Module], how: dict[str, Any], says: str
) -> None:
    """A network with code in it is refused with what it is, and its weights are still read; nothing is run."""
    marker = path.with_name("marker")
    with notebook():
        torch.save(make(marker), path, **how)
        with pytest.raises(ModelError) as refusal:
            load_model(path)
        ours = plain()
        load_model(path, into=ours)
        ours(torch.zeros(1, 1, 28, 28))
    assert says in str(refusal.value)
    assert "load_model(path, into=MyNet())" in str(refusal.value)
    assert not marker.exists()


def changed(**attributes: object) -> Callable[[], nn.Module]:
    """Return what makes a network whose convolution was changed by hand."""

    def make() -> nn.Module:
        network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
        vars(network[0]).update(attributes)
        return network

    return make


def called(layer: str, name: str) -> Callable[[], nn.Module]:
    """Return what makes a network with a layer under a name that no layer can have."""

    def make() -> nn.Module:
        network = plain()
        network._modules[name] = getattr(nn, layer)()
        return network

    return make


def in_itself() -> nn.Module:
    """Return a network that is one of its own layers."""
    network = plain()
    network._modules["2"] = network
    return network


def deep() -> nn.Module:
    """Return Sequentials in one another."""
    network = plain()
    for _ in range(30):
        network = nn.Sequential(network)
    return network


def linear(**attributes: object) -> Callable[[], nn.Module]:
    """Return what makes a network whose last layer was changed by hand."""

    def make() -> nn.Module:
        network = plain()
        vars(network[1]).update(attributes)
        return network

    return make


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (changed(stride=(0, 0)), "the stride of its layer 0 (Conv2d) is (0, 0)"),
        (changed(stride=(10**9, 1)), "the stride of its layer 0 (Conv2d) is (1000000000, 1)"),
        (changed(kernel_size="many"), "the kernel_size of its layer 0 (Conv2d) is 'many'"),
        (changed(kernel_size=(3,) * 100), "the kernel_size of its layer 0 (Conv2d) is no plain value"),
        (changed(kernel_size=(3, [3])), "the kernel_size of its layer 0 (Conv2d) is no plain value"),
        (changed(groups=3), "its layer 0 (Conv2d) cannot be made: in_channels must be divisible by groups"),
        (changed(padding_mode="odd"), "the padding_mode of its layer 0 (Conv2d) is"),
        (changed(transposed=True), "the transposed of its layer 0 (Conv2d) was changed by hand"),
        (changed(_reversed_padding_repeated_twice=(9,) * 4), "was changed by hand"),
        (changed(_conv_forward=3), "its layer 0 (Conv2d) has a _conv_forward of its own"),
        (changed(__class__="x"), "has a __class__ of its own"),
        (linear(in_features=1 << 23, out_features=1 << 23), "its weights do not fit its layers"),
        (linear(in_features=1 << 40), "the in_features of its layer 1 (Linear) is 1099511627776"),
        (linear(in_features=True), "the in_features of its layer 1 (Linear) is True"),
        (lambda: plain().append(nn.Linear(10, 10, bias=False)).append(nn.Dropout(0.1)), ""),
        (
            lambda: plain().append(nn.Transformer(4, 1, 1, 1, 4)),
            "its layer 2 (Transformer) is none of torch's plain layers",
        ),
        (lambda: plain().append(Called()), "its layer 2 (Linear) was not saved as a layer is"),
        (called("ReLU", "forward"), "its layer forward has a name that no layer can have"),
        (called("ReLU", ""), "its layer of no class has a name that no layer can have"),
        (called("ReLU", "a.b"), "its layer a.b has a name that no layer can have"),
        (in_itself, "contains a module that contains itself"),
        (deep, "more than 20 in one another"),
        (lambda: plain().append(nn.utils.weight_norm(nn.Linear(10, 10))), "has hooks, which are code"),
        (
            lambda: nn.Sequential(nn.Conv2d(1, 1, 1), *(nn.Upsample(scale_factor=64) for _ in range(4))),
            "its Upsample makes more than 134,217,728 numbers of three pictures",
        ),
        (lambda: nn.Sequential(nn.Conv2d(1, 1, 1), nn.Upsample(scale_factor=100)), "scale_factor of its layer 1"),
        (lambda: nn.Sequential(nn.Linear(784, 9), nn.ZeroPad2d(10**6)), "the padding of its layer 1 (ZeroPad2d) is"),
    ],
)
def test_networks_that_are_not_rebuilt(path: Path, make: Callable[[], nn.Module], says: str) -> None:
    """What a layer cannot have been is refused with its place, before room is made for anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(make(), path)
        if not says:
            assert network_of(path)
            return
        with pytest.raises(ModelError) as refusal:
            load_model(path)
    assert says in str(refusal.value)
    assert len(str(refusal.value)) < 700


def test_a_single_layer_is_named(path: Path) -> None:
    """Where the whole file is one layer of another kind, it is said of the network."""
    torch.save(nn.LSTM(28, 10), path)
    with pytest.raises(ModelError, match=r"the network \(LSTM\) is none of torch's plain layers"):
        load_model(path)


def test_the_weights_of_what_is_not_rebuilt(path: Path) -> None:
    """Its weights are named as in its own ``state_dict()``."""
    network = deep()
    torch.save(network, path)
    assert [f"{'0.' * 30}1.weight", f"{'0.' * 30}1.bias"] == list(weights_in(path))
