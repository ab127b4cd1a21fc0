"""Read a pickle as a description: of what it would make something, without making it.

A pickle is a program for a small machine that looks names up and calls what it finds. The machine below has the same
stack and the same operations, but nowhere to look a name up, and nothing to call: a name stays its text, and a call
stays a record of what would have been called with what. So nothing in a file can be run, whatever it names. Only lists,
dicts, tuples and plain values are what they are.
"""

from __future__ import annotations

import pickletools
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

MOST_OPERATIONS = 1_000_000
"""Of one pickle; a thousand tensors need a thirtieth of them. Each takes about a microsecond and a hundred bytes."""
OTHER = object()
"""The one key for all that a dict has under keys that are no text: hashing those can take a file hours."""
_HIGHEST_INDEX = 1 << 32


class UnreadablePickleError(ValueError):
    """What is no pickle, or is cut short, or has operations in an order in which no pickle has them."""


class TooManyOperationsError(UnreadablePickleError):
    """A pickle of more operations than are read."""


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a class or a function, as text."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Made:
    """What a call, or a class, would have made. Two are the same only if they are one."""

    by: object
    """What would have been called: a `Name`, or anything else that a pickle says can be called."""
    args: Any = ()
    state: Any = None
    items: dict[Any, object] = field(default_factory=dict)
    """What would have been set in it, if it is a kind of dict."""
    members: list[object] = field(default_factory=list)
    """What would have been added to it, if it is a kind of list or set."""

    @property
    def name(self) -> str:
        """The name of what would have made it, or ""."""
        return str(self.by) if isinstance(self.by, Name) else ""


@dataclass(eq=False, frozen=True, slots=True)
class Stored:
    """What lies elsewhere in the file."""

    where: tuple[Any, ...]


