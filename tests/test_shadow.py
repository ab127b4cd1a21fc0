"""A network is answered in evaluation mode, and whatever its owner does with it meanwhile is the owner's affair."""

from __future__ import annotations

import copy
import functools
import gc
import threading
import warnings
import weakref
from abc import ABC, abstractmethod
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from drawings import digit_ink
from networks import bundled_network
from torch import nn
from torch.nn.utils import parametrizations, prune

from digit_widget import Classifier, ModelError
from digit_widget.deadline import DeadlineError
from digit_widget.models.pytorch import TorchModel
from digit_widget.models.shadow import Shadows

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURES = np.random.default_rng(0).random((5, 1, 8, 8), np.float32)


def answer(module: nn.Module, model: TorchModel | None = None) -> np.ndarray:
    """Return what digit-widget gets from a module for the pictures."""
    return (model or TorchModel(module, None))(PICTURES)


def expected(module: nn.Module) -> np.ndarray:
    """Return what the module says when its owner puts it into evaluation mode, and back."""
    before = modes(module)
    with torch.inference_mode():
        rows: np.ndarray = module.eval()(torch.from_numpy(PICTURES)).numpy()
    for part, mode in zip(module.modules(), before, strict=True):
        part.training = mode
    return rows


def modes(module: nn.Module) -> list[bool]:
    """Return the mode of each part."""
    return [part.training for part in module.modules()]


class Net(nn.Module):
    """A network that answers differently in training: it has BatchNorm and Dropout."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(4 * 36, 10)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return self.head(self.dropout(self.norm(self.conv(pictures)).relu()).flatten(1))


class InList(Net):
    """A network that goes through its parts in a plain list, a dict and a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = [("conv", self.conv), ("norm", self.norm)]
        self.more = {"dropout": {"last": self.dropout}}

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        for _, step in self.steps:
            pictures = step(pictures)
        return self.head(self.more["dropout"]["last"](pictures.relu()).flatten(1))


