"""Weights out of checkpoints: what torch saved comes back, and no file gets to run anything."""

from __future__ import annotations

import argparse
import datetime as dt
import decimal
import functools
import importlib
import io
import os
import pickle
import pickletools
import subprocess
import sys
import tarfile
import time
import uuid
import warnings
import zipfile
from collections import Counter, OrderedDict, defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from digit_widget.models import ModelError, load_model
from digit_widget.models.checkpoint import weights_in
from digit_widget.models.contents import WRAPPERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType
    from typing import Self

    How = dict[str, Any] | str | None

WEIGHT = {"conv1.weight": torch.ones(2, 2)}
FORMATS = {"zip": {}, "legacy": {"_use_new_zipfile_serialization": False}}
both = pytest.mark.parametrize("how", FORMATS.values(), ids=FORMATS)

# What a module kept in its __dict__ in torch 1.8, of March 2021.
LAYOUT_OF_2021 = {
    *("training", "_parameters", "_buffers", "_non_persistent_buffers_set", "_backward_hooks", "_forward_hooks"),
    *("_is_full_backward_hook", "_forward_pre_hooks", "_state_dict_hooks", "_load_state_dict_pre_hooks", "_modules"),
}


class CNN(nn.Module):
    """The network of somebody's notebook: functional where ours has modules, with buffers of both kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5)
        self.conv2 = nn.Conv2d(32, 32, kernel_size=5)
        self.conv3 = nn.Conv2d(32, 64, kernel_size=5)
        self.fc1 = nn.Linear(3 * 3 * 64, 256)
        self.fc2 = nn.Linear(256, 10)
        self.activation = functional.relu
        self.register_buffer("mean", torch.tensor([0.1307]))
        self.register_buffer("cache", torch.zeros(3), persistent=False)
        self.register_parameter("scale", None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logarithms of probabilities."""
        x = functional.relu(self.conv1(x))
        x = functional.dropout(functional.relu(functional.max_pool2d(self.conv2(x), 2)), training=self.training)
        x = functional.dropout(functional.relu(functional.max_pool2d(self.conv3(x), 2)), training=self.training)
        x = functional.dropout(functional.relu(self.fc1(x.view(-1, 3 * 3 * 64))), training=self.training)
        return functional.log_softmax(self.fc2(x), dim=1)


class Touches:
    """Leaves a mark where its state says, as soon as it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __getstate__(self) -> str:
        return str(self.marker)

    def __setstate__(self, marker: str) -> None:
        Path(marker).touch()


def touch(marker: str) -> None:
    """Leave a mark."""
    Path(marker).touch()


for one in (CNN, Touches, touch):
    one.__module__ = "__main__"


@contextmanager
def notebook() -> Iterator[None]:
    """Have ``__main__`` know the classes above for a while, as the notebook did that saved them."""
    main = sys.modules["__main__"]
    vars(main).update(CNN=CNN, Touches=Touches, touch=touch)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Couldn't retrieve source code")  # theirs was in a cell
            yield
    finally:
        del main.CNN, main.Touches, main.touch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place for a checkpoint."""
    return tmp_path / "model.pt"


def saved(content: object, path: Path, how: dict[str, Any] | None = None) -> Path:
    """Save as the notebook did."""
    with notebook():
        torch.save(content, path, **how or {})
    return path


def assert_same(weights: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """Compare names, in order, and tensors, bit by bit."""
    assert list(weights) == list(expected)
    for name, value in expected.items():
        assert type(weights[name]) is torch.Tensor
        assert not weights[name].requires_grad
        assert weights[name].dtype == value.dtype
        assert torch.equal(weights[name], value)


def refused(path: Path) -> str:
    """Return why a file is refused."""
    with pytest.raises(ModelError) as refusal:
        weights_in(path)
    assert str(refusal.value).startswith(f"{path.name} ")
    return str(refusal.value)


# --- What is read --------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    "make",
    [
        lambda model: model.state_dict(),
        lambda model: dict(model.state_dict()),
        lambda model: {"mean": model.mean, "by": "us"} | dict(model.named_parameters()) | {"epoch": 3},
        lambda model: {"state_dict": model.state_dict(), "epoch": 3},
        lambda model: {"model_state_dict": model.state_dict(), "losses": [0.5, 0.25], "milestones": Counter([1, 1])},
        lambda model: {"model": {"state_dict": model.state_dict()}},
        lambda model: {"state_dict": {"epoch": 3}, "net": model.state_dict(), "weights": {}},
        lambda model: nn.DataParallel(model).state_dict(),
        lambda model: {f"_orig_mod.{name}": value for name, value in model.state_dict().items()},
        lambda model: {f"module._orig_mod.{name}": value for name, value in model.state_dict().items()},
        lambda model: {f"_orig_mod.module.{name}": value for name, value in model.state_dict().items()},
        lambda model: {f"module.model._orig_mod.{name}": value for name, value in model.state_dict().items()},
        lambda model: {name.replace(".", "._orig_mod."): value for name, value in model.state_dict().items()},
        lambda model: torch.optim.swa_utils.AveragedModel(model).state_dict(),
        lambda model: {"model": model.state_dict(), "optimizer": torch.optim.Adam(model.parameters()).state_dict()},
        lambda model: {"ema": {"model": nn.Sequential(model).state_dict()}, "model": model.state_dict(), "epoch": 3},
        lambda model: {"model": None, "ema": model.state_dict()},
        lambda model: {"model_ema": {"module": model.state_dict()}},
    ],
    ids=[
        *("state_dict", "dict", "parameters", "under state_dict", "under model_state_dict", "under two", "under net"),
        *("DataParallel", "compile", "compile in DataParallel", "DataParallel in compile", "three prefixes"),
        *("compiled layers", "averaged", "an optimizer", "an average, too", "an average alone", "module in model_ema"),
    ],
)
def test_state_dicts(path: Path, how: dict[str, Any], make: Callable[[CNN], object]) -> None:
    """A state dict gives exactly its tensors, however it is wrapped and in either format."""
    model = CNN()
    assert_same(weights_in(saved(make(model), path, how)), model.state_dict())


