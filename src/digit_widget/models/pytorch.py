"""PyTorch modules as models; `shadow.py` keeps them in evaluation mode."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from digit_widget.errors import short
from digit_widget.models import ModelError
from digit_widget.models.checkpoint import read, without_prefixes
from digit_widget.models.cnn import CNN
from digit_widget.models.into import load_into
from digit_widget.models.layouts import LAYOUTS, Declared, arranged, batches, declared, square
from digit_widget.models.numpy_cnn import NAMES, NumpyCNN, check_architecture
from digit_widget.models.outputs import rows_of
from digit_widget.models.rebuild import NotRebuiltError, is_layer, rebuilt
from digit_widget.models.shadow import Shadows
from digit_widget.models.sketch import sketch
from digit_widget.models.threads import one_thread

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from digit_widget.models import Shape
    from digit_widget.models.graph import Graph
    from digit_widget.models.layouts import Layout

SIDES = (28, 32, 8, 16, 64, 96, 128, 224)
"""Sides of the pictures, in pixels, that a module is tried with, the most common first."""

_MANY = 50
_SEVERAL = 3  # pictures that a module is tried with: 1 or 2 may be another dimension by chance

SMALL_NETWORK = 2_000_000
"""A network with fewer parameters than this is small."""
SMALL_BATCH = 2**15
"""A batch of at most as many numbers (41 pictures of 28 × 28) is too little work for a small network's threads."""


@dataclass(frozen=True, eq=False)
class TorchModel:
    """A module behind the `Model` interface; asked in evaluation mode, whatever mode its owner has it in."""

    module: nn.Module
    shape: Shape | None
    classes: int | None = None
    temperature: float = 1.0
    threshold: float = -math.inf
    layout: Layout = "channels first"
    step: int | None = None
    """How many pictures it takes at once; None for any number."""
    _shadows: Shadows = field(default_factory=Shadows, init=False, repr=False)

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the module's output, (n, classes), for pictures, (n, *shape), 0 = paper, 1 = full ink."""
        limit = one_thread() if self._is_small and pictures.size <= SMALL_BATCH else nullcontext()
        with torch.inference_mode(), self._shadows.of(self.module) as shadow, limit:
            like, rows = _like(self.module), []
            for part in batches(arranged(pictures, self.layout), self.step):
                batch = torch.tensor(part).to(like)  # a copy, since the module may change it
                rows.append(rows_of(shadow(batch), len(part)))
            return np.concatenate(rows)[: len(pictures)]

    def resized(self, size: tuple[int, int]) -> TorchModel | None:
        """Return the same module for pictures of another size; None if it does not take it."""
        channels = self.shape[0] if self.shape else 1
        other = replace(self, shape=(channels, *size))
        try:
            other(np.zeros((_SEVERAL, channels, *size), np.float32))
        except Exception:  # noqa: BLE001 - modules raise all kinds of exceptions for a wrong shape
            return None
        return other

    @property
    def weights(self) -> dict[str, npt.NDArray[np.float32]] | None:
        """The weights of the article's CNN by name, float32; None of another network."""
        if type(self.module) is not CNN:  # one derived from it may calculate otherwise
            return None
        return {name: tensor.detach().float().cpu().numpy() for name, tensor in self.module.state_dict().items()}

    def graph(self) -> Graph:
        """Return the module as ONNX; raises what `exported` does."""
        from digit_widget.models.export import exported  # noqa: PLC0415 - only a page needs it

        pictures = np.zeros((self.step or 1, *(self.shape or NumpyCNN.shape)), np.float32)
        with self._shadows.of(self.module) as shadow:
            batch = torch.tensor(arranged(pictures, self.layout)).to(_like(shadow))
            return exported(shadow, batch, is_channels_last=self.layout == "channels last")

    @cached_property
    def _is_small(self) -> bool:
        return sum(parameter.numel() for parameter in self.module.parameters()) < SMALL_NETWORK


