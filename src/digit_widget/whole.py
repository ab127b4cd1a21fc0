"""Files that are there as a whole or not at all."""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def whole(place: Path) -> Iterator[Path]:
    """Give a name beside a file or a folder to write under, and move what was written there if nothing went wrong.

    What was there before stays until then. An empty folder is replaced too.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole(file) as part:
    ...     _ = part.write_text("all of it")
    >>> file.read_text()
    'all of it'
    """
    part = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield part
        if part.is_dir() and place.is_dir():
            place.rmdir()
        part.replace(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        with suppress(OSError):
            part.unlink()