_WITH_ARGUMENT = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING"}
    | {"SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
_RECONSTRUCTOR = Name("copyreg", "_reconstructor")
_SET = Name("builtins", "set")
_FROZENSET = Name("builtins", "frozenset")


class Description:
    """One pickle, read.

    Parameters
    ----------
    stream
        At its beginning; afterwards at its end.
    names
        To which all names in it are added, even if it turns out to be unreadable.

    Raises
    ------
    UnreadablePickleError
        If it cannot be read to its end.
    """

    def __init__(self, stream: IO[bytes], names: set[Name]) -> None:
        self.value: object = None
        self.stored: list[Stored] = []
        """All that lies elsewhere, in the order in which it is first used."""
        self._names = names
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        try:
            for op, arg, _ in islice(pickletools.genops(stream), MOST_OPERATIONS):
                self._do(op.name, arg)
            self.value = self._stack.pop()
        except UnreadablePickleError:
            raise
        except Exception as error:
            message = "not a pickle, or a damaged one"
            raise UnreadablePickleError(message) from error
        if op.name != "STOP":
            message = f"more than {MOST_OPERATIONS:,} operations"
            raise TooManyOperationsError(message)

    def _do(self, op: str, arg: Any) -> None:  # noqa: ANN401 - a number or a text, as the operation has it
        if operation := self._OPERATIONS.get(op):
            operation(self)
        elif op in _WITH_ARGUMENT:
            self._push(arg)
        elif op in ("GLOBAL", "INST"):
            module, name = arg.split(" ", 1)
            self._named(module, name)
            if op == "INST":
                called = self._stack.pop()
                self._push(Made(called, tuple(self._pop_mark())))
        elif op.endswith("GET"):
            self._push(self._memo[_index(arg)])
        elif op.endswith("PUT"):
            self._memo[_index(arg)] = self._stack[-1]
        elif op not in ("PROTO", "FRAME", "STOP"):
            message = f"the operation {op}"
            raise UnreadablePickleError(message)

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _named(self, module: str, name: str) -> None:
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
        self._push(Name(module, name))
        self._names.add(self._stack[-1])

    def _elsewhere(self, where: object) -> None:
        """Push what a persistent id stands for; torch's first format gives the classes of modules one, too."""
        kind = where[0] if isinstance(where, tuple) and len(where) > 1 else None
        if isinstance(where, tuple) and kind == "storage":
            self.stored.append(Stored(where))
            self._push(self.stored[-1])
        elif isinstance(where, tuple) and kind == "module" and isinstance(where[1], Name):
            self._push(where[1])
        else:
            message = "what lies elsewhere is neither a storage nor a class"
            raise UnreadablePickleError(message)

    def _pop_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._marks.pop()
        return items

    def _mark(self) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def _tuple(self, size: int) -> None:
        if len(self._stack) < size:
            message = "a tuple of more than there is"
            raise UnreadablePickleError(message)
        self._stack[-size:] = [tuple(self._stack[-size:])]

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(module) is not str or type(name) is not str:
            message = "a name that is no text"
            raise UnreadablePickleError(message)
        self._named(module, name)

    def _call(self) -> None:
        args, called = self._stack.pop(), self._stack.pop()
        if called != _RECONSTRUCTOR:
            self._push(Made(called, args))
            return
        of, _, content = args  # protocols 0 and 1 make an object by calling this with its class and what is in it
        self._push(Made(of, items=content) if type(content) is dict else Made(of))

    def _call_with_keywords(self) -> None:
        keywords = self._stack.pop()
        self._call()
        self._stack[-1].args = (self._stack[-1].args, keywords)

    def _call_marked(self) -> None:
        called, *args = self._pop_mark()
        self._push(Made(called, tuple(args)))

    def _build(self) -> None:
        state = self._stack.pop()
        made = self._stack[-1]
        if not isinstance(made, Made) or made.state is not None:
            message = "a state for what has none, or has one already"
            raise UnreadablePickleError(message)
        made.state = state

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, Made):
            target = target.members
        if type(target) is not list:
            message = "a member for what is no list"
            raise UnreadablePickleError(message)
        target.extend(items)

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, Made):
            target = target.items
        if type(target) is not dict:
            message = "an item for what is no dict"
            raise UnreadablePickleError(message)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[key if type(key) is str else OTHER] = value

    def _dict(self) -> None:
        items = self._pop_mark()
        self._push({})
        self._set(items)

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._pop_mark()

    def _set_last(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    _OPERATIONS: ClassVar[dict[str, Callable[[Description], object]]] = {
        "NONE": lambda self: self._stack.append(None),
        "NEWTRUE": lambda self: self._stack.append(True),
        "NEWFALSE": lambda self: self._stack.append(False),
        "EMPTY_TUPLE": lambda self: self._push(()),
        "EMPTY_LIST": lambda self: self._push([]),
        "EMPTY_DICT": lambda self: self._push({}),
        "EMPTY_SET": lambda self: self._push(Made(_SET)),
        "MARK": _mark,
        "POP": _pop,
        "POP_MARK": _pop_mark,
        "DUP": lambda self: self._push(self._stack[-1]),
        "TUPLE1": lambda self: self._tuple(1),
        "TUPLE2": lambda self: self._tuple(2),
        "TUPLE3": lambda self: self._tuple(3),
        "TUPLE": lambda self: self._push(tuple(self._pop_mark())),
        "LIST": lambda self: self._push(self._pop_mark()),
        "DICT": _dict,
        "FROZENSET": lambda self: self._push(Made(_FROZENSET, members=self._pop_mark())),
        "APPEND": lambda self: self._append([self._stack.pop()]),
        "APPENDS": lambda self: self._append(self._pop_mark()),
        "ADDITEMS": lambda self: self._append(self._pop_mark()),
        "SETITEM": _set_last,
        "SETITEMS": lambda self: self._set(self._pop_mark()),
        "STACK_GLOBAL": _stack_global,
        "OBJ": _call_marked,
        "REDUCE": _call,
        "NEWOBJ": _call,
        "NEWOBJ_EX": _call_with_keywords,
        "BUILD": _build,
        "BINPERSID": lambda self: self._elsewhere(self._stack.pop()),
        "MEMOIZE": _memoize,
    }


def _index(arg: object) -> int:
    if type(arg) is not int or arg > _HIGHEST_INDEX:
        message = "an object with a number that no pickle needs"
        raise UnreadablePickleError(message)
    return arg
