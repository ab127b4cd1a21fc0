"""Networks inside functions, asked in evaluation mode without touching their mode.

A function is called as a twin: the same code, with `shadow.py`'s shadows in place of the modules in its closure, its
defaults, the globals it names, its `functools.partial` and the attributes of the object that it is bound to. The
alternative, ``eval()`` for the duration, would race with an owner who calls ``train()`` in another thread. The price:
while it runs, a function that names a network as a global sees a copy of the globals, and an object with a network in
it is seen as a copy. What is assigned to either is carried over after the call.
"""

from __future__ import annotations

from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from torch import nn

from digit_widget.models.shadow import _DEEPEST, _Call, _owner, _uncompiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def evaluating(function: Callable[[Any], Any]) -> Iterator[Callable[[Any], Any]]:
    """Give the twin of a function, for one call; the function itself if there is no network in it."""
    call = _FunctionCall({})
    try:
        yield call.seen(function)
    finally:
        call.carry_over()
        call.shadows.clear()


class _FunctionCall(_Call):
    """The shadows, and the twins of functions and objects, of one call."""

    def __init__(self, classes: dict[type, type]) -> None:
        super().__init__(classes)
        self.twins: dict[int, Any] = {}
        self.copies: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []

    def seen(self, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - may be anything
        """Return the value with shadows in place of modules; of objects, the attributes are looked through, too."""
        kind = type(value)
        if depth > _DEEPEST or isinstance(value, (nn.Module, type, ModuleType, BuiltinFunctionType)):
            return super().seen(value, depth)
        if kind is MethodType and not isinstance(value.__self__, nn.Module):
            owner = self._seen_object(value.__self__, depth)
            return value if owner is value.__self__ else MethodType(value.__func__, owner)
        if callable(value) and isinstance(getattr(value, "__dict__", None), dict) and kind is not FunctionType:
            seen = super().seen(value, depth)  # a partial
            return self._seen_object(value, depth) if seen is value else seen
        return super().seen(value, depth)

    def _seen_object(self, value: Any, depth: int) -> Any:  # noqa: ANN401
        attributes = getattr(value, "__dict__", None)
        if not isinstance(attributes, dict) or isinstance(value, (type, ModuleType)):
            return value
        if id(value) in self.twins:
            return self.twins[id(value)]
        self.twins[id(value)] = value  # it may have itself among its attributes
        changed = self._changed(attributes, list(attributes), depth)
        if not changed:
            return value
        try:
            twin = object.__new__(type(value))
        except TypeError:  # of a class written in C
            return value
        copied = attributes | changed
        vars(twin).update(copied)
        self.copies.append((attributes, vars(twin), copied))
        self.twins[id(value)] = twin
        return twin

    def _seen_function(self, function: Any, depth: int) -> Any:  # noqa: ANN401
        if not isinstance(function, FunctionType):
            return super()._seen_function(function, depth)
        if id(function) in self.twins:
            return self.twins[id(function)]
        self.twins[id(function)] = function  # it may call itself
        inner = super()._seen_function(function, depth)
        defaults = self.seen(function.__defaults__, depth)
        named = self._changed(function.__globals__, _names(function.__code__), depth)
        keywords = self._changed(function.__kwdefaults__ or {}, list(function.__kwdefaults__ or {}), depth)
        if inner is function and defaults is function.__defaults__ and not named and not keywords:
            return function
        scope = function.__globals__
        if named:
            copied = scope | named
            scope = dict(copied)
            self.copies.append((function.__globals__, scope, copied))
        twin = FunctionType(function.__code__, scope, function.__name__, defaults, inner.__closure__)
        twin.__kwdefaults__ = (function.__kwdefaults__ or {}) | keywords
        twin.__dict__.update(function.__dict__)
        self.twins[id(function)] = twin
        return twin

    def _changed(self, scope: dict[str, Any], names: list[str], depth: int) -> dict[str, Any]:
        """Return those of some names that are seen differently."""
        changed = {}
        for name in names:
            if name in scope and (seen := self.seen(_uncompiled(scope[name]), depth + 1)) is not scope[name]:
                changed[name] = seen
        return changed

    def carry_over(self) -> None:
        """Assign to globals and attributes what the function has assigned to their copies."""
        for original, copy, before in self.copies:
            for name, value in list(copy.items()):
                if name not in before or value is not before[name]:
                    original[name] = _owner(value)


def _names(code: Any) -> list[str]:  # noqa: ANN401
    """Return the names that a function's code, and that of the functions in it, may look up among the globals."""
    inner = [name for part in code.co_consts if hasattr(part, "co_names") for name in _names(part)]
    return [*code.co_names, *inner]