class Bound(Net):
    """A network that keeps methods of itself, a partial of one, and a function that calls a part."""

    def __init__(self) -> None:
        super().__init__()
        norm = self.norm
        self.first: Callable[[torch.Tensor], torch.Tensor] = lambda x: norm(self.conv(x))
        self.second = functools.partial(self._second, 1.0)
        self.third = self._third

    def _second(self, factor: float, x: torch.Tensor) -> torch.Tensor:
        return self.dropout(x.relu() * factor)

    def _third(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x.flatten(1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return self.third(self.second(self.first(pictures)))


class Slotted(Net):
    """A network with slots, and a part in one of them."""

    __slots__ = ("factor", "part")

    def __init__(self) -> None:
        super().__init__()
        self.factor = 2.0
        object.__setattr__(self, "part", self.dropout)

    def __deepcopy__(self, memo: dict[int, Any]) -> Slotted:
        """Copy only what a new one does not have."""
        twin = type(self)()
        twin.load_state_dict(self.state_dict())
        return twin

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return self.head(self.part(self.norm(self.conv(pictures) * self.factor).relu()).flatten(1))


class Frozen(Net):
    """A network that overrides train() and eval(), as one with a frozen BatchNorm does."""

    calls = 0

    def train(self, mode: bool = True) -> Frozen:  # noqa: FBT002 - as torch has it
        """Leave the BatchNorm in evaluation."""
        Frozen.calls += 1
        super().train(mode)
        self.norm.eval()
        return self


class Twice(nn.Module):
    """A network with one part registered twice, and two parts that share a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.Dropout())
        self.again = self.first
        self.tied = nn.Linear(64, 64)
        self.tied.weight = self.first[1].weight

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        assert self.first is self.again
        return self.tied(self.again(self.first(pictures)))


class Wrapper(nn.Module):
    """A wrapper that finds what it does not have in the network, as many libraries' do."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Look in the network."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("module"), name)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return self.head(self.dropout(self.norm(self.conv(pictures)).relu()).flatten(1))


class Base(nn.Module, ABC):
    """A class that keeps a list of its subclasses."""

    known: list[type] = []  # noqa: RUF012 - the list of all

    def __init_subclass__(cls) -> None:
        """Write it down."""
        super().__init_subclass__()
        Base.known.append(cls)

    @abstractmethod
    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""


class Derived(Base, Net):
    """A network of that class."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return Net.forward(self, pictures)


class Recurrent(nn.Module):
    """A network of torch's own parts that read their mode in C++ and on fast paths."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 8, 2, dropout=0.5, batch_first=True)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.5, batch_first=True), 2)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        return self.encoder(self.lstm(pictures[:, 0])[0])[:, -1]


class ReadsMode(Net):
    """A network that reads its mode itself, and in a property and a static function of its class."""

    @property
    def factor(self) -> float:
        """Another in training."""
        return 100.0 if self.training else 1.0

    @staticmethod
    def plain(x: torch.Tensor) -> torch.Tensor:
        """Do nothing."""
        return x

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        logits = self.factor * super().forward(self.plain(pictures))
        return logits + 1 if self.training or self.norm.training else logits


class SetsMode(Net):
    """A network that changes its mode while it is asked."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        self.train()
        self.eval()
        return super().forward(pictures)


def patched() -> nn.Module:
    """Return a network whose forward was replaced by a method bound to it, and wrapped once more."""
    network = Net()
    network._old = network.forward

    def forward(self: Net, pictures: torch.Tensor) -> torch.Tensor:
        return self._old(pictures)

    network.forward = MethodType(forward, network)
    return network


def wrapped_function() -> nn.Module:
    """Return a network whose forward was replaced by a function that calls the old one, as libraries patch it."""
    network = Net()
    old = network.forward

    @functools.wraps(old)
    def forward(*args: Any, **keywords: Any) -> Any:  # noqa: ANN401
        return old(*args, **keywords)

    network.forward = forward
    return network


def parametrized() -> nn.Module:
    """Return a network with both kinds of torch's parametrizations."""
    network = Net()
    parametrizations.weight_norm(network.conv)
    parametrizations.spectral_norm(network.head)
    return network


def pruned() -> nn.Module:
    """Return a network whose weights a hook of torch's computes anew at each call."""
    network = Net()
    prune.random_unstructured(network.head, "weight", 0.5)
    with warnings.catch_warnings(action="ignore"):
        network.conv = nn.utils.weight_norm(network.conv)
    return network


def in_place() -> nn.Module:
    """Return a network that compiles its calls."""
    network = Net()
    network.compile(backend="eager")
    return network


def quietly(make: Callable[[], nn.Module]) -> nn.Module:
    """Make a module without what torch says about the end of TorchScript."""
    with warnings.catch_warnings(action="ignore"):
        return make()


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "plain": Net,
    "parts in plain containers": InList,
    "methods, a partial, a closure": Bound,
    "slots and a deepcopy of its own": Slotted,
    "train() of its own": Frozen,
    "a part twice, tied weights": Twice,
    "wrapper": lambda: Wrapper(Net()),
    "DataParallel": lambda: nn.DataParallel(Net()),
    "abstract base, list of subclasses": Derived,
    "LSTM and transformer": Recurrent,
    "reads its mode": ReadsMode,
    "sets its mode": SetsMode,
    "forward replaced by a method": patched,
    "forward replaced by a function": wrapped_function,
    "parametrizations": parametrized,
    "pruned and weight_norm by hooks": pruned,
    "Sequential, ModuleList, ModuleDict": lambda: nn.Sequential(nn.ModuleDict({"a": nn.ModuleList([Net()])})["a"][0]),
    "torch.fx": lambda: torch.fx.symbolic_trace(Net()),
    "torch.compile": lambda: torch.compile(Net(), backend="eager"),
    "compiled in place": in_place,
    "TorchScript": lambda: quietly(lambda: torch.jit.script(Net())),
    "TorchScript inside a module": lambda: nn.Sequential(quietly(lambda: torch.jit.script(Net())), nn.Dropout()),
    "traced": lambda: quietly(lambda: torch.jit.trace(Net().eval(), torch.from_numpy(PICTURES)).train()),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_in_training_answers_as_in_evaluation(kind: str) -> None:
    """Its answers are those of evaluation mode; neither its modes nor its statistics have moved."""
    module = NETWORKS[kind]().train()
    state = copy.deepcopy(module.state_dict())
    before = modes(module)
    calls = Frozen.calls
    model = TorchModel(module, None)
    answers = [answer(module, model) for _ in range(2)]
    assert Frozen.calls == calls
    assert modes(module) == before
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name]), name
    wanted = expected(module)
    for rows in answers:
        assert np.abs(rows - wanted).max() < 1e-5


