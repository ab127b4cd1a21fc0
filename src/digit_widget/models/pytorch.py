"""PyTorch modules as models; `shadow.py` keeps them in evaluation mode."""

from __future__ import annotations

import math
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from digit_widget.locks import Lock, after_fork
from digit_widget.models import ModelError, as_array
from digit_widget.models.checkpoint import weights_in
from digit_widget.models.cnn import CNN
from digit_widget.models.into import load_into
from digit_widget.models.numpy_cnn import NAMES, NumpyCNN, check_architecture
from digit_widget.models.shadow import Shadows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from digit_widget.models import Shape

SIDES = (28, 32, 8, 16, 64, 96, 128, 224)
"""Sides of the pictures, in pixels, that a module is tried with, the most common first."""

SMALL_NETWORK = 2_000_000
"""A network with fewer parameters than this is small."""
SMALL_BATCH = 2**15
"""A batch of at most as many numbers (41 pictures of 28 × 28) is too little work for a small network's threads."""


class _Threads:
    """The number of threads that the user has set, while some networks are limited to one."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.limited = 0
        self.users = 0
        after_fork(self._restore)

    def _restore(self) -> None:
        """Undo the limit in a forked child: the threads that would have done so are not in it."""
        if self.limited:
            self.limited = 0
            torch.set_num_threads(self.users)


_threads = _Threads()


@dataclass(frozen=True, eq=False)
class TorchModel:
    """A module behind the `Model` interface; asked in evaluation mode, whatever mode its owner has it in."""

    module: nn.Module
    shape: Shape | None
    classes: int | None = None
    temperature: float = 1.0
    threshold: float = -math.inf
    flat: bool = False
    """Whether it takes pictures as (n, channels * height * width)."""
    _shadows: Shadows = field(default_factory=Shadows, init=False, repr=False)

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the module's output, (n, classes), for pictures, (n, *shape), 0 = paper, 1 = full ink."""
        limit = _one_thread() if self._is_small and pictures.size <= SMALL_BATCH else nullcontext()
        with torch.inference_mode(), self._shadows.of(self.module) as shadow, limit:
            batch = torch.tensor(pictures).to(_like(self.module))  # a copy, since the module may change it
            return as_array(shadow(batch.flatten(1) if self.flat else batch))

    @cached_property
    def _is_small(self) -> bool:
        return sum(parameter.numel() for parameter in self.module.parameters()) < SMALL_NETWORK


def from_module(module: nn.Module, *, any_shape: bool = False) -> TorchModel:
    """Return a module as a model.

    Parameters
    ----------
    module
        In any mode, and on any device.
    any_shape
        Whether a transform makes the pictures, so that the shape that the module takes need not be found out.

    Raises
    ------
    ModelError
        If it has no weights yet, or takes none of the usual shapes.
    """
    _check_weights(module)
    if any_shape:
        return TorchModel(module, None)
    failure: Exception | None = None
    for shape, flat in _shapes(module):
        model = TorchModel(module, shape, flat=flat)
        try:
            output = model(torch.zeros(3, *shape).numpy())  # three, because 1 or 2 may be another dimension by chance
        except ModelError:
            raise  # it accepted the pictures, but its output cannot be used
        except Exception as error:  # noqa: BLE001 - modules raise all kinds of exceptions for a wrong shape
            failure = failure or error
            continue
        if output.ndim >= 2 and len(output) == 3:  # noqa: PLR2004
            return model
    tried = ", ".join(" × ".join(map(str, shape)) for shape, _ in _shapes(module))
    message = (
        f"{type(module).__name__} accepted none of the usual sizes of pictures ({tried}). Pass a transform that makes "
        "the right size, such as transform=Compose([Resize((48, 48)), ToTensor()]), or wrap the network in a function."
        + (f" The first attempt raised {type(failure).__name__}: {_short(failure)}" if failure else "")
    )
    raise ModelError(message) from failure


