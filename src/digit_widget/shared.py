"""What Python and the front end must agree on: both read it from ``pad.json``."""

from __future__ import annotations

import json
from importlib.resources import files

_PAD = json.loads(files(__package__).joinpath("pad.json").read_text(encoding="utf-8"))

SIZE: int = _PAD["size"]
"""Side of the pad, in pad units (CSS pixels)."""
SMALLEST: int = _PAD["smallest"]
"""The smallest side at which the pad may be shown, in CSS pixels."""
LARGEST: int = _PAD["largest"]
"""The largest side at which the pad may be shown, in CSS pixels."""
PEN_WIDTH: float = _PAD["pen_width"]
"""Width of the pen, in pad units."""
SLOW_SECONDS: float = _PAD["slow_ms"] / 1000
"""After this time without an answer the panel says that Python is busy."""
NO_ANSWER: str = _PAD["no_answer"]
"""What is shown while the pad is blank, and for a drawing that is not a digit."""