@both
@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: {"model": m, "epoch": 3}, nn.DataParallel])
def test_whole_modules(path: Path, how: dict[str, Any], wrap: Callable[[CNN], object]) -> None:
    """A module of a class nobody has any more gives what its ``state_dict()`` gave."""
    model = CNN()
    saved(wrap(model), path, how)
    assert not hasattr(sys.modules["__main__"], "CNN")
    assert_same(weights_in(path), model.state_dict())


@both
def test_a_module_with_the_layout_of_2021(path: Path, how: dict[str, Any]) -> None:
    """A module that lacks what newer versions of torch keep in it is read too; that it is old is emulated here."""
    model = CNN()
    weights = model.state_dict()
    for module in model.modules():
        for newer in [name for name in vars(module) if name.startswith("_") and name not in LAYOUT_OF_2021]:
            del vars(module)[newer]
    assert_same(weights_in(saved(model, path, how)), weights)


@both
def test_modules_that_share_weights(path: Path, how: dict[str, Any]) -> None:
    """A layer used twice has both its names, as in ``state_dict()``."""
    layer = nn.Linear(3, 3)
    model = nn.Sequential(OrderedDict(first=layer, batch=nn.BatchNorm1d(3), again=layer))
    assert_same(weights_in(saved(model, path, how)), model.state_dict())


@both
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool])
def test_kinds_of_numbers(path: Path, how: dict[str, Any], dtype: torch.dtype) -> None:
    """Numbers keep their type, and views their values."""
    numbers = torch.arange(12).reshape(3, 4).to(dtype)
    content = {"all": numbers, "turned": numbers.T, "part": numbers[1:, ::2]}
    assert_same(weights_in(saved(content, path, how)), content)


def test_tensors_with_attributes(path: Path) -> None:
    """A parameter somebody put a note on is read without the note, whichever method the note hides."""
    weight = nn.Parameter(torch.ones(2))
    weight.detach = weight.numel = torch.device("cpu")
    assert_same(weights_in(saved({"weight": weight}, path)), {"weight": torch.ones(2)})


def test_a_dict_that_hides_its_methods(path: Path) -> None:
    """Attributes a file gives a dict are not taken for its methods."""
    content = Reduced(OrderedDict, (), {"items": torch.device("cpu"), "get": None}, None, iter([("w", torch.ones(2))]))
    assert_same(weights_in(saved(content, path)), {"w": torch.ones(2)})


def test_the_file_is_not_held(path: Path) -> None:
    """The weights stay when the file is written over."""
    weights = weights_in(saved({"weight": torch.ones(1000)}, path))
    path.write_bytes(bytes(path.stat().st_size))
    assert_same(weights, {"weight": torch.ones(1000)})


# --- What stands beside weights, or around them ----------------------------------------------------------------------

NETWORK = """
import dataclasses, enum
from torch import nn

class Kind(enum.Enum):
    CNN = "cnn"

class Settings(dict):
    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

@dataclasses.dataclass
class Config:
    rate: float = 0.1

class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 5)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(6 * 24 * 24, 10))
        self.kind = Kind.CNN
        self.config = Config()

    def forward(self, x):
        return self.head(self.conv(x).relu())
"""


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package of somebody's, for as long as the file is saved; see `forgotten`."""
    (tmp_path / "somebodys_network.py").write_text(NETWORK, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("somebodys_network")
    sys.modules.pop("somebodys_network", None)


def forgotten(path: Path) -> None:
    """Make the package one that nobody has any more, and that leaves a mark if it is imported all the same."""
    sys.modules.pop("somebodys_network", None)
    path.with_name("somebodys_network.py").write_text(python(path.with_name("marker")), encoding="utf-8")
    importlib.invalidate_caches()


PROTOCOLS = {"zip": {}, "legacy": FORMATS["legacy"], "protocol 1": {"pickle_protocol": 1}}
PROTOCOLS |= {f"protocol {number}": {"pickle_protocol": number} for number in (3, 4, 5)}


@pytest.mark.parametrize("how", PROTOCOLS.values(), ids=PROTOCOLS)
@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: {"net": m, "epoch": 3}, nn.DataParallel])
def test_whole_modules_of_a_package(
    path: Path, network: ModuleType, how: dict[str, Any], wrap: Callable[[nn.Module], object]
) -> None:
    """A module of a class in a package gives its weights, in every format; the package is not imported."""
    model = network.LeNet()
    torch.save(wrap(model), path, **how)
    forgotten(path)
    assert_same(weights_in(path), model.state_dict())
    assert "somebodys_network" not in sys.modules
    assert not path.with_name("marker").exists()


def test_the_layers_of_a_whole_module_of_a_package(path: Path, network: ModuleType) -> None:
    """Without a module to put them into, its layers are sketched; with one, it is a model."""
    model = network.LeNet()
    torch.save(model, path)
    ours = network.LeNet()
    forgotten(path)
    with pytest.raises(ModelError, match=r"\(Conv2d 1→6 5×5, Linear 3456→10\).*load_model\(path, into=MyNet\(\)\)"):
        load_model(path)
    assert load_model(path, into=ours).module is ours
    assert torch.equal(ours.conv.weight, model.conv.weight)


