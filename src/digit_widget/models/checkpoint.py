"""Read weights from torch checkpoints, without running any code in them.

A checkpoint is a pickle, and a pickle is a program: it names functions and calls them. So it is first disassembled,
which runs nothing. Every name in it must be on the short list below, or be the class of a module, for which an empty
class of ours is substituted. Then it is read by torch's own unpickler for weights, which has a second list.
"""

from __future__ import annotations

import io
import pickletools
import re
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch.serialization import safe_globals

from digit_widget.locks import Lock
from digit_widget.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

_LARGEST = 2 << 30  # bytes of a file
_LARGEST_PICKLE = 4 << 20  # bytes, without the tensors' data; a thousand tensors need a twentieth of it
_MOST_NAMES = 100  # in a file: torch searches them all for every object
_MOST_TUPLES = 20_000  # a tensor needs five; ten times as many, nested, overflow the stack when hashed
_LONGEST_NAMES = 1 << 20  # characters in the names of all weights: a module may contain itself
_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # torch.serialization.MAGIC_NUMBER, pickled
_NEEDED = re.compile(
    r"builtins\.set|collections\.(OrderedDict|Counter)|torch\.(Size|device|Tensor|bool|u?int\d+|b?float\d\w*)"
    r"|torch\.(Half|BFloat16|Float|Double|Byte|Char|Short|Int|Long|Bool)Storage|torch\.storage\.(Unt|T)ypedStorage"
    r"|torch\._utils\._rebuild_(tensor|tensor_v2|tensor_v3|parameter|parameter_with_state)"
    r"|torch\._tensor\._rebuild_from_type_v2|torch\.nn\.parameter\.Parameter"
)
_STOOD_IN = (
    "__main__.",
    "digit_widget.models.cnn.",
    "torch.nn.modules.",
    "torch.nn.functional.",
    "torch.nn.parallel.",
)
_WRAPPERS = ("state_dict", "model_state_dict", "model_state", "net", "network", "weights", "model")
_PREFIXES = ("module.", "model.", "net.", "network.", "_orig_mod.")
_DEEPEST = 4  # wrappers in one another
_YOURSELF = "load it yourself with torch.load(path, weights_only=False) and pass the module: DigitWidget(model=module)."
_reading = Lock()  # torch's list and Python's warning filters belong to the whole process


class _Holder:
    """Substituted for every class; its state is not in a ``__dict__``, so that no file can give it methods."""

    __slots__ = ("state",)

    def __setstate__(self, state: object) -> None:
        self.state = state


def _holder(*_: object) -> type[_Holder]:
    return _Holder


def weights_in(path: Path, names: Collection[str] | None = None) -> dict[str, torch.Tensor]:
    """Return the weights in a torch checkpoint, by name, without running any code in it.

    Parameters
    ----------
    path
        A file that ``torch.save`` wrote (in 2017 or later): a state dict or a whole module, alone or in the dict of a
        training run.
    names
        Those that the weights should have; see `without_prefixes`.

    Raises
    ------
    ModelError
        If it is anything else. The message says what it is, and what to do.
    """
    asked_for: set[str] = set()
    try:
        with _reading, warnings.catch_warnings(action="ignore"):
            source = _inspected(path, asked_for)
            holders = [(_Holder, name) for name in asked_for if name.startswith(_STOOD_IN)]
            with safe_globals([*holders, (_holder, f"{__name__}.{_holder.__name__}")]):
                # Mapped, because before torch 2.10 a storage read otherwise may reach past what the file holds.
                loaded = torch.load(source, map_location="cpu", weights_only=True, mmap=source is path)
            return without_prefixes(_weights(loaded, path.stat().st_size), names)
    except ModelError as error:
        message = f"{path.name} {error}"
        raise ModelError(message) from None
    except OSError as error:
        message = f"{path.name} cannot be read: {error.strerror or error}."
        raise ModelError(message) from error
    except Exception as error:
        own = ", ".join(sorted(name for name in asked_for if name.startswith("__main__.")))[:200]
        message = (
            f"{path.name} cannot be read as weights: it is cut short or damaged, or contains something other than "
            f"modules, tensors and plain values{own and f' (it asks for {own})'}. No code in it was run. Copy or "
            f"download it again; if you trust it, {_YOURSELF}"
        )
        raise ModelError(message) from error