def _check_weights(module: nn.Module) -> None:
    if reason := _lacks_weights(module):
        message = f"{type(module).__name__} has no weights yet: {reason}."
        raise ModelError(message)


def _lacks_weights(module: nn.Module) -> str:
    """Return why a module cannot be asked before it has weights, and what to do; "" when it has them."""
    parameters = [*module.parameters(), *module.buffers()]
    if any(is_lazy(parameter) for parameter in parameters):
        return (
            "some of its layers are lazy and wait for the first picture to know their size. Call it once with a batch"
        )
    if any(parameter.is_meta for parameter in parameters):
        return "it is on the device meta. Load the weights into it first, with load_state_dict(weights, assign=True)"
    return ""


def _shapes(module: nn.Module) -> list[tuple[Shape, bool]]:
    """Return the shapes of pictures that a module may take, the likeliest first, and whether it takes them flattened.

    The shapes of its first weights show how many channels a convolution takes, or how many numbers a linear layer does.
    """
    weights = [parameter.shape for parameter in module.parameters() if parameter.ndim in (2, 4)]
    channels = next((shape[1] for shape in weights if len(shape) == 4), 1)  # noqa: PLR2004 - (out, in, height, width)
    squares = [((channels, side, side), False) for side in SIDES]
    if not weights or len(weights[0]) == 4:  # noqa: PLR2004
        return squares
    count = weights[0][1]
    rows = [(depth, math.isqrt(count // depth)) for depth in (1, 3)]
    fitting = [(depth, side, side) for depth, side in rows if side and depth * side**2 == count]
    return [*((shape, flat) for shape in fitting for flat in (False, True)), *squares]


def _like(module: nn.Module) -> torch.Tensor:
    """Return a tensor that has the type and the device that a module expects its pictures to have."""
    floats = (p for p in module.parameters() if p.dtype.is_floating_point)
    return next(floats, torch.zeros(1))


def _short(error: Exception | None) -> str:
    return " ".join(str(error).split())[:200]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit torch to one thread, for what the calling thread does.

    Two threads do not answer a few pictures faster than one, and on a busy machine waiting for the other one was
    measured to take fifty times as long as the work itself. Afterwards torch has the number of threads that the user
    has set. Other threads are not affected, and need not wait for a network that hangs in this one.
    """
    with _threads.lock:
        if not _threads.limited:
            _threads.users = torch.get_num_threads()
        _threads.limited += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _threads.lock:
            _threads.limited = max(0, _threads.limited - 1)
            torch.set_num_threads(_threads.users)


def load_checkpoint(path: Path) -> TorchModel:
    """Load a torch checkpoint with weights of the article's CNN, without running any code in it.

    Raises
    ------
    ModelError
        If it is damaged, contains anything other than weights, or is of another architecture.
    """
    weights = weights_in(path, NAMES)
    check_architecture({name: tuple(weight.shape) for name, weight in weights.items()}, path.name)
    classes = len(weights["fc2.bias"])
    network = CNN(classes)
    network.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return TorchModel(network.eval(), NumpyCNN.shape, classes)


def load_module(path: Path, into: object) -> TorchModel:
    """Load the weights in a torch checkpoint or a safetensors file into a module, and return it as a model.

    Raises
    ------
    ModelError
        If it is not a module with weights of its own, or the file's weights do not fit.
    """
    if isinstance(into, type):
        message = f"Expected into= to be a module but got the class {into.__name__}: pass {into.__name__}()."
        raise ModelError(message)
    if not isinstance(into, nn.Module):
        message = (
            f"Expected into= to be a torch.nn.Module but got an object of the type {type(into).__name__}. Weights of "
            "another library are loaded with that library."
        )
        raise ModelError(message)
    _check_weights(into)
    load_into(path, into)
    try:
        return from_module(into)
    except ModelError:  # the weights fit; a transform may make pictures of the size that it takes
        return from_module(into, any_shape=True)
