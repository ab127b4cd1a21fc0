"""What pictures look like as text: data URLs, the only kind of picture a front end sends."""

from __future__ import annotations

import re

DATA_URL = re.compile(r"data:image/(png|jpeg|webp|gif|bmp);base64,", re.IGNORECASE)
"""How one begins; raster formats only."""
MAX_BYTES = 2_000_000
"""Bytes that the file of a picture may have, wherever it comes from."""