def without_prefixes(
    weights: Mapping[str, torch.Tensor], names: Collection[str] | None = None
) -> dict[str, torch.Tensor]:
    """Return weights without what other libraries, and wrappers of torch's, put before the names of all weights.

    If the names that they should have are given, only as far as that makes more of them match.
    """
    best = current = dict(weights)
    while current:
        prefix = next((one for one in _PREFIXES if all(name.startswith(one) for name in current)), "")
        if not prefix:
            break
        current = {name.removeprefix(prefix): value for name, value in current.items()}
        if names is None or sum(name in names for name in current) > sum(name in names for name in best):
            best = current
    return best


def _inspected(path: Path, names: set[str]) -> Path | io.BytesIO:
    """Return what torch may read, and add the names in it to ``names``."""
    with path.open("rb") as file:
        beginning = file.read(_LARGEST_PICKLE)
    source: Path | io.BytesIO = path
    refusal = ""
    if not beginning:
        refusal = "is empty. Copy or download it again."
    elif path.stat().st_size > _LARGEST:
        refusal = f"is larger than {_LARGEST:,} bytes. If you trust it, {_YOURSELF}"
    elif beginning.startswith(b"PK\3\4"):
        names |= _names(_pickle_in_zip(path))
    elif _MAGIC in beginning[:32]:
        source = _legacy(path.read_bytes(), names)
    elif beginning[257:262] == b"ustar":
        refusal = f"is a tar archive, torch's format until 2017, which is not supported. If you trust it, {_YOURSELF}"
    else:
        refusal = f"is not a torch checkpoint: it begins with {beginning[:16]!r}. Pass a file that torch.save wrote."
        with suppress(ValueError):
            names |= _names(io.BytesIO(beginning))
            refusal = (
                "is a pickle that torch.save did not write. Pass what torch.save(model.state_dict(), path) writes."
            )
    unneeded = ", ".join(sorted(n for n in names if not (_NEEDED.fullmatch(n) or n.startswith(_STOOD_IN))))[:200]
    if unneeded:
        refusal = f"asks for {unneeded}, which weights do not need. No code in it was run. If you trust it, {_YOURSELF}"
    if refusal:
        raise ModelError(refusal)
    return source


def _pickle_in_zip(path: Path) -> io.BytesIO:
    if not zipfile.is_zipfile(path):
        message = "is cut short or damaged: the list of contents at its end is missing. Copy or download it again."
        raise ModelError(message)
    with zipfile.ZipFile(path) as archive:
        every = archive.infolist()
        members = {member.filename.partition("/")[2]: member for member in every}
        plain = len(members) == len(every) and all(member.compress_type == zipfile.ZIP_STORED for member in every)
        if "constants.pkl" in members:
            refusal = "is a TorchScript archive, which contains code. Load it with torch.jit.load and pass the module."
        elif "data.pkl" not in members:
            refusal = (
                f"is a zip archive but not a torch checkpoint: it contains {archive.namelist()[:3]} but no data.pkl."
            )
        elif not plain or sum(member.file_size for member in every) > path.stat().st_size:
            refusal = (
                "is compressed, or contains a file twice, which torch.save never does. Save it again with torch.save."
            )
        else:
            with archive.open(members["data.pkl"]) as file:
                return io.BytesIO(file.read(_LARGEST_PICKLE))
    raise ModelError(refusal)


def _legacy(data: bytes, names: set[str]) -> io.BytesIO:
    """Return a file of the format before torch 1.6 with its classes as in the later format.

    Such a file names a class in a persistent id, ("module", class, path, source), which torch's unpickler for weights
    rejects. The id is changed to the arguments of a call that returns the substitute. The classes are in the fourth of
    five pickles.
    """
    stream, ends = io.BytesIO(data[:_LARGEST_PICKLE]), [0]
    for _ in range(5):
        names |= _names(stream)
        ends.append(stream.tell())
    done, opened, first = ends[3], 0, ""
    pieces = [data[:done]]
    stream.seek(done)
    for op, _, at, texts in _taken_apart(stream):
        if op == "MARK":
            opened, first = at, ""
        elif op == "BINPERSID" and first == "module":
            pieces += [data[done:opened], f"c{__name__}\n{_holder.__name__}\n".encode(), data[opened:at], b"R"]
            done = at + 1
        else:
            first = first or texts[-1]
    return io.BytesIO(b"".join([*pieces, data[done:]]))


