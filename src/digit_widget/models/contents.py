"""Find the weights, and the module that they are of, in the description of a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from digit_widget.models import ModelError
from digit_widget.models.pickled import Made, Name
from digit_widget.models.stored import Described, described

if TYPE_CHECKING:
    from collections.abc import Iterator

WRAPPERS = (
    *("state_dict", "model_state_dict", "model_state", "net", "network", "weights", "model", "module"),
    *("ema", "model_ema", "ema_model", "ema_state_dict", "model_ema_state_dict", "state_dict_ema"),
)
"""What a training run's dict calls its weights; an average of them only comes into question if nothing else does."""
_PARALLEL = {
    *("torch.nn.parallel.data_parallel.DataParallel", "torch.nn.parallel.distributed.DistributedDataParallel"),
    "torch.optim.swa_utils.AveragedModel",
}
_DEEPEST = 4  # wrappers in one another
_LONGEST_NAMES = 1 << 20  # characters in the names of all weights: a module may contain itself
_ORDERED = "collections.OrderedDict"


def found_in(loaded: object) -> tuple[dict[str, Described], Made | None]:
    """Return the weights in what was loaded, or in its first wrapper that has some, and the module that they are of."""
    return _found(loaded, 0, set())


def _found(loaded: object, depth: int, seen: set[int]) -> tuple[dict[str, Described], Made | None]:
    if isinstance(loaded, Made) and _is_module(loaded):
        return dict(_items(loaded)), _unwrapped(loaded)
    entries = {} if id(loaded) in seen else _entries(loaded)
    seen.add(id(loaded))
    for key in WRAPPERS if depth < _DEEPEST else ():
        if key in entries:
            found, module = _found(entries[key], depth + 1, seen)
            if found:
                return found, module
    described_ones = ((name, described(value)) for name, value in entries.items() if isinstance(name, str))
    return {name: tensor for name, tensor in described_ones if tensor}, None


def kind_of(loaded: object) -> str:
    """Return in words what was loaded, or what its first wrapper holds if that is no dict."""
    inside = [loaded.get(key) for key in WRAPPERS] if isinstance(loaded, dict) else []
    loaded = next((one for one in inside if isinstance(one, Made) and not _is_dict(one)), loaded)
    if described(loaded):
        return "a Tensor"
    if _is_module(loaded):
        return "a module"
    if isinstance(loaded, Made):
        return "a dict" if _is_dict(loaded) else f"an object of {loaded.name or 'no name'}"
    return f"the name {loaded}" if isinstance(loaded, Name) else f"a {type(loaded).__name__}"


def part(module: Made, name: str) -> dict[Any, object]:
    """Return a module's ``_parameters``, ``_buffers`` or ``_modules``."""
    return _entries(module.state.get(name)) if isinstance(module.state, dict) else {}


def _is_dict(value: Made) -> bool:
    return bool(value.items) or value.name == _ORDERED


def _is_module(value: object) -> bool:
    return isinstance(value, Made) and isinstance(value.state, dict) and "_modules" in value.state


def _entries(loaded: object) -> dict[Any, object]:
    """Return what is in a dict, in a kind of dict or in an object of any class, by name."""
    if isinstance(loaded, dict):
        return loaded
    if not isinstance(loaded, Made):
        return {}
    if loaded.name == _ORDERED and loaded.args and not loaded.items:  # Python 2 made it of pairs
        return {_text(name): value for name, value in loaded.args[0]}
    if loaded.items or loaded.name == _ORDERED or not isinstance(loaded.state, dict):
        return loaded.items
    return loaded.state


def _text(name: object) -> str:
    if not isinstance(name, str):
        message = "a name that is no text"
        raise TypeError(message)
    return name


def _unwrapped(module: Made) -> Made:
    for _ in range(_DEEPEST):
        inside = part(module, "_modules").get("module")
        if module.name not in _PARALLEL or not isinstance(inside, Made):
            break
        module = inside
    return module


def _items(module: Made) -> Iterator[tuple[str, Described]]:
    """Yield the names and tensors of a module, in the order of ``state_dict()``."""
    waiting, letters = [("", module)], 0
    while waiting:
        prefix, holder = waiting.pop()
        hidden = _members(holder.state.get("_non_persistent_buffers_set")) if isinstance(holder.state, dict) else []
        letters += len(hidden)
        hidden_names = {one for one in hidden if isinstance(one, str)}
        inside = []
        for kind in ("_parameters", "_buffers", "_modules"):
            for name, value in part(holder, kind).items():
                full = f"{prefix}{name}" if isinstance(name, str) else ""
                letters += len(full) + 1
                if letters > _LONGEST_NAMES:
                    message = (
                        "contains a module that contains itself, or has far more in it than a model needs. Save only "
                        "its weights: torch.save(model.state_dict(), path)."
                    )
                    raise ModelError(message)
                if tensor := described(value):
                    if name not in hidden_names:
                        yield full, tensor
                elif isinstance(value, Made):
                    inside.append((f"{full}.", value))
        waiting += reversed(inside)


def _members(value: object) -> list[object]:
    """Return what is in a set: protocol 4 adds to it, protocol 2 makes it of a list."""
    match value:
        case Made(args=(list(members),)) | Made(members=members):
            return members
    return []
