"""Read weights from torch checkpoints, without running any code in them.

A checkpoint is a pickle, and a pickle is a program. Here it is read as a description (see `pickled.py`): nothing that
it names is looked up and nothing is called, so it cannot run anything, whatever it is. `foreign.py` says which names
are read over, and which are refused all the same, and why. `contents.py` finds the weights; `stored.py` reads their
numbers, and no others, within the bounds of the file.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from digit_widget.models import ModelError
from digit_widget.models.contents import WRAPPERS, found_in, kind_of
from digit_widget.models.foreign import is_foreign, is_refused
from digit_widget.models.pickled import Description, TooManyOperationsError
from digit_widget.models.stored import Legacy, Zipped, tensors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    import torch

    from digit_widget.models.pickled import Made, Name
    from digit_widget.models.stored import Described

_LARGEST = 4 << 30  # bytes of all weights; what a file holds beside them is not read, so it may be of any size
_MOST_LISTED = 7  # names that a dict may have the weights under
_LARGEST_PICKLE = 4 << 20  # bytes, without the tensors' data; a thousand tensors need a twentieth of it
_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # torch.serialization.MAGIC_NUMBER, pickled
_PREFIXES = ("module.", "model.", "net.", "network.", "_orig_mod.", "ema_model.", "model_ema.")
_MOST_PREFIXES = 8  # before one another
_COMPILED = "_orig_mod."  # torch.compile puts it before the names of what it compiles, which may be a part of a network
_AVERAGED = "n_averaged"  # torch.optim.swa_utils.AveragedModel counts, beside the weights of its module
YOURSELF = "load it yourself with torch.load(path, weights_only=False) and pass the module: DigitWidget(model=module)."


@dataclass(frozen=True)
class Checkpoint:
    """What is of use in a file."""

    weights: dict[str, torch.Tensor]
    """By name, with the prefixes that they have in the file."""
    module: Made | None
    """The module that they are of, if the file holds a whole one: a description of it, nothing that can be called."""


@dataclass(frozen=True)
class _Content:
    value: object
    storages: Zipped | Legacy


def read(path: Path) -> Checkpoint:
    """Return what is of use in a torch checkpoint, without running any code in it.

    Parameters
    ----------
    path
        A file that ``torch.save`` wrote (in 2017 or later): a state dict or a whole module, alone or in the dict of a
        training run.

    Raises
    ------
    ModelError
        If it is anything else. The message says what it is, and what to do.
    """
    asked_for: set[Name] = set()
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            content = _inspected(file, size, asked_for)
            found, module = found_in(content.value)
            _check(found, content.value, size)
            weights = tensors(found, content.storages)
        return Checkpoint(weights, module)
    except ModelError as error:
        message = f"{path.name} {error}"
        raise ModelError(message) from None
    except OSError as error:
        message = f"{path.name} cannot be read: {error.strerror or error}."
        raise ModelError(message) from error
    except Exception as error:
        message = (
            f"{path.name} cannot be read as weights: it is cut short or damaged, or contains something other than "
            f"modules, tensors and plain values{_asking(asked_for)}. No code in it was run. Copy or download it again; "
            f"if you trust it, {YOURSELF}"
        )
        raise ModelError(message) from error


def weights_in(path: Path, names: Collection[str] | None = None) -> dict[str, torch.Tensor]:
    """Return the weights in a torch checkpoint, by name, without prefixes; see `read` and `without_prefixes`."""
    return without_prefixes(read(path).weights, names)


def without_prefixes(
    weights: Mapping[str, torch.Tensor], names: Collection[str] | None = None
) -> dict[str, torch.Tensor]:
    """Return weights without what other libraries, and wrappers of torch's, put before the names of all weights.

    If the names that they should have are given, only as far as that makes more of them match.
    """
    best = current = dict(weights)

    def take(changed: dict[str, torch.Tensor]) -> None:
        nonlocal best, current
        current = changed
        if names is None or sum(name in names for name in current) > sum(name in names for name in best):
            best = current

    if any(_COMPILED in name for name in current):
        take({name.replace(_COMPILED, ""): value for name, value in current.items()})
    for _ in range(_MOST_PREFIXES):
        counted = {name: value for name, value in current.items() if name != _AVERAGED}
        prefix = next((one for one in _PREFIXES if all(name.startswith(one) for name in counted)), "")
        if not prefix or not counted:
            break
        take({name.removeprefix(prefix): value for name, value in counted.items()})
    return best


def _inspected(file: IO[bytes], size: int, names: set[Name]) -> _Content:
    """Return what a file describes, and add the names in it to ``names``."""
    beginning = file.read(_LARGEST_PICKLE)
    content = None
    refusal = ""
    try:
        if not beginning:
            refusal = "is empty. Copy or download it again."
        elif beginning.startswith(b"PK\3\4"):
            content = _zipped(file, size, names)
        elif _MAGIC in beginning[:32]:
            content = _legacy(file, beginning, names)
        elif beginning[257:262] == b"ustar":
            refusal = (
                f"is a tar archive, torch's format until 2017, which is not supported. If you trust it, {YOURSELF}"
            )
        else:
            refusal = (
                f"is not a torch checkpoint: it begins with {beginning[:16]!r}. Pass a file that torch.save wrote."
            )
            with suppress(ValueError):
                Description(io.BytesIO(beginning), names)
                refusal = (
                    f"is a pickle that torch.save did not write{_asking(names, every=True)}. No code in it was run. "
                    "Pass what torch.save(model.state_dict(), path) writes."
                )
    except TooManyOperationsError:
        refusal = f"contains far more objects than a model needs. If you trust it, {YOURSELF}"
    finally:
        if refused := _listed(name for name in names if is_refused(name)):
            refusal = (
                f"asks for {refused}, which weights do not need. No code in it was run. If you trust it, {YOURSELF}"
            )
            raise ModelError(refusal)  # whatever else is wrong with it
    if content is None:
        raise ModelError(refusal)
    return content


def _zipped(file: IO[bytes], size: int, names: set[Name]) -> _Content:
    if not zipfile.is_zipfile(file):
        message = "is cut short or damaged: the list of contents at its end is missing. Copy or download it again."
        raise ModelError(message)
    archive = zipfile.ZipFile(file)
    every = archive.infolist()
    members = {member.filename.partition("/")[2]: member for member in every}
    plain = len(members) == len(every) and all(member.compress_type == zipfile.ZIP_STORED for member in every)
    if "constants.pkl" in members:
        refusal = f"is a TorchScript archive, which contains code. If you trust it, pass torch.jit.load({file.name!r})."
    elif "data.pkl" not in members:
        refusal = f"is a zip archive but not a torch checkpoint: it contains {archive.namelist()[:3]} but no data.pkl."
    elif not plain or sum(member.file_size for member in every) > size:
        refusal = "is compressed, or contains a file twice, which torch.save never does. Save it again with torch.save."
    elif members["data.pkl"].file_size > _LARGEST_PICKLE:
        refusal = (
            f"describes its objects in more than {_LARGEST_PICKLE:,} bytes, far more than a model needs. Save only the "
            "weights: torch.save(model.state_dict(), path)."
        )
    elif "byteorder" in members and archive.open(members["byteorder"]).read(7) != b"little":
        refusal = "has its numbers in the byte order of another kind of machine. Save it again on this kind."
    else:
        with archive.open(members["data.pkl"]) as pickled:
            description = Description(io.BytesIO(pickled.read()), names)
        return _Content(description.value, Zipped(archive, members))
    raise ModelError(refusal)


def _legacy(file: IO[bytes], beginning: bytes, names: set[Name]) -> _Content:
    """Read a file of the format before torch 1.6: five pickles, of which the last lists the storages behind them."""
    stream = io.BytesIO(beginning)
    *_, content, keys = [Description(stream, names) for _ in range(5)]
    file.seek(stream.tell())
    return _Content(content.value, Legacy(file, keys.value, content.stored))  # type: ignore[arg-type]


def _asking(names: Iterable[Name], *, every: bool = False) -> str:
    listed = _listed(name for name in names if every or is_foreign(name) or is_refused(name))
    return listed and f" (it asks for {listed})"


def _listed(names: Iterable[Name]) -> str:
    return ", ".join(sorted(" ".join(str(name).split()) for name in names))[:200]


def _check(found: Mapping[str, Described], loaded: object, size: int) -> None:
    """Check that weights were found, and no larger than a file of this size can contain."""
    total = sum(one.bytes for one in found.values())
    if not found:
        message = (
            f"contains {kind_of(loaded)} without named weights. No code in it was run. Pass what "
            "torch.save(model.state_dict(), path) writes; the state dict may also be in a dict, as "
            f"{', '.join(WRAPPERS[:_MOST_LISTED])}, …"
        )
    elif total > 8 * size:
        message = f"describes tensors far larger than its {size:,} bytes can contain. Save it again with torch.save."
    elif total > _LARGEST:
        more = f"{total:,} bytes, more than the {_LARGEST:,} that are read"
        message = f"contains weights of {more}. If you trust it, {YOURSELF}"
    else:
        return
    raise ModelError(message)