def _names(stream: io.BytesIO) -> set[str]:
    """Return the names that one pickle refers to, each as "module.name"."""
    names: set[str] = set()
    tuples = 0
    for op, arg, _, texts in _taken_apart(stream):
        tuples += op.startswith("TUPLE")
        if op in ("GLOBAL", "INST", "STACK_GLOBAL"):
            module, name = texts if arg is None else arg.split(" ", 1)
            module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
            names.add(f"{module}.{name}")
        if tuples > _MOST_TUPLES or len(names) > _MOST_NAMES:
            message = f"contains far more objects than a model needs. If you trust it, {_YOURSELF}"
            raise ModelError(message)
    return names


def _taken_apart(stream: io.BytesIO) -> Iterator[tuple[str, Any, int, list[str]]]:
    """Yield each operation of one pickle, its argument and its position, and the last two strings before it."""
    texts = ["", ""]
    memo: dict[int | None, str] = {}
    for op, arg, at in pickletools.genops(stream):
        if op.name.endswith("PUT") or op.name == "MEMOIZE":
            memo[len(memo) if arg is None else arg] = texts[-1]
        elif op.name.endswith("GET"):
            texts = [texts[-1], memo.get(arg, "")]
        elif "UNICODE" in op.name or "STRING" in op.name:
            texts = [texts[-1], str(arg)]
        yield op.name, arg, at or 0, texts


def _weights(loaded: object, size: int) -> dict[str, torch.Tensor]:
    found = _found(loaded)
    if not found:
        if isinstance(loaded, dict):
            inside = (dict.get(loaded, key) for key in _WRAPPERS)
            loaded = next((one for one in inside if isinstance(one, _Holder)), loaded)
        kind = "module" if isinstance(loaded, _Holder) else type(loaded).__name__
        message = (
            f"contains a {kind} without named weights. Pass what torch.save(model.state_dict(), path) writes; "
            f"the state dict may also be in a dict, as {', '.join(_WRAPPERS)}."
        )
        raise ModelError(message)
    if sum(torch.Tensor.numel(value) * torch.Tensor.element_size(value) for value in found.values()) > 8 * size:
        message = f"describes tensors far larger than its {size:,} bytes can contain. Save it again with torch.save."
        raise ModelError(message)
    return {name: torch.Tensor.detach(value).clone() for name, value in found.items()}


def _found(loaded: object, depth: int = 0) -> dict[str, torch.Tensor]:
    """Return the weights in what was loaded, or in the first of its wrappers that has some."""
    # A file can give dicts and tensors attributes that hide their methods, so these are called through their classes.
    items: Iterable[tuple[object, object]] = ()
    if isinstance(loaded, _Holder):
        items = _items(loaded)
    elif isinstance(loaded, dict):
        for key in _WRAPPERS if depth < _DEEPEST else ():
            inside = dict.get(loaded, key)
            if isinstance(inside, (dict, _Holder)) and (found := _found(inside, depth + 1)):
                return found
        items = dict.items(loaded)
    return {name: value for name, value in items if isinstance(name, str) and isinstance(value, torch.Tensor)}


def _items(module: _Holder) -> Iterator[tuple[str, object]]:
    """Yield the names and tensors of a module, in the order of ``state_dict()``."""
    waiting, letters = [("", module)], 0
    while waiting:
        prefix, holder = waiting.pop()
        state = getattr(holder, "state", None)
        state = state if isinstance(state, dict) else {}
        hidden = dict.get(state, "_non_persistent_buffers_set")
        parts = [dict.get(state, part) for part in ("_parameters", "_buffers", "_modules")]
        inside = []
        for name, value in (pair for part in parts if isinstance(part, dict) for pair in dict.items(part)):
            full = f"{prefix}{name}" if isinstance(name, str) else ""
            letters += len(full) + 1
            if letters > _LONGEST_NAMES:
                message = f"contains a module that contains itself. If you trust it, {_YOURSELF}"
                raise ModelError(message)
            if isinstance(value, _Holder):
                inside.append((f"{full}.", value))
            elif not (isinstance(hidden, set) and name in hidden):
                yield full, value
        waiting += reversed(inside)