BESIDE: dict[str, Callable[[ModuleType], object]] = {
    "settings of Lightning's kind": lambda network: network.Settings(rate=0.1, of=network.Settings(more=[1, 2])),
    "a Namespace": lambda network: argparse.Namespace(rate=0.1, kind=network.Kind.CNN),
    "an enum": lambda network: network.Kind.CNN,
    "a dataclass": lambda network: network.Config(),
    "numbers of numpy's": lambda _: [np.float32(0.5), np.int64(3), np.bool_(1), np.arange(5.0), np.array(["a", "b"])],
    "numpy's random state": lambda _: np.random.get_state(),  # noqa: NPY002 - as people save it
    "paths": lambda _: [PurePosixPath("a/b"), PureWindowsPath("a"), Path("c")],
    "dates": lambda _: [dt.datetime.now(dt.UTC), dt.date(2026, 1, 2), dt.timedelta(3)],
    "collections": lambda _: [defaultdict(list, a=[1]), deque([1]), Counter("ab"), {1, 2}, frozenset({3}), b"bytes"],
    "other keys": lambda _: {1: 2, (3, 4): 5, None: 6, 1.5: 7, b"x": 8, frozenset({9}): 10},
    "values": lambda _: [complex(1, 2), range(3), slice(1), decimal.Decimal("1.5"), uuid.UUID(int=3), 10**30, -1],
    "a partial": lambda network: functools.partial(network.LeNet, 3),
    "a class and a function": lambda network: [network.LeNet, functional.relu, nn.init.zeros_],
    "torch's version": lambda _: torch.__version__,
    "kinds of torch's": lambda _: [torch.float32, torch.Size([1, 2]), torch.device("cpu")],
    "an optimizer": lambda network: optimizer(network.LeNet()),
    "another module": lambda network: network.LeNet(),
}


def optimizer(model: nn.Module) -> list[object]:
    """Return an optimizer and its schedule, as some save them whole."""
    used = torch.optim.Adam(model.parameters())
    return [used, torch.optim.lr_scheduler.StepLR(used, 3), used.state_dict()]


@pytest.mark.parametrize("how", PROTOCOLS.values(), ids=PROTOCOLS)
@pytest.mark.parametrize("make", BESIDE.values(), ids=BESIDE)
def test_what_stands_beside_weights(
    path: Path, network: ModuleType, how: dict[str, Any], make: Callable[[ModuleType], object]
) -> None:
    """What a training run keeps beside its weights is no reason to refuse them, and none of it is made."""
    torch.save({"hyper_parameters": make(network), "state_dict": WEIGHT}, path, **how)
    forgotten(path)
    assert_same(weights_in(path), WEIGHT)
    assert "somebodys_network" not in sys.modules
    assert not path.with_name("marker").exists()


@pytest.mark.parametrize("how", PROTOCOLS.values(), ids=PROTOCOLS)
def test_weights_in_other_kinds_of_dicts(path: Path, network: ModuleType, how: dict[str, Any]) -> None:
    """Weights are found in a kind of dict of another library's, and in an object that holds one."""
    torch.save(network.Settings(state_dict=network.Settings(WEIGHT)), path, **how)
    assert_same(weights_in(path), WEIGHT)
    torch.save(argparse.Namespace(model=WEIGHT), path, **how)
    assert_same(weights_in(path), WEIGHT)


class Marks:
    """Leaves a mark in one of the ways in which an object that is read can."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __getstate__(self) -> dict[str, str]:
        return vars(self)

    def mark(self) -> int:
        """Leave it."""
        Path(vars(self).get("marker") or os.environ["MARKER"]).touch()
        return 0


class MarksMade(Marks):
    """Leaves it when it is made with an argument."""

    def __new__(cls, marker: Path) -> Self:
        """Leave it."""
        Path(marker).touch()
        return super().__new__(cls)

    def __getnewargs__(self) -> tuple[str]:
        return (self.marker,)


class MarksSet(Marks):
    """Leaves it when an attribute is set."""

    def __getstate__(self) -> tuple[None, dict[str, str]]:
        return None, vars(self)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        self.mark()


class MarksHashed(Marks):
    """Leaves it when it is hashed."""

    def __hash__(self) -> int:
        return self.mark()


class MarksDict(dict[str, object]):
    """Leaves it when something is set in it."""

    def __setitem__(self, name: str, value: object) -> None:
        super().__setitem__(name, value)
        Path(os.environ["MARKER"]).touch()


class MarksList(list[object]):
    """Leaves it when something is added to it."""

    def append(self, value: object) -> None:
        """Leave it."""
        super().append(value)
        Path(os.environ["MARKER"]).touch()

    def extend(self, values: Iterable[object]) -> None:
        """Leave it."""
        super().extend(values)
        Path(os.environ["MARKER"]).touch()


INERT: dict[str, Callable[[Path], object]] = {
    "__setstate__": Touches,
    "a function that is called": lambda marker: Reduced(touch, (str(marker),)),
    "a call of what a call returned": lambda marker: Reduced(Reduced(functools.partial, (touch,)), (str(marker),)),
    "a state for what a call returned": lambda marker: Reduced(
        MarksDict, (), {"x": str(marker)}, None, iter([("a", 1)])
    ),
    "__new__": MarksMade,
    "__setattr__": MarksSet,
    "__hash__ of a key": lambda marker: {MarksHashed(marker): 1},
    "__hash__ in a set": lambda marker: {MarksHashed(marker)},
    "__setitem__": lambda _: MarksDict(a=1),
    "append": lambda _: MarksList([1]),
    "extend": lambda _: MarksList([1, 2]),
}
MARKING = (MarksMade, MarksSet, MarksHashed, MarksDict, MarksList)
inert = pytest.mark.parametrize("make", INERT.values(), ids=INERT)


@pytest.fixture
def marker(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for a mark, which is also known to classes without a state."""
    for one in MARKING:
        monkeypatch.setattr(one, "__module__", "__main__")
        monkeypatch.setattr(sys.modules["__main__"], one.__name__, one, raising=False)
    monkeypatch.setenv("MARKER", str(path.with_name("marker")))
    return path.with_name("marker")


