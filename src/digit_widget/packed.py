"""What a page needs to answer without Python, as one value. Nothing that has to be compiled is imported."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from digit_widget.models import bundled


@dataclass(frozen=True)
class Packed:
    """All that a page needs to answer as Python does."""

    description: dict[str, Any]
    """How the model is asked, how its answers are read, and what it says of some drawings in Python: `Packed` in
    js/engine/index.js."""
    parts: dict[str, bytes]
    """The weights of the bundled network's architecture; or another model as ONNX, and what runs it."""

    def as_trait(self, *, always: bool = False) -> dict[str, Any]:
        """Return what a pad's page needs, with the engine: the value of the trait `_offline`, see js/offline.js.

        Parameters
        ----------
        always
            Whether the page answers although Python is there.
        """
        engine = files(__package__).joinpath("static", "engine.js").read_text(encoding="utf-8")
        return {"engine": engine, "packed": self.description, "parts": self.parts, "always": always}


def bundled_packed() -> Packed:
    """Return the bundled network as it was packed when it was trained: where numpy is missing, it cannot be packed."""
    place = bundled()
    description = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
    return Packed(description, {"weights": place.with_suffix(".bin").read_bytes()})