def test_a_class_does_not_hear_of_its_shadows() -> None:
    """A class that keeps a list of its subclasses has no shadow's class in it."""
    answer(Derived())
    assert Base.known == [Derived]
    assert isinstance(Net(), Net)
    assert not issubclass(Net, Derived)


def test_training_on_shows() -> None:
    """Weights changed in place, by an optimizer's step, by load_state_dict and by assignment count at once."""
    network = Net().train()
    model = TorchModel(network, None)
    seen = [answer(network, model)]

    def step() -> None:
        optimizer = torch.optim.SGD(network.parameters(), 1.0)
        network(torch.from_numpy(PICTURES)).sum().backward()
        optimizer.step()

    def fill() -> None:
        with torch.no_grad():
            network.head.bias.fill_(7)

    other = {name: value + 1 for name, value in Net().state_dict().items()}
    for change in (
        step,
        fill,
        lambda: network.load_state_dict(other),
        lambda: network.load_state_dict({name: value * 2 for name, value in other.items()}, assign=True),
        lambda: setattr(network.head, "weight", nn.Parameter(torch.ones(10, 4 * 36))),
        lambda: setattr(network.norm, "running_mean", torch.ones(4)),
    ):
        change()
        seen.append(answer(network, model))
        assert np.abs(seen[-1] - expected(network)).max() < 1e-3
        assert not np.allclose(seen[-1], seen[-2])


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_training_on_shows_in_torchscript() -> None:
    """A scripted module's weights count at once too, changed in place or assigned."""
    module = quietly(lambda: torch.jit.script(Net()))
    model = TorchModel(module, None)
    for assign in (False, True):
        weights = {name: torch.rand_like(value.float()).to(value.dtype) for name, value in module.state_dict().items()}
        module.load_state_dict(weights, assign=assign)
        assert np.abs(answer(module, model) - expected(module)).max() < 1e-5


def test_what_the_owner_changes_shows() -> None:
    """Attributes set, parts replaced, added and removed, and another class count at the next answer."""
    network = Slotted()
    model = TorchModel(network, None)
    answer(network, model)

    def replace() -> None:
        network.norm = nn.Identity()

    def parametrize() -> None:
        parametrizations.weight_norm(network.conv)

    def more_factor() -> None:
        network.factor = 5.0

    def other_class() -> None:
        network.__class__ = type("Other", (Slotted,), {"forward": lambda _, x: x.flatten(1)[:, :10] * 3})

    before = answer(network, model)
    for change in (replace, more_factor, other_class):
        change()
        after = answer(network, model)
        assert np.abs(after - expected(network)).max() < 1e-5
        assert not np.allclose(after, before)
        before = after
    parametrize()
    assert np.isfinite(answer(network, model)).all()


def test_what_forward_writes_is_the_owners() -> None:
    """Attributes, buffers and parts that forward or a hook sets are found on the network afterwards."""

    class Notes(Net):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            if not hasattr(self, "late"):
                assert list(self.children())[-1] is self.head
                self.late = nn.Identity()
                self.add_module("later", nn.Dropout())
                self.register_buffer("count", torch.zeros(()))
            self.count = self.count + 1
            assert any(child is self.later for child in self.children())
            self.features = self.later(self.late(pictures))
            self.myself = self
            self.old = 1
            del self.old
            return super().forward(pictures)

    network = Notes()
    network.head.register_forward_hook(lambda module, _, output: setattr(module, "output", output))
    model = TorchModel(network, None)
    first, second = answer(network, model), answer(network, model)
    assert np.array_equal(first, second)
    assert np.array_equal(network.features.numpy(), PICTURES)
    assert np.array_equal(network.head.output.numpy(), second)
    assert network.count == 2
    assert network._modules["myself"] is network
    assert type(network.late) is nn.Identity
    assert type(network.later) is nn.Dropout
    assert not hasattr(network, "old")


