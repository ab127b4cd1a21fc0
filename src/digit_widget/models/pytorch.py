"""PyTorch modules as models."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from digit_widget.models import ModelError, as_array
from digit_widget.models.checkpoint import weights_in
from digit_widget.models.cnn import CNN
from digit_widget.models.numpy_cnn import NumpyCNN, check_architecture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from digit_widget.models import Shape

SIDES = (28, 32, 8, 16, 64, 96, 128, 224)
"""Sides of pictures, in pixels, that a module is tried with, the commonest first."""

SMALL = 2_000_000
"""Parameters under which a network is called small."""
LITTLE = 2**15
"""Numbers, 41 pictures of 28x28, up to which a batch is too little work for a small network to share among threads."""


class _Threads:
    """How many threads the user gave torch, while some network is kept to one; a lock for both numbers."""

    def __init__(self) -> None:
        self.lock, self.before, self.inside = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_failure: object) -> None:
        self.lock.release()


_threads = _Threads()
_modes: dict[nn.Module, tuple[int, list[nn.Module]]] = {}
"""Modules that are being asked: by how many calls, and which of their parts were in training before."""
_modes_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class TorchModel:
    """A module behind the `Model` interface; asked in evaluation mode, left as it was."""

    module: nn.Module
    shape: Shape | None
    classes: int | None = None
    temperature: float = 1.0
    threshold: float = -math.inf
    flat: bool = False
    """Whether it takes pictures as rows of numbers, (n, height * width)."""

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the module's output, (n, classes), for pictures, (n, *shape), 0 = paper, 1 = full ink."""
        little = pictures.size <= LITTLE and self._is_small
        with torch.inference_mode(), _evaluating(self.module), _one_thread() if little else nullcontext():
            batch = torch.tensor(pictures).to(_like(self.module))  # a copy: it may be worked on in place
            return as_array(self.module(batch.flatten(1) if self.flat else batch))

    @cached_property
    def _is_small(self) -> bool:
        return sum(parameter.numel() for parameter in self.module.parameters()) < SMALL


def from_module(module: nn.Module, *, any_shape: bool = False) -> TorchModel:
    """Return a module as a model.

    Parameters
    ----------
    module
        In any mode, on any device.
    any_shape
        Whether the pictures are made elsewhere, so that the shape it takes need not be found.

    Raises
    ------
    ModelError
        When it takes none of the usual shapes.
    """
    if any(parameter.is_meta for parameter in module.parameters()):
        message = f"{type(module).__name__} has no weights yet: it is on the device meta. Load them into it first."
        raise ModelError(message)
    if any_shape:
        return TorchModel(module, None)
    reason: Exception | None = None
    for shape, flat in _shapes(module):
        model = TorchModel(module, shape, flat=flat)
        try:
            output = model(torch.zeros(3, *shape).numpy())  # three, since one or two may pass for something else
        except ModelError:
            raise  # it took the pictures, and returned what is no answer
        except Exception as error:  # noqa: BLE001 - whatever a wrong shape makes of somebody's code
            reason = reason or error
            continue
        if output.ndim >= 2 and len(output) == 3:  # noqa: PLR2004
            return model
    tried = ", ".join(" × ".join(map(str, shape)) for shape, _ in _shapes(module))
    message = (
        f"The size of picture that {type(module).__name__} takes was not found (tried {tried}). Say it with a "
        "transform, as transform=Compose([Resize((48, 48)), ToTensor()]), or wrap the network in a function."
        + (f" The first try said: {type(reason).__name__}: {_short(reason)}" if reason else "")
    )
    raise ModelError(message) from reason


def _shapes(module: nn.Module) -> list[tuple[Shape, bool]]:
    """Return the shapes of picture a module may take, the likeliest first, and whether as rows of numbers.

    Its first weights tell: a convolution has its channels in theirs, a linear layer the count of numbers it takes.
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
    """Return a tensor of the type and on the device that a module expects its pictures to be."""
    own = (p for p in module.parameters() if p.dtype.is_floating_point)
    return next(own, torch.zeros(1))


def _short(error: Exception | None) -> str:
    return " ".join(str(error).split())[:200]


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Keep a module in evaluation mode for a moment: somebody may be training it between two drawings.

    Calls may overlap, where one hangs: the first in remembers the modes, the last out puts them back.
    """
    with _modes_lock:
        inside, training = _modes.get(module, (0, []))
        if not inside:
            training = [part for part in module.modules() if getattr(part, "training", False)]
            if training:
                module.eval()
        _modes[module] = inside + 1, training
    try:
        yield
    finally:
        with _modes_lock:
            inside, training = _modes.pop(module)
            if inside > 1:
                _modes[module] = inside - 1, training
            else:
                for part in module.modules():  # forward itself may change the mode
                    if getattr(part, "training", False):
                        part.training = False
                for part in training:
                    part.training = True


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread for a moment, in this thread.

    A picture or a few are too little work for a small network to share: two threads gain nothing, and on a busy machine
    waiting for the other one was measured to cost fifty times the work itself. The setting is the user's: put back.
    What torch does in other threads is not touched, so nobody waits here for a network that hangs.
    """
    with _threads:
        if not _threads.inside:
            _threads.before = torch.get_num_threads()
        _threads.inside += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _threads:
            _threads.inside -= 1
            torch.set_num_threads(_threads.before)


def load_checkpoint(path: Path) -> TorchModel:
    """Read the weights in a torch checkpoint of an architecture known here, running nothing that it holds.

    Raises
    ------
    ModelError
        When it asks for more than weights, is damaged, or of no architecture known here.
    """
    weights = weights_in(path)
    check_architecture({name: tuple(weight.shape) for name, weight in weights.items()}, path.name)
    classes = len(weights["fc2.bias"])
    network = CNN(classes)
    network.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return TorchModel(network.eval(), NumpyCNN.shape, classes)