def from_module(
    module: nn.Module,
    *,
    size: tuple[int, int] | None = None,
    made: Shape | None = None,
    like: TorchModel | None = None,
) -> TorchModel:
    """Return a module as a model.

    Parameters
    ----------
    module
        In any mode, and on any device.
    size
        Height and width of the pictures that it takes; found out when None.
    made
        The shape of the pictures that a transform makes, so that only their layout need be found out.
    like
        The same module as a model for other pictures, whose calibration is kept.

    Raises
    ------
    ModelError
        If it has no weights yet, or takes none of the usual shapes, or not the size that was given.
    """
    _check_weights(module)
    failure: Exception | None = None
    unusable: ModelError | None = None
    program = _program(module)
    if made:
        tried = [(made, layout) for layout in LAYOUTS]
    elif program:
        tried = [((program.shape[0], *size) if size else program.shape, program.layout)]
    else:
        tried = _shapes(module, size)
    for shape, layout in tried:
        model = replace(
            like or TorchModel(module, None, step=program.step if program else None), shape=shape, layout=layout
        )
        try:
            model(np.zeros((_SEVERAL, *shape), np.float32))
        except ModelError as error:  # it accepted the pictures, but its output cannot be used
            unusable = unusable or error
        except Exception as error:  # noqa: BLE001 - modules raise all kinds of exceptions for a wrong shape
            failure = failure or error
        else:
            return model if program is None else _in_steps(model)
    if unusable:
        raise unusable
    if made:
        return TorchModel(module, made)  # it says itself what is wrong with the transform's pictures
    sizes = ", ".join(dict.fromkeys(" × ".join(map(str, shape)) for shape, _ in tried))
    message = (
        f"{type(module).__name__} accepted none of the usual sizes of pictures ({sizes}). Say which size it takes, "
        "such as input_size=48, or pass a transform that makes its pictures."
        + (f" The first attempt raised {type(failure).__name__}: {short(failure)}" if failure else "")
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


def _program(module: nn.Module) -> Declared | None:
    """Return what a program of ``torch.export`` says of the pictures that it takes; None for other modules."""
    if not isinstance(module, torch.fx.GraphModule):
        return None
    inputs = [node.meta.get("val") for node in module.graph.nodes if node.op == "placeholder"]
    if not any(isinstance(value, torch.Tensor) for value in inputs):
        return None  # a graph that was traced without shapes
    (first, *more) = inputs
    is_batch = not more and isinstance(first, torch.Tensor) and first.is_floating_point()
    found = declared(first.shape) if is_batch else None
    if found is None:
        said = ", ".join(f"{value.dtype} {list(value.shape)}" for value in inputs if isinstance(value, torch.Tensor))
        message = (
            "Expected the program to take a batch of pictures, (n, channels, height, width) of floats, but it takes "
            f"{said}. Write a function that makes its inputs and asks it, and pass that."
        )
        raise ModelError(message)
    return found


def _in_steps(program: TorchModel) -> TorchModel:
    """Return a program that takes any number of pictures; one with a limit gets a few at once."""
    try:
        program(np.zeros((_MANY, *(program.shape or ())), np.float32))
    except Exception:  # noqa: BLE001 - as above
        return replace(program, step=_SEVERAL)
    return program


def _shapes(module: nn.Module, size: tuple[int, int] | None) -> list[tuple[Shape, Layout]]:
    """Return the shapes and layouts of pictures that a module may take, the likeliest first.

    The shapes of its first weights show how many channels a convolution takes, or how many numbers a linear layer does.
    """
    weights = [parameter.shape for parameter in module.parameters() if parameter.ndim in (2, 4)]
    channels = next((shape[1] for shape in weights if len(shape) == 4), 1)  # noqa: PLR2004 - (out, in, height, width)
    sizes = [size] if size else [(side, side) for side in SIDES]
    shapes: list[Shape] = [(channels, *each) for each in sizes]
    squares: list[tuple[Shape, Layout]] = [(shape, layout) for layout in LAYOUTS for shape in shapes]
    if not weights or len(weights[0]) == 4:  # noqa: PLR2004
        return squares
    count = weights[0][1]
    fitting = [shape] if (shape := square(count)) else []
    if size:
        fitting = [(count // (size[0] * size[1]), *size)] if count % (size[0] * size[1]) == 0 else []
    return [*((shape, layout) for shape in fitting for layout in LAYOUTS), *squares]


def _like(module: nn.Module) -> torch.Tensor:
    """Return a tensor that has the type and the device that a module expects its pictures to have."""
    floats = (p for p in module.parameters() if p.dtype.is_floating_point)
    return next(floats, torch.zeros(1))


def load_checkpoint(path: Path) -> TorchModel:
    """Load a torch checkpoint with weights of the article's CNN, or with a whole network of torch's own layers.

    No code in it is run.

    Raises
    ------
    ModelError
        If it is damaged, contains anything other than weights, or is of another architecture.
    """
    content = read(path)
    reason = ""
    if is_layer(content.module):
        try:
            return _any_size(rebuilt(content.module, content.weights))
        except NotRebuiltError as error:
            reason = str(error)
    weights = without_prefixes(content.weights, NAMES)
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    try:
        check_architecture(shapes, path.name)
    except ModelError as error:
        if not reason:
            raise
        message = (
            f"{path.name} contains a whole network, but not only of torch's own layers as they come: {reason}. Nothing "
            f"else in a file is trusted. It contains {sketch(shapes)}. Create that network yourself and load the "
            "weights into it: load_model(path, into=MyNet())."
        )
        raise ModelError(message) from error
    classes = len(weights["fc2.bias"])
    network = CNN(classes)
    network.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return TorchModel(network.eval(), NumpyCNN.shape, classes)


def _any_size(module: nn.Module) -> TorchModel:
    """Return a module with weights as a model, even if it takes pictures of a size that is not tried."""
    try:
        return from_module(module)
    except ModelError:  # a transform may make pictures of the size that it takes
        return TorchModel(module, None)


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
    return _any_size(into)