def test_hooks_of_the_owner_run() -> None:
    """Hooks before and after forward run once each, may change what passes, and know their module by a dict."""
    network = Net()
    names = {module: name for name, module in network.named_modules()}
    said: list[str] = []

    def before(module: nn.Module, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        said.append(f"before {names[module]}")
        return (args[0] * 0,)

    def after(module: nn.Module, _args: object, _keywords: object, output: torch.Tensor) -> torch.Tensor:
        said.append(f"after {names[module]}")
        assert module == network.head
        assert isinstance(module, nn.Linear)
        assert module.__class__ is nn.Linear
        assert module != network.conv
        return output + 1

    network.conv.register_forward_pre_hook(before)
    network.head.register_forward_hook(after, with_kwargs=True)
    rows = answer(network)
    assert said == ["before conv", "after head"]
    said.clear()
    assert np.abs(rows - expected(network)).max() < 1e-5


def test_a_part_may_be_put_into_training_by_forward() -> None:
    """Dropout that forward itself switches on, to sample, is on for that call, and the owner's is not."""

    class Sampling(Net):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            self.dropout.train()
            assert not self.training
            return super().forward(pictures)

    network = Sampling().eval()
    model = TorchModel(network, None)
    assert not np.allclose(answer(network, model), answer(network, model))
    assert not network.dropout.training


def test_a_lazy_module_is_refused_and_stays_lazy() -> None:
    """A module whose shapes wait for the first call is refused: to look for its size would settle it."""
    lazy = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    with pytest.raises(ModelError, match="Sequential has no weights yet"):
        Classifier(lazy)
    assert isinstance(lazy[1], nn.LazyLinear)


def test_the_end_of_a_shadow_is_not_the_end_of_its_owner() -> None:
    """A module's destructor runs once, for the module; nothing of a shadow is kept after the answer."""
    ended: list[bool] = []
    shadows: list[weakref.ref[nn.Module]] = []

    class Ends(Net):
        def __del__(self) -> None:
            ended.append(True)

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            shadows.append(weakref.ref(self))
            return super().forward(pictures)

    network = Ends()
    answer(network)
    assert shadows[0]() is None
    assert ended == []
    del network
    gc.collect()
    assert ended == [True]


def test_a_shadow_copied_is_a_copy_of_the_owner() -> None:
    """A forward that copies itself gets a module, and a replica for another device has the shadow's mode."""
    network = Net().train()
    with Shadows().of(network) as shadow:
        assert type(copy.deepcopy(shadow)) is Net
        replica = shadow._replicate_for_data_parallel()
        assert (type(replica), replica.training, network.training) == (Net, False, True)
        assert "conv" in repr(shadow)


def test_the_mode_is_what_the_owner_set_last() -> None:
    """A thread that trains and evaluates in turn always finds the mode that it set, while the pad is answered."""
    network = bundled_network()
    classifier = Classifier(network)
    ink = digit_ink(3)
    stop = threading.Event()
    wrong: list[bool] = []
    rounds = [0]

    def owner() -> None:
        while not stop.is_set():
            mode = rounds[0] % 2 == 0
            network.train(mode)
            wrong.extend(part.training for part in network.modules() if part.training != mode)
            rounds[0] += 1

    thread = threading.Thread(target=owner)
    thread.start()
    answers = []
    while len(answers) < 50 or rounds[0] < 1000:
        answers += classifier.classify([ink])
    stop.set()
    thread.join()
    assert wrong == []
    assert {one.probabilities for one in answers} == {answers[0].probabilities}
    assert modes(network) == [rounds[0] % 2 == 1] * len(modes(network))


@pytest.mark.parametrize("mode", [True, False])
def test_an_answer_given_up_on_leaves_the_mode_alone(*, mode: bool) -> None:
    """One that comes back long after its deadline changes nothing: the mode is what the owner set meanwhile."""
    release, hanging = threading.Event(), threading.Event()
    hangs: list[bool] = []
    seen: list[bool] = []

    class Hangs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = bundled_network()

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            if hangs:
                hangs.clear()
                hanging.set()
                release.wait(20)
            seen.extend(modes(self))
            return self.network(pictures)

    network = Hangs().train(not mode)
    classifier = Classifier(network, timeout=0.2)
    hangs.append(True)
    with pytest.raises(DeadlineError):
        classifier.classify([digit_ink(3)])
    assert hanging.wait(20)
    network.train(mode)
    (other,) = Classifier(classifier, timeout=20).classify([digit_ink(5)])
    assert other.prediction == 5
    release.set()
    for done in classifier._known.caller.stuck:
        assert done.wait(20)
    assert modes(network) == [mode] * len(modes(network))
    assert not any(seen)
