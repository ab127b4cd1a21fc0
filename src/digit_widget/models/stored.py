"""The tensors in a torch file: where they lie, and their numbers."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from digit_widget.models.pickled import Made, Name, Stored

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterable, Mapping
    from typing import IO

_STORAGES = {
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Float": torch.float32,
    "Double": torch.float64,
    "Byte": torch.uint8,
    "Char": torch.int8,
    "Short": torch.int16,
    "Int": torch.int32,
    "Long": torch.int64,
    "Bool": torch.bool,
}
_TYPES = {str(one): one for one in vars(torch).values() if isinstance(one, torch.dtype) and not one.is_complex}
_REBUILT = {f"torch._utils._rebuild_tensor{version}" for version in ("", "_v2", "_v3")}
_PARAMETERS = {"torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"}
_TYPED = "torch._tensor._rebuild_from_type_v2"
_PARAMETER = {"torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"}
_CHUNK = 1 << 20  # bytes read at once
_HIGHEST = 1 << 63
_MOST_DIMENSIONS = 64  # that torch's tensors can have
_DEEPEST = 4  # a parameter of a type of its own, of a tensor


@dataclass(frozen=True, slots=True)
class Described:
    """A tensor before its numbers are read."""

    key: str
    """Of its storage."""
    dtype: torch.dtype
    numbers: int
    """In its storage."""
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """How much room it takes, which may be far more than its storage has."""
        return math.prod(self.shape) * self.dtype.itemsize


def described(value: object) -> Described | None:
    """Return the tensor that something in a pickle is, without its notes and hooks; None if it is none.

    Raises
    ------
    ValueError
        If it is one that its storage cannot contain.
    """
    for _ in range(_DEEPEST):
        if not isinstance(value, Made):
            return None
        args = value.args if isinstance(value.args, tuple) else ()
        if value.name in _REBUILT:
            return _tensor(value.name, args)
        if value.name in _PARAMETERS and args:
            value = args[0]
        elif value.name == _TYPED and len(args) > 2:  # noqa: PLR2004 - a function, a type and the function's arguments
            value = Made(args[0], args[2])
        elif value.name in _PARAMETER and (args or isinstance(value.state, tuple)):  # until 2018
            value = (args or value.state)[0]
        else:
            return None
    return None


def _tensor(name: str, args: tuple[Any, ...]) -> Described:
    storage, offset, shape, strides = args[:4]
    if isinstance(shape, Made):  # torch.Size
        (shape,) = shape.args
    _check(isinstance(shape, (list, tuple)) and len(shape) <= _MOST_DIMENSIONS, "a tensor without a shape")
    _check(isinstance(strides, (list, tuple)) and len(strides) == len(shape), "sizes and strides differ in number")
    kind, key, _, numbers = storage.where[1:5]
    for number in (offset, *shape, *strides, numbers):
        _check(type(number) is int and 0 <= number < _HIGHEST, "a size is no natural number")
    dtype = storage_dtype(kind)
    if name.endswith("_v3"):
        size = numbers * dtype.itemsize
        dtype = _known(_TYPES, str(args[6]))
        numbers = size // dtype.itemsize
    if view := storage.where[5:6] and storage.where[5]:  # until 2018 a storage could be a part of another
        _, start, length = view
        _check(type(start) is type(length) is int and 0 <= start <= start + length <= numbers, "a part is too large")
        offset, numbers = offset + start, start + length
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    _check(0 in shape or last < numbers, "a tensor reaches past its storage")
    _check(len(args) < 7 or not _is_negated(args[-1]), "the numbers are to be negated")  # noqa: PLR2004
    return Described(_key(key), dtype, numbers, offset, tuple(shape), tuple(strides))


def _key(key: object) -> str:
    _check(type(key) in (str, int), "a storage without a name")
    return str(key)


def storage_dtype(kind: object) -> torch.dtype:
    """Return the type of the numbers in a storage.

    Raises
    ------
    ValueError
        If it is none that is read.
    """
    name = kind.name if isinstance(kind, Name) else ""
    if name in ("UntypedStorage", "TypedStorage"):
        return torch.uint8
    return _known(_STORAGES, name.removesuffix("Storage"))


def _known(types: Mapping[str, torch.dtype], name: str) -> torch.dtype:
    _check(name in types, "numbers of an unknown type")
    return types[name]


def _is_negated(metadata: object) -> bool:
    return isinstance(metadata, dict) and (len(metadata) > 2 or any(metadata.values()))  # noqa: PLR2004 - conj and neg


def _check(right: bool, wrong: str) -> None:  # noqa: FBT001
    if not right:
        raise ValueError(wrong)


class Zipped:
    """The storages in the format of torch 1.6 and later, in which each is a file in a zip archive."""

    def __init__(self, archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> None:
        self._archive, self._members = archive, members

    def read(self, key: str) -> bytearray:
        """Return all bytes of one storage."""
        content = bytearray()
        with self._archive.open(self._members[f"data/{key}"]) as file:
            while chunk := file.read(_CHUNK):
                content += chunk
        return content


class Legacy:
    """The storages in the format before torch 1.6, in which they lie one after the other behind the pickles.

    Parameters
    ----------
    file
        Directly behind the pickles.
    keys
        In the order in which they lie.
    stored
        What the pickle says of them.
    """

    def __init__(self, file: IO[bytes], keys: Iterable[object], stored: Iterable[Stored]) -> None:
        self._file = file
        sizes = {_key(one.where[2]): storage_dtype(one.where[1]).itemsize for one in stored}
        self._places: dict[str, tuple[int, int]] = {}
        at = file.tell()
        end = file.seek(0, 2)
        for key in map(_key, keys):
            file.seek(at)
            size = int.from_bytes(file.read(8), "little") * sizes[key]
            _check(at + 8 + size <= end, "the storages are cut short")
            self._places[key] = at + 8, size
            at += 8 + size

    def read(self, key: str) -> bytearray:
        """Return all bytes of one storage."""
        at, size = self._places[key]
        content = bytearray(size)
        self._file.seek(at)
        _check(self._file.readinto(content) == size, "a storage is cut short")  # type: ignore[attr-defined]
        return content


def tensors(wanted: Mapping[str, Described], storages: Zipped | Legacy) -> dict[str, torch.Tensor]:
    """Return tensors with their numbers. Each storage is read once, and none is kept.

    Raises
    ------
    ValueError
        If a storage is shorter than it should be.
    """
    read: dict[str, torch.Tensor] = {}
    ordered = sorted(wanted.items(), key=lambda item: item[1].key)
    for key, group in itertools.groupby(ordered, key=lambda item: item[1].key):
        content = storages.read(key)
        for name, one in group:
            _check(one.numbers * one.dtype.itemsize <= len(content), "a storage is shorter than it should be")
            if 0 in one.shape:
                read[name] = torch.empty(one.shape, dtype=one.dtype)
            else:
                numbers = torch.frombuffer(content, dtype=one.dtype, count=one.numbers)
                read[name] = numbers.as_strided(one.shape, one.strides, one.offset).clone()
    return {name: read[name] for name in wanted}
