"""Rebuild a network that consists of torch's own layers from the description of a whole module in a file.

``torch.save(model)`` writes for each layer the name of its class and all its attributes. Nothing of that is put into a
layer: a new one is made by calling one of the classes listed here, with arguments that are read from the attributes,
each checked for its kind and size. It is made without memory (on torch's device "meta"), so a file cannot ask for more
of it than its weights take. Then every attribute in the file must be as in the new layer, so that a layer that was
changed by hand is refused instead of being rebuilt as what it was not.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeGuard

import torch
from torch import nn

from digit_widget.errors import short
from digit_widget.models.checkpoint import without_prefixes
from digit_widget.models.contents import part
from digit_widget.models.pickled import Made, Name

if TYPE_CHECKING:
    from collections.abc import Mapping

_LAYERS: dict[str, type[nn.Module]] = {
    layer.__name__: layer
    for layer in (
        *(nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Identity, nn.Flatten, nn.Unflatten),
        *(nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d),
        *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish),
        *(nn.Sigmoid, nn.LogSigmoid, nn.Hardsigmoid, nn.Hardswish, nn.Tanh, nn.Hardtanh, nn.Softplus, nn.Softsign),
        *(nn.Softmax, nn.LogSoftmax, nn.Softmax2d, nn.Softmin, nn.Threshold),
        *(nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d),
        *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
        *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout),
        *(nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d),
        *(nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d, nn.PixelShuffle),
    )
}
_COUNTS = dict.fromkeys(
    (
        *("in_channels", "out_channels", "in_features", "out_features", "num_features", "num_channels", "num_groups"),
        *("num_parameters", "normalized_shape", "groups", "divisor_override"),
    ),
    (1, 1 << 24),
)
_LIMITS = _COUNTS | {
    "kernel_size": (1, 1024),
    "stride": (1, 1024),
    "dilation": (1, 1024),
    "padding": (-1024, 1024),
    "output_padding": (0, 1024),
    "output_size": (1, 1024),
    "size": (1, 1024),
    "scale_factor": (1, 64),
    "upscale_factor": (1, 64),
    "unflattened_size": (-1, 1 << 24),
    "dim": (-8, 8),
    "start_dim": (-8, 8),
    "end_dim": (-8, 8),
}
_FRACTIONS = {"scale_factor"}  # all others of those with limits are whole numbers
_LARGEST_NUMBER = 1e9
_HIGHEST = 1 << 63
_TEXTS = {
    *("zeros", "reflect", "replicate", "circular", "same", "valid", "none", "tanh"),
    *("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "area", "Upsample"),
}
_PARTS = {"_parameters", "_buffers", "_modules"}
_UNIMPORTANT = {"training", "_non_persistent_buffers_set", "_is_full_backward_hook"}
_LONGEST = 8  # numbers in one argument
_DEEPEST = 20  # Sequentials in one another
_MOST_LAYERS = 1000
_MOST_ATTRIBUTES = 100
_SIDES = (28, 32, 8, 16, 64, 96, 128, 224)  # of the pictures that a network may be asked with
_SMALL = 64
_MOST_NUMBERS = 1 << 27  # in the output of one layer, for three pictures; VGG at 224 × 224 has a tenth of it


class NotRebuiltError(Exception):
    """A network that is not rebuilt; the message is only the reason, to be put into a sentence."""


def is_layer(module: Made | None) -> TypeGuard[Made]:
    """Return whether what a file describes says that it is one of torch's layers, and not of a person's own class."""
    return module is not None and module.name.startswith("torch.nn.modules.")


def rebuilt(module: Made, weights: Mapping[str, torch.Tensor]) -> nn.Module:
    """Return a network like the one in a file, in evaluation mode.

    Parameters
    ----------
    module
        The description of it.
    weights
        All of its weights; prefixes before all names are taken away.

    Raises
    ------
    NotRebuiltError
        If it has anything in it that is not a plain layer of torch's, or its weights do not fit.
    """
    network = _Builder().build(module, "", 0)
    _check_growth(network)
    try:
        network.load_state_dict(without_prefixes(weights, network.state_dict()), strict=True, assign=True)
    except Exception as error:
        message = f"its weights do not fit its layers: {short(error)}"
        raise NotRebuiltError(message) from error
    return network.eval()


class _Builder:
    def __init__(self) -> None:
        self._built: dict[int, tuple[nn.Module, int]] = {}
        """By what describes them, so that a layer that is used twice is one layer; and how many layers each has."""
        self._count = 0

    def build(self, made: Made, place: str, depth: int) -> nn.Module:
        layer, count = self._built.get(id(made), (None, 1))
        self._count += count
        before = self._count
        if depth > _DEEPEST or self._count > _MOST_LAYERS:
            message = f"it has more than {_MOST_LAYERS} layers, or more than {_DEEPEST} in one another"
            raise NotRebuiltError(message)
        if layer is not None:
            return layer
        called = made.by.name if isinstance(made.by, Name) and made.by.module.startswith("torch.nn.modules.") else ""
        where = f"{f'its layer {place}' if place else 'the network'} ({called or _shown(made.name)})"
        is_usual = made.args == () and isinstance(made.state, dict) and len(made.state) < _MOST_ATTRIBUTES
        if not is_usual or made.items or made.members:
            message = f"{where} was not saved as a layer is"
            raise NotRebuiltError(message)
        inside = part(made, "_modules")
        if called == "Sequential":
            layer = self._sequential(inside, place, depth)
        elif called in _LAYERS and not inside:
            layer = _layer(_LAYERS[called], made, where)
        else:
            message = f"{where} is none of torch's plain layers"
            raise NotRebuiltError(message)
        _check_attributes(layer, made, where)
        self._built[id(made)] = layer, 1 + self._count - before
        return layer

    def _sequential(self, inside: Mapping[Any, object], place: str, depth: int) -> nn.Module:
        layers = nn.Sequential()
        for name, one in inside.items():
            at = f"{place}.{name}" if place else str(name)
            if not isinstance(one, Made):
                message = f"its layer {_shown(at)} is no layer"
                raise NotRebuiltError(message)
            layer = self.build(one, _shown(at), depth + 1)
            try:
                layers.add_module(name, layer)
            except (KeyError, TypeError) as error:
                message = f"its layer {_shown(at)} has a name that no layer can have"
                raise NotRebuiltError(message) from error
        return layers


def _layer(kind: type[nn.Module], made: Made, where: str) -> nn.Module:
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if name == "device":
            arguments[name] = "meta"
        elif name == "bias":
            arguments[name] = part(made, "_parameters").get("bias") is not None
        elif name in made.state:
            arguments[name] = _argument(name, made.state[name], where)
        elif parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            message = f"{where} lacks its {name}"
            raise NotRebuiltError(message)
    try:
        return kind(**arguments)
    except Exception as error:
        message = f"{where} cannot be made: {short(error)}"
        raise NotRebuiltError(message) from error


def _argument(name: str, value: object, where: str) -> Any:  # noqa: ANN401 - an argument of a layer
    """Return a value as an argument, if it can be that of a layer."""
    plain = _plain(value)
    many = plain if isinstance(plain, tuple) else (plain,)
    if len(many) > _LONGEST or not all(_is_right(name, one) for one in many):
        message = f"the {name} of {where} is {_shown(repr(plain)) if _is_short(plain) else 'no plain value'}"
        raise NotRebuiltError(message)
    return plain


def _is_right(name: str, value: object) -> bool:
    if value is None or (isinstance(value, str) and value in _TEXTS):
        return True
    if name not in _LIMITS:
        return isinstance(value, (bool, int, float)) and abs(value) <= _LARGEST_NUMBER  # nor is "not a number"
    least, most = _LIMITS[name]
    kinds = (int, float) if name in _FRACTIONS else (int,)
    return type(value) in kinds and least <= value <= most  # type: ignore[operator]


def _plain(value: object) -> object:
    """Return a list and a torch.Size as the tuple that they are kept as, or were kept as by other versions of torch."""
    if isinstance(value, Made) and value.name == "torch.Size" and isinstance(value.args, tuple) and value.args:
        value = value.args[0]
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _is_short(value: object) -> bool:
    many = value if isinstance(value, tuple) else (value,)
    return len(many) <= _LONGEST and all(
        isinstance(one, (str, float, type(None))) or (isinstance(one, int) and abs(one) < _HIGHEST) for one in many
    )


def _check_attributes(layer: nn.Module, made: Made, where: str) -> None:
    """Check that a layer in a file has no attributes that would let it do something else than a new one."""
    for name, value in made.state.items():
        if name in _PARTS or name in _UNIMPORTANT or not isinstance(name, str):
            continue
        if "hooks" in name:
            if value is not None and not _is_empty(value):
                message = f"{where} has hooks, which are code"
                raise NotRebuiltError(message)
        elif name in vars(layer):
            plain = _plain(value)
            if not _is_short(plain) or plain != _plain(vars(layer)[name]):
                message = f"the {name} of {where} was changed by hand"
                raise NotRebuiltError(message)
        elif hasattr(type(layer), name):
            message = f"{where} has a {_shown(name)} of its own"
            raise NotRebuiltError(message)


def _is_empty(value: object) -> bool:
    if isinstance(value, Made):
        return not (value.items or value.members or value.args)
    return value == {}


def _shown(text: str) -> str:
    return " ".join(text.split())[:100] or "of no class"


class _TooLargeError(Exception):
    pass


def _check_growth(network: nn.Module) -> None:
    """Check that no layer makes far too much of a picture; nothing is computed, since the device is "meta"."""

    def check(layer: nn.Module, _: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.numel() > _MOST_NUMBERS:
            raise _TooLargeError(type(layer).__name__)

    weights = [weight.shape for weight in network.parameters() if weight.ndim > 1]
    channels = weights[0][1] if weights and len(weights[0]) == 4 else 1  # noqa: PLR2004 - (out, in, height, width)
    shapes: list[tuple[int, ...]] = [(channels, side, side) for side in _SIDES]
    if weights and len(weights[0]) == 2:  # noqa: PLR2004 - (out, in)
        shapes.insert(0, (weights[0][1],))
    hooks = [layer.register_forward_hook(check) for layer in network.modules()]
    fits = False
    try:
        for shape in shapes:
            if fits and shape[-1] > _SMALL:
                continue
            try:
                network.eval()(torch.empty(3, *shape, device="meta"))
                fits = True
            except _TooLargeError as error:
                message = f"its {error} makes more than {_MOST_NUMBERS:,} numbers of three pictures"
                raise NotRebuiltError(message) from error
            except Exception:  # noqa: BLE001, S112 - it takes pictures of another size
                continue
    finally:
        for hook in hooks:
            hook.remove()