@both
@inert
def test_what_is_read_over_is_inert(
    path: Path, marker: Path, how: dict[str, Any], make: Callable[[Path], object]
) -> None:
    """What a person's own classes do when they are made and filled is not done, beside weights or within them."""
    for content in (
        {"state_dict": WEIGHT, "extra": make(marker)},
        {"conv1.weight": torch.ones(2, 2), "x": make(marker)},
    ):
        marker.unlink(missing_ok=True)
        saved(content, path, how)
        marker.unlink(missing_ok=True)
        with notebook():
            assert_same(weights_in(path), WEIGHT)
            assert not marker.exists()
            torch.load(path, weights_only=False)
        assert marker.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("os system", "os popen", "posix system", "nt system", "subprocess run", "pty spawn", "shutil rmtree"),
        *("builtins eval", "builtins exec", "builtins compile", "builtins open", "builtins getattr", "builtins type"),
        *("builtins __import__", "importlib import_module", "runpy run_path", "code interact", "ctypes CDLL"),
        *("sys exit", "pickle loads", "marshal loads", "types FunctionType", "operator attrgetter", "functools reduce"),
        *("pathlib os.system", "collections _sys.exit", "argparse _os.system", "datetime sys.exit", "socket socket"),
        *(
            "webbrowser open",
            "asyncio run",
            "multiprocessing Process",
            "logging config.listen",
            "copyreg add_extension",
        ),
        *(
            "torch load",
            "torch.hub load",
            "torch.serialization load",
            "torch.jit load",
            "torch.package PackageImporter",
        ),
        *("torch.utils.cpp_extension load", "torch._inductor.codecache PyCodeCache", "torch.storage _load_from_bytes"),
        *("torch.nn.modules.module torch.load", "torch.optim sys.exit", "torch.nn _reduction.warnings.sys.exit"),
        *("numpy load", "numpy.lib.npyio load", "numpy.testing._private.utils runstring", "numpy.f2py compile"),
        *("pip._internal main", "setuptools setup", "IPython.utils.process system", "digit_widget load_model"),
        *("digit_widget.models.cnn load_file", "digit_widget.models.cnn CNN.pretrained", "__builtin__ eval"),
        *("somebodys_network os.system", "__main__ __builtins__.eval.__call__"),
    ],
)
@pytest.mark.parametrize("protocol", [2, 4])
def test_names_that_no_honest_file_needs(path: Path, name: str, protocol: int) -> None:
    """What installs, imports, reads or runs something is refused with its name, even beside weights and not called."""
    module, function = name.split(" ")
    named = f"c{module}\n{function}\n".encode() if protocol == 2 else text(module) + text(function) + b"\x93"
    saved(WEIGHT | {"extra": "here"}, path)
    replaced(path, text("here"), named)
    said = name.replace(" ", ".").replace("__builtin__.", "builtins.")
    outcome = refused(path)
    if said.startswith("__main__"):
        said = "__main__.__builtins__"
    assert f"asks for {said}" in outcome
    assert "No code in it was run" in outcome


def replaced(path: Path, old: bytes, new: bytes, member: str = "data.pkl") -> None:
    """Change something in a file of a zip archive."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if name.partition("/")[2] == member:
                assert old in content
                content = content.replace(old, new)  # noqa: PLW2901
            archive.writestr(name, content)


# --- What is refused because it would run something -----------------------------------------------------------------


class Reduced:
    """Pickles as whatever its ``__reduce__`` is told to say."""

    def __init__(self, *reduced: object) -> None:
        self.reduced = reduced

    def __reduce__(self) -> tuple[object, ...]:
        return self.reduced

    def __call__(self) -> None:
        """Nothing; but pickle takes nothing for a function that cannot be called."""


class Ordered(OrderedDict[str, object]):
    """A dict of a class of its own."""


def system(marker: Path) -> Reduced:
    """Return what leaves a mark through the shell."""
    return Reduced(os.system, (f'echo > "{marker}"',))


def python(marker: Path) -> str:
    """Return an expression that leaves a mark."""
    return f"__import__('pathlib').Path({str(marker)!r}).touch()"


def script(marker: Path, name: str) -> Path:
    """Write a module that leaves a mark when it is imported."""
    file = marker.with_name(f"{name}.py")
    file.write_text(f"{python(marker)}\ndef model(): pass\n", encoding="utf-8")
    return file


def imports(marker: Path) -> Reduced:
    """Return what imports a module that leaves a mark."""
    sys.path.insert(0, str(script(marker, "leaves_a_mark").parent))  # taken out again by `clean`
    return Reduced(importlib.import_module, ("leaves_a_mark",))


def inner(marker: Path) -> str:
    """Write a pickle that leaves a mark."""
    file = marker.with_name("inner.pkl")
    file.write_bytes(pickle.dumps(system(marker)))
    return str(file)


def poisoned(marker: Path) -> CNN:
    """Return a module with something in its state that leaves a mark."""
    model = CNN()
    model.history = system(marker)
    return model


def zipped(pickled: bytes) -> bytes:
    """Put a pickle where torch looks for it, and one number."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/data/0", np.ones(1, np.float32).tobytes())
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


