"""What pictures look like as text: data URLs, the only kind of picture a front end sends."""

from __future__ import annotations

import base64
import re

DATA_URL = re.compile(r"data:image/(png|jpeg|webp|gif|bmp);base64,", re.IGNORECASE)
"""How one begins; raster formats only."""
PNG = "data:image/png;base64,"
"""How one of a PNG file begins, as Python and the pad write it."""
MAX_BYTES = 2_000_000
"""Bytes that the file of a picture may have, wherever it comes from."""


def png_url(file: bytes) -> str:
    """Return a PNG file as a data URL.

    Examples
    --------
    >>> png_url(b"...")
    'data:image/png;base64,Li4u'
    """
    return PNG + base64.b64encode(file).decode()
