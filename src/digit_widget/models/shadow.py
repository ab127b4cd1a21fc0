"""A second view of a PyTorch module: the same weights and attributes, but its own training flags.

A drawing must be answered in evaluation mode, and the network may be in training: in this thread between two drawings,
or in another one right now. Calling ``eval()`` and ``train()`` on it from here would race with its owner. So nothing of
the owner's is switched. Each module of the tree gets a *shadow* for the duration of one call.
"""

from __future__ import annotations

import copy
import sys
from abc import ABCMeta
from collections import OrderedDict
from contextlib import contextmanager
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLAIN = {type(None), bool, int, float, str, torch.Tensor, nn.Parameter, torch.Size, torch.dtype, torch.device}
_TORCHS_OWN = frozenset(vars(nn.Module())) | {"__dict__"}
"""Attributes of torch's own: no modules are in them, other than in `_modules`, which is special."""
_MOST_ITEMS = 1000
"""A longer list is data, not layers."""
_DEEPEST = 4
"""How many containers, or functions, may lie one in the other."""


class Shadows:
    """Makes the shadows of one network.

    Notes
    -----
    A shadow is an instance of a subclass of its owner's class and has the owner's ``__dict__``: not a copy, the same
    object. So parameters, buffers, hooks and other attributes are the owner's at every moment, and what ``forward``
    or a hook writes is written to the owner. Only two things differ: ``training`` is the shadow's own, and wherever a
    module of the owner's would come out of an attribute, its shadow does, whether it was registered, lies in a plain
    list or a dict, or is bound to a method, a `functools.partial` or a function's closure. Shadows equal their owners,
    so that a hook finds its module in a dict.

    A module that ``forward`` reaches in another way (a global variable, an attribute of some other object) is called as
    it is, in the mode it is in. Code compiled by ``torch.compile`` is run uncompiled, since it has the owner in it.
    """

    def __init__(self) -> None:
        self._classes: dict[type, type] = {}  # it takes 100 times as long to make a class as to make an instance

    @contextmanager
    def of(self, module: nn.Module) -> Iterator[nn.Module]:
        """Give a shadow of a module, in evaluation mode, for one call."""
        call = _Call(self._classes)
        try:
            yield call.shadow(module)
        finally:
            call.shadows.clear()  # they refer to the call, and the owner's tensors must not wait for the collector