def text(content: str) -> bytes:
    """Return the operation that pushes a text."""
    return pickle.BINUNICODE + len(content.encode()).to_bytes(4, "little") + content.encode()


def called(name: str, argument: str, then: bytes = b"", protocol: int = 2) -> bytes:
    """Assemble a call of "module name" by hand."""
    module, function = name.split(" ")
    parts = (protocol, module.encode(), function.encode(), text(argument), then)
    return zipped(b"\x80%cc%b\n%b\n%b\x85R%b." % parts)


def within(marker: Path, place: int) -> bytes:
    """Put a pickle that leaves a mark in place of one of the five of a legacy file."""
    file = io.BytesIO()
    torch.save(WEIGHT, file, _use_new_zipfile_serialization=False)
    ends = [0]
    file.seek(0)
    for _ in range(5):
        list(pickletools.genops(file))
        ends.append(file.tell())
    data = file.getvalue()
    return data[: ends[place]] + pickle.dumps(system(marker), 2) + data[ends[place + 1] :]


SYSTEM = f"{os.system.__module__}.system"  # posix.system or nt.system
LEGACY = FORMATS["legacy"]

# How to make it, how to save it (None: plain pickle; "": it is made of bytes), and what the message has to say.
HOSTILE: dict[str, tuple[Callable[[Path], Any], How, str]] = {
    "os.system in a zip": (system, {}, f"asks for {SYSTEM}, which"),
    "os.system in a legacy file": (system, LEGACY, f"asks for {SYSTEM}, which"),
    "os.system in protocol 4, STACK_GLOBAL": (system, {"pickle_protocol": 4}, f"asks for {SYSTEM}, which"),
    "os.system in a plain pickle": (system, None, f"asks for {SYSTEM}, which"),
    "os.system in protocol 0, INST": (
        lambda marker: zipped(f'(Vecho > "{marker}"\nios\nsystem\n.'.encode()),
        "",
        "asks for os.system, which",
    ),
    "eval": (lambda marker: Reduced(eval, (python(marker),)), {}, "asks for builtins.eval, which"),
    "exec in a legacy file": (lambda marker: Reduced(exec, (python(marker),)), LEGACY, "asks for builtins.exec, which"),
    "__import__, then getattr": (
        lambda marker: Reduced(Reduced(getattr, (Reduced(__import__, ("os",)), "system")), (f'echo > "{marker}"',)),
        {},
        "asks for builtins.__import__, builtins.getattr, which",
    ),
    "importlib": (imports, {}, "asks for importlib.import_module, which"),
    "subprocess.Popen": (
        lambda marker: Reduced(subprocess.Popen, ([sys.executable, "-Sc", f"open({str(marker)!r}, 'w').close()"],)),
        {},
        "asks for subprocess.Popen, which",
    ),
    "beside real tensors": (lambda marker: WEIGHT | {"bias": system(marker)}, {}, f"asks for {SYSTEM}, which"),
    "in an OrderedDict's attributes": (
        lambda marker: Reduced(OrderedDict, (), {"_metadata": system(marker)}, None, iter(WEIGHT.items())),
        {},
        f"asks for {SYSTEM}, which",
    ),
    "in a subclass of OrderedDict": (
        lambda marker: Ordered(WEIGHT, bias=system(marker)),
        {},
        f"asks for {SYSTEM}, which",
    ),
    "in a persistent id": (
        lambda marker: called("os system", f'echo > "{marker}"', pickle.BINPERSID),
        "",
        "asks for os.system, which",
    ),
    "in a module's state": (poisoned, {}, f"asks for {SYSTEM}, which"),
    "in a module's state in a legacy file": (poisoned, LEGACY, f"asks for {SYSTEM}, which"),
    "behind a valid first object": (lambda marker: within(marker, 2), "", f"asks for {SYSTEM}, which"),
    "behind the tensors": (lambda marker: within(marker, 4), "", f"asks for {SYSTEM}, which"),
    "torch.load": (
        lambda marker: Reduced(torch.load, (inner(marker), None, Reduced(importlib.import_module, ("pickle",)))),
        {},
        "asks for importlib.import_module, torch.serialization.load, which",
    ),
    "torch.hub": (
        lambda marker: Reduced(torch.hub._load_local, (str(script(marker, "hubconf").parent), "model")),
        {},
        "asks for torch.hub._load_local, which",
    ),
    "numpy.load": (lambda marker: Reduced(np.load, (inner(marker), None, True)), {}, "load, which weights do not need"),
    "__setstate__": (
        Touches,
        {},
        "contains an object of __main__.Touches without named weights. No code in it was run",
    ),
    "__setstate__ in a legacy file": (
        lambda marker: {"model": Touches(marker)},
        LEGACY,
        "contains an object of __main__.Touches without",
    ),
    "a function of the notebook": (
        lambda marker: Reduced(touch, (str(marker),)),
        {},
        "contains an object of __main__.touch without",
    ),
    "something a module of torch's imports": (
        lambda marker: called("torch.nn.modules.module inspect.os.system", f'echo > "{marker}"', protocol=4),
        "",
        "asks for torch.nn.modules.module.inspect.os.system, which",
    ),
}
hostile = pytest.mark.parametrize(("make", "how", "says"), HOSTILE.values(), ids=HOSTILE)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that an earlier file imported."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("leaves_a_mark", "hubconf"):
        sys.modules.pop(name, None)
    yield
    for name in ("leaves_a_mark", "hubconf"):
        sys.modules.pop(name, None)


def written(make: Callable[[Path], Any], how: How, path: Path, marker: Path) -> None:
    """Write a hostile file."""
    content = make(marker)
    if isinstance(how, dict):
        torch.save(content, path, **how)
    else:
        path.write_bytes(pickle.dumps(content) if how is None else content)


@pytest.mark.usefixtures("clean")
@hostile
def test_hostile_files_are_live(path: Path, make: Callable[[Path], Any], how: How, says: str) -> None:  # noqa: ARG001
    """Each file of the next test does run something when it is read without care."""
    marker = path.with_name("marker")
    with notebook():
        written(make, how, path, marker)
        assert not marker.exists()
        with suppress(Exception):  # some have nothing to give once they have run
            loaded = (
                pickle.loads(path.read_bytes())  # noqa: S301 - what is promised here
                if how is None
                else torch.load(path, weights_only=False)
            )
            if isinstance(loaded, subprocess.Popen):
                loaded.wait()
    assert marker.exists()


@pytest.mark.usefixtures("clean")
@hostile
def test_hostile_files_are_refused(path: Path, make: Callable[[Path], Any], how: How, says: str) -> None:
    """What a file asks for beyond weights is named and not run, though all of it can be imported here."""
    marker = path.with_name("marker")
    with notebook():
        written(make, how, path, marker)
        assert says in refused(path)
    assert not marker.exists()


@pytest.mark.usefixtures("clean")
@hostile
def test_what_torch_allows_is_put_back(path: Path, make: Callable[[Path], Any], how: How, says: str) -> None:
    """Reading, and refusing, leave what the user told torch to allow as it was."""
    with notebook():
        written(make, how, path, path.with_name("marker"))
    torch.serialization.add_safe_globals([Ordered])
    try:
        before = set(torch.serialization.get_safe_globals())
        assert says in refused(path)
        assert set(torch.serialization.get_safe_globals()) == before
        weights_in(saved(CNN(), path))
        assert set(torch.serialization.get_safe_globals()) == before
    finally:
        torch.serialization.clear_safe_globals()


def test_threads(tmp_path: Path) -> None:
    """Threads that read modules, and files that are refused, at the same time do not disturb each other."""
    good, bad = saved(nn.Sequential(nn.Linear(2, 2)), tmp_path / "good.pt"), tmp_path / "bad.pt"
    weights = weights_in(good)
    written(system, {}, bad, tmp_path / "marker")
    before = set(torch.serialization.get_safe_globals())

    def read(index: int) -> None:
        if index % 2:
            with pytest.raises(ModelError, match="asks for"):
                weights_in(bad)
        else:
            assert_same(weights_in(good), weights)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(64)))
    assert set(torch.serialization.get_safe_globals()) == before
    assert not (tmp_path / "marker").exists()


def test_a_pickle_after_the_end(path: Path) -> None:
    """What follows the end of a pickle is not read."""
    marker = path.with_name("marker")
    saved(WEIGHT, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    second = pickle.dumps(system(marker), 2)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content + second if name.endswith("data.pkl") else content)
    assert_same(weights_in(path), WEIGHT)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["digit_widget.models.pickled Made", "digit_widget.models.checkpoint weights_in"])
def test_our_own_functions_are_no_tools(path: Path, name: str) -> None:
    """A file may not ask for what is put in place of its classes, nor for anything else of ours."""
    path.write_bytes(called(name, "model.pt"))
    with pytest.raises(ModelError, match=f"asks for {name.replace(' ', '.')}, which weights do not need"):
        weights_in(path)


# --- What would cost too much ----------------------------------------------------------------------------------------


def number(value: int) -> bytes:
    """Return the operation that pushes a number."""
    content = pickle.encode_long(value)
    return b"\x8a" + bytes([len(content)]) + content


def tensor(shape: bytes, key: bytes = text("0"), numbers: bytes = b"K\x01") -> bytes:
    """Return the operations that push a tensor of ones, of a shape and strides that are pushed."""
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + key + text("cpu") + numbers + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + shape + shape + b"\x89Ntr" + b"\xff\0\0\0R"