class _Call:
    """The shadows of one call: one for each owner, however often the owner is registered."""

    def __init__(self, classes: dict[type, type]) -> None:
        self.classes = classes
        self.shadows: dict[int, nn.Module] = {}

    def shadow(self, module: nn.Module) -> nn.Module:
        """Return the shadow of a module."""
        if isinstance(module, _Shadow):
            return module
        module = _uncompiled(module)
        shadow = self.shadows.get(id(module))
        if shadow is None:
            made = _script(module) if isinstance(module, torch.jit.ScriptModule) else self._made(module)
            shadow = self.shadows.setdefault(id(module), made)
        return shadow

    def _made(self, owner: nn.Module) -> nn.Module:
        kind = type(owner)
        if kind not in self.classes:
            self.classes[kind] = _subclass(kind)
        shadow: nn.Module = object.__new__(self.classes[kind])
        object.__setattr__(shadow, "_shadow", _State(owner, self))
        object.__setattr__(shadow, "__dict__", vars(owner))
        return shadow

    def seen(self, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - attributes may be anything
        """Return what a shadow has for an attribute of its owner's: the same, with shadows in place of modules."""
        kind = type(value)
        if kind in _PLAIN or depth > _DEEPEST:
            return value
        seen = value
        if isinstance(value, nn.Module):
            seen = self.shadow(value)
        elif kind is MethodType:
            if isinstance(value.__self__, nn.Module):
                seen = MethodType(_uncompiled(value.__func__), self.shadow(value.__self__))
        elif kind is FunctionType:
            seen = self._seen_function(_uncompiled(value), depth)
        elif kind is partial:
            parts = (value.func, value.args, value.keywords)
            function, args, keywords = (self.seen(part, depth + 1) for part in parts)
            seen = partial(function, *args, **keywords)
        elif kind in (list, tuple) and len(value) <= _MOST_ITEMS:
            items = [self.seen(item, depth + 1) for item in value]
            seen = value if _same(items, value) else kind(items)
        elif kind in (dict, OrderedDict) and len(value) <= _MOST_ITEMS:
            items = [self.seen(item, depth + 1) for item in value.values()]
            seen = value if _same(items, value.values()) else kind(zip(value, items, strict=True))
        return seen

    def _seen_function(self, function: Any, depth: int) -> Any:  # noqa: ANN401 - may be compiled to what is no function
        if not getattr(function, "__closure__", None):
            return function
        cells = [self._seen_cell(cell, depth) for cell in function.__closure__]
        if _same(cells, function.__closure__):
            return function
        twin = FunctionType(
            function.__code__, function.__globals__, function.__name__, function.__defaults__, tuple(cells)
        )
        twin.__kwdefaults__ = function.__kwdefaults__
        twin.__dict__.update(function.__dict__)
        return twin

    def _seen_cell(self, cell: CellType, depth: int) -> CellType:
        try:
            content = cell.cell_contents
        except ValueError:  # not assigned yet
            return cell
        seen = self.seen(content, depth + 1)
        return cell if seen is content else CellType(seen)


class _State:
    """What a shadow has of its own."""

    def __init__(self, owner: nn.Module, call: _Call) -> None:
        self.owner, self.call = owner, call
        self.training = False
        self._registered: dict[str, nn.Module | None] = {}
        self._children: dict[str, nn.Module | None] = {}

    def children(self) -> dict[str, nn.Module | None]:
        """Return the shadows of the modules that are registered now."""
        registered = vars(self.owner)["_modules"]
        if registered != self._registered:
            self._registered = dict(registered)
            self._children = {
                name: None if child is None else self.call.shadow(child) for name, child in self._registered.items()
            }
        return self._children


_SPECIAL: dict[str, Callable[[_State], Any]] = {
    "training": lambda state: state.training,
    "_modules": _State.children,
    "_compiled_call_impl": lambda _: None,
    "__class__": lambda state: type(state.owner),
}


def _state(shadow: _Shadow) -> _State:
    state: _State = object.__getattribute__(shadow, "_shadow")
    return state


class _Shadow:
    """What a shadow's class has before the methods of its owner's class."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Leave out what the owner's class does with its subclasses: it may keep a list of them."""

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - attributes may be anything
        special = _SPECIAL.get(name)
        if special:
            return special(_state(self))
        value = super().__getattribute__(name)
        return value if name in _TORCHS_OWN else _state(self).call.seen(value)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        state = _state(self)  # registered modules and parameters, slots, and what the owner's class finds by itself
        return state.call.seen(getattr(state.owner, name))

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401
        if name == "training":
            _state(self).training = value
        else:
            setattr(_state(self).owner, name, _owner(value))

    def __delattr__(self, name: str) -> None:
        delattr(_state(self).owner, name)

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """Register a module with the owner."""
        _state(self).owner.add_module(name, _owner(module))

    register_module = add_module

    def __eq__(self, other: object) -> bool:
        return bool(_state(self).owner == _owner(other))

    def __hash__(self) -> int:
        return hash(_state(self).owner)

    def __reduce_ex__(self, protocol: Any) -> Any:  # noqa: ANN401 - as object has it
        return _state(self).owner.__reduce_ex__(protocol)

    def _replicate_for_data_parallel(self) -> nn.Module:
        replica: nn.Module = _state(self).owner._replicate_for_data_parallel()  # noqa: SLF001 - torch calls it
        replica.training = _state(self).training
        return replica


def _subclass(kind: type) -> type:
    """Make the class of the shadows of a class's instances, running nothing of that class or its metaclass."""
    namespace: dict[str, Any] = {
        "__slots__": ("_shadow",),
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
    }
    if hasattr(kind, "__del__"):
        namespace["__del__"] = lambda _: None  # the end of a shadow is not the end of its owner
    metaclass = type(kind)
    make: Any = ABCMeta.__new__ if issubclass(metaclass, ABCMeta) else type.__new__
    made: type = make(metaclass, kind.__name__, (_Shadow, kind), namespace)
    return made


def _script(owner: torch.jit.ScriptModule) -> nn.Module:
    """Return a copy of a TorchScript module, whose flag lies in C++ where no attribute of a shadow's can hide it.

    Tensors are shared; what ``forward`` assigns to other attributes is lost after the call. A frozen module has no
    flag, and is its own shadow.
    """
    if not owner._c.hasattr("training"):  # noqa: SLF001 - torch offers no other way
        return owner
    shadow: nn.Module = torch.jit._recursive.wrap_cpp_module(_copied(owner._c, {}))  # noqa: SLF001
    return shadow


def _copied(module: Any, copies: dict[Any, Any]) -> Any:  # noqa: ANN401 - torch._C.ScriptModule has no type
    """Copy a tree of modules in C++, in evaluation mode, a module that is in it twice only once."""
    if module not in copies:
        copies[module] = twin = copy.copy(module)  # one level deep
        if twin.hasattr("training"):
            twin.setattr("training", False)
        for name, child in torch._C.ModuleDict(module).items():  # noqa: SLF001
            wrapped = object.__new__(torch.jit._script.RecursiveScriptModule)  # noqa: SLF001 - as little as setattr() needs
            vars(wrapped)["_c"] = _copied(child, copies)
            twin.setattr(name, wrapped)
    return copies[module]


def _owner(value: Any) -> Any:  # noqa: ANN401 - attributes may be anything
    return _state(value).owner if isinstance(value, _Shadow) else value


def _uncompiled(value: Any) -> Any:  # noqa: ANN401 - a module or a function
    """Return what was given to ``torch.compile``."""
    dynamo = sys.modules.get("torch._dynamo")
    if dynamo and isinstance(value, dynamo.OptimizedModule):
        return value._orig_mod  # noqa: SLF001 - it has no public name
    return getattr(value, "_torchdynamo_orig_callable", value) if isinstance(value, FunctionType) else value


def _same(some: Any, others: Any) -> bool:  # noqa: ANN401 - any two collections
    return all(one is other for one, other in zip(some, others, strict=True))