MANY = 200_000
HASH = sys.hash_info.modulus
COSTLY: dict[str, Callable[[], bytes]] = {
    "numbers with one hash": lambda: b"}(" + b"".join(number(HASH * i) + b"N" for i in range(100_000)) + b"u",
    "places with one hash": lambda: b"N" + b"".join(b"p%d\n" % (HASH * i) for i in range(MANY // 2)),
    "tuples in tuples as a key": lambda: b"}" + b")" + b"\x85" * MANY + b"Ns",
    "lists in lists": lambda: b"(" * MANY + b"l" * MANY,
    "a long shape for many": lambda: (
        b"(" + b"K\x00" * MANY + b"tq\0}(" + b"".join(text(str(i)) + tensor(b"h\0") for i in range(5000)) + b"u"
    ),
    "long numbers": lambda: (
        b"\x8b\0\0\x10\0" + b"\1" * (1 << 20) + b"q\0}(" + text("w") + tensor(b"(" + b"h\0" * 60 + b"t") + b"u"
    ),
    "a long key for many": lambda: (
        b"(" + b"K\0" * MANY + b"tq\0}(" + b"".join(text(str(i)) + tensor(b")", b"h\0") for i in range(5000)) + b"u"
    ),
    "prefixes": lambda: b"}(" + text("module." * 500_000 + "w") + tensor(b")") + b"u",
    "wrappers in one another": lambda: (
        b"}q\0("
        + b"".join(text(str(i)) + b"N" for i in range(50_000))
        + b"".join(text(key) + b"h\0" for key in WRAPPERS)
        + b"u"
    ),
    "the same layer without end": lambda: endless(b""),
    "hidden names in all of them": lambda: endless(
        text("_non_persistent_buffers_set") + b"cbuiltins\nset\n](" + b"".join(map(number, range(MANY))) + b"e\x85R"
    ),
}


def endless(more: bytes) -> bytes:
    """Return the operations that push modules in one another, each twice, with an attribute."""
    module = b"ctorch.nn\nM\n)\x81}("
    layers = [module + text("_modules") + b"}" + more + b"ub"]
    for _ in range(40):
        twice = b"}(" + text("a") + b"h\1" + text("b") + b"h\1u"
        layers.append(b"q\x010" + module + text("_modules") + twice + b"ub")
    return b"".join(layers).replace(b"ctorch.nn\nM\n", b"ctorch.nn.modules.container\nSequential\n")


@pytest.mark.parametrize("make", COSTLY.values(), ids=COSTLY)
def test_files_that_would_cost_hours(path: Path, make: Callable[[], bytes]) -> None:
    """A file of four megabytes takes seconds, whatever it describes."""
    path.write_bytes(zipped(b"\x80\x02" + make() + b"."))
    began = time.perf_counter()
    with suppress(ModelError):
        weights_in(path)
    assert time.perf_counter() - began < 30


def test_pickles_that_are_too_large(path: Path) -> None:
    """A description of more than four megabytes is not read, and says what to do."""
    saved({"losses": [0.5] * 500_000, "state_dict": WEIGHT}, path)
    assert "describes its objects in more than 4,194,304 bytes" in refused(path)
    saved({"losses": [0.5] * 100_000, "state_dict": WEIGHT}, path)
    assert_same(weights_in(path), WEIGHT)


# --- What is refused because it is no checkpoint of weights ----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty. Copy or download it again."),
        (b"<!DOCTYPE html><html>Not Found</html>", "is not a torch checkpoint: it begins with b'<!DOCTYPE html><'"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "is not a torch checkpoint: it begins with b'version https://'",
        ),
        (bytes(1000), "is not a torch checkpoint"),
        (b"PK\x03\x04" + bytes(1000), "is cut short or damaged"),
        (b"PK\x05\x06" + bytes(18), "is not a torch checkpoint"),
        (zipped(b""), "is cut short or damaged"),
        (zipped(b"\x80\x02."), "cannot be read as weights"),
        (zipped(b"\x80\x02\x88."), "contains a bool without named weights"),
        (zipped(b"\x80\x02X\xff\xff\xff\xffweight."), "is cut short or damaged"),
        (zipped(b"\x80\x02" + b"\x8b\xff\xff\xff\x7f" + b"."), "is cut short or damaged"),
        (zipped(b"\x80\x02}q\x00X\x05\x00\x00\x00modelq\x01h\x00s."), "contains a dict without named weights"),
        (zipped(b"\x80\x02}" + b")" + b"\x85" * 1_000_000 + b"K\x01s."), "contains far more objects"),
        (
            zipped(b"\x80\x02" + b"".join(b"c__main__\nA%d\n" % i for i in range(101)) + b"."),
            "contains the name __main__.A100 without named weights",
        ),
        (b"S'\\d'\n.", "is not a torch checkpoint"),
    ],
    ids=[
        *("empty", "page", "pointer", "zeros", "zip's beginning", "empty zip", "no operations", "nothing", "a truth"),
        *("long text", "long number", "wrapped in itself", "nested key", "many names", "odd escape"),
    ],
)
def test_files_that_are_no_checkpoints(path: Path, content: bytes, says: str) -> None:
    """A file of another kind is refused with a sentence that says what it is."""
    path.write_bytes(content)
    assert says in refused(path)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickles(path: Path, protocol: int) -> None:
    """A pickle of numbers is none of torch's, in whichever protocol, and one with arrays names what it asks for."""
    path.write_bytes(pickle.dumps({"weight": [1.0, 2.0]}, protocol))
    assert "is a pickle that torch.save did not write" in refused(path)
    path.write_bytes(pickle.dumps({"weight": np.ones(2)}, protocol))
    assert "numpy" in refused(path)
    assert "No code in it was run" in refused(path)


@both
@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_files_cut_short(path: Path, how: dict[str, Any], share: float) -> None:
    """A file of which the end is missing is told from one that asks for too much."""
    whole = saved(CNN(), path, how).read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "is cut short or damaged" in refused(path)


def test_damaged_files(path: Path) -> None:
    """Whatever bit is wrong in the pickle, what comes is weights or a sentence."""
    whole = saved(nn.Linear(2, 2), path, LEGACY).read_bytes()
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(300):
        data = bytearray(whole)
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            weights_in(path)
            read += 1
        except ModelError:
            pass
    assert 0 < read < 300


def test_torchscript(path: Path) -> None:
    """A TorchScript archive, which holds code, is left to torch.jit.load."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is deprecated
        torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)).save(path)
    assert f"If you trust it, pass torch.jit.load({str(path)!r})" in refused(path)


def test_other_archives(path: Path) -> None:
    """Other zip archives say what they hold, and the tar files of torch's first years what they are."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photos/cat.jpg", b"")
    assert "is a zip archive but not a torch checkpoint: it contains ['photos/cat.jpg'] but no data.pkl" in refused(
        path
    )
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    assert "is a tar archive" in refused(path)


def test_packed_archives(path: Path) -> None:
    """An archive that unpacks to more than itself is refused before it is unpacked."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
        archive.writestr("archive/data/0", bytes(50_000_000))
    assert path.stat().st_size < 100_000
    assert "is compressed, or contains a file twice" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
        archive.writestr("another/data.pkl", b"\x80\x02cos\nsystem\n.")
    assert "is compressed, or contains a file twice" in refused(path)


def grown(content: dict[str, Any], path: Path) -> None:
    """Save a file whose last storage, of 12,345 numbers, is four gigabytes long; it takes no room on the disk."""
    whole = saved(content, path, LEGACY).read_bytes()
    numbers = (1 << 30) + 1
    for old, new in (
        (b"M" + (12345).to_bytes(2, "little"), b"J" + numbers.to_bytes(4, "little")),
        ((12345).to_bytes(8, "little"), numbers.to_bytes(8, "little")),
    ):
        assert old in whole
        whole = whole.replace(old, new)
    with path.open("wb") as file:
        file.write(whole)
        file.truncate(len(whole) + 4 * (numbers - 12345))


def test_huge_files(path: Path) -> None:
    """A file of any size gives its weights, since only they are read, and says so if they are themselves too many."""
    grown(WEIGHT | {"optimizer": {"state": torch.zeros(12345)}}, path)
    assert path.stat().st_size > 4 << 30
    assert_same(weights_in(path), WEIGHT)
    grown(WEIGHT | {"large": torch.zeros(12345)}, path)
    assert "contains weights of 4,294,967,316 bytes, more than the 4,294,967,296 that are read" in refused(path)


def test_files_that_cannot_be_opened(path: Path) -> None:
    """A missing file and a directory say so."""
    assert "cannot be read: No such file or directory." in refused(path)
    path.mkdir()
    assert "cannot be read: " in refused(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"cpuq\x06K\x03", b"cpuq\x06M\x00\x01"),
        (b"K\x03\x85", b"M\x00\x01\x85"),
        (b"K\x03\x85", b"J\x00\x00\x00\x70\x85"),
        (b"K\x01\x85", b"J\xff\xff\xff\xff\x85"),
        (b"QK\x00", b"QM\x00\x10"),
    ],
    ids=["storage", "size", "huge size", "negative stride", "offset"],
)
def test_tensors_that_reach_past_their_file(path: Path, old: bytes, new: bytes) -> None:
    """Numbers that are not in the file are not made up from the memory behind it, nor is room made for them."""
    saved({"w": torch.arange(3.0)}, path)
    with zipfile.ZipFile(path) as archive:
        members = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    pickled = members["data.pkl"].replace(old, new)
    assert pickled != members["data.pkl"]
    if new.startswith(b"cpu"):
        pickled = pickled.replace(b"K\x03\x85", b"M\x00\x01\x85")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {"data.pkl": pickled}).items():
            archive.writestr(f"model/{name}", content)
    assert "cannot be read as weights" in refused(path)


def test_tensors_larger_than_their_file(path: Path) -> None:
    """A number repeated a thousand million times takes no room in a file, and so would in memory."""
    saved({"w": torch.ones(1).expand(10**9)}, path)
    assert "describes tensors far larger than its" in refused(path)


@both
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: torch.eye(2).to_sparse(), "asks for torch._utils._rebuild_sparse_tensor"),
        (lambda: torch.empty(2, device="meta"), "asks for torch._utils._rebuild_meta_tensor_no_storage"),
        (lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "torch._utils._rebuild_qtensor"),
        (lambda: torch.ones(2, dtype=torch.complex64), "asks for torch.ComplexFloatStorage"),
        (nn.parameter.UninitializedParameter, "asks for torch.nn.parameter.UninitializedParameter"),
    ],
    ids=["sparse", "meta", "quantized", "complex", "lazy"],
)
def test_other_tensors(path: Path, how: dict[str, Any], make: Callable[[], torch.Tensor], says: str) -> None:
    """Tensors that are no plain real numbers are refused, not dropped, since a model would lack them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that quantized tensors are deprecated
        saved(WEIGHT | {"other": make()}, path, how)
    assert says in refused(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "contains a dict without named weights"),
        (
            {"epoch": 3, "mine": WEIGHT},
            "may also be in a dict, as state_dict, model_state_dict, model_state, net, network",
        ),
        ({"model": nn.Dropout()}, "contains a module without named weights"),
        ([torch.ones(2)], "contains a list without"),
        (torch.ones(2), "contains a Tensor without"),
    ],
)
def test_checkpoints_without_weights(path: Path, content: object, says: str) -> None:
    """A checkpoint of something else says what it holds and where weights are looked for."""
    assert says in refused(saved(content, path))


def test_modules_without_end(path: Path) -> None:
    """A module that lies in itself, or twice in each of forty, is refused instead of being followed forever."""
    endless = nn.Linear(2, 2)
    endless._modules["again"] = endless
    assert "contains a module that contains itself" in refused(saved(endless, path))
    many: nn.Module = nn.Linear(2, 2)
    for _ in range(40):
        many = nn.Sequential(many, many)
    assert "contains a module that contains itself" in refused(saved(many, path))


def test_the_class_is_not_needed_nor_made(path: Path) -> None:
    """A class of the file's is not made even where it could be imported, and calls of it give nothing."""
    path.write_bytes(zipped(b"\x80\x02c__main__\nCNN\n)R."))
    with notebook():
        assert isinstance(torch.load(path, weights_only=False), CNN)
        assert "contains an object of __main__.CNN without named weights" in refused(path)
