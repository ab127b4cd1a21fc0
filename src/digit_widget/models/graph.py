"""Any model that is a network, as an ONNX graph that runs elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from digit_widget.models import ModelError
from digit_widget.models.adapting import is_instance

if TYPE_CHECKING:
    from digit_widget.models import Model


@dataclass(frozen=True)
class Graph:
    """A network as ONNX, and how it takes a picture."""

    model: bytes
    """The content of an ONNX file."""
    input: dict[str, Any]
    """Its input and output: `Input` in js/engine/onnx.js."""
    is_channels_last: bool


def graph(model: Model, name: str) -> Graph:
    """Return a model as an ONNX graph.

    Parameters
    ----------
    name
        What to call the model in a message.

    Raises
    ------
    ModelError
        If it is Python code, or cannot be exported.
    """
    if is_instance(model, "digit_widget.models.onnx.OnnxModel", "digit_widget.models.pytorch.TorchModel"):
        found: Graph = model.graph()  # type: ignore[attr-defined]
        return found
    message = (
        f"The model ({name}) cannot answer without Python: a page runs the bundled network, a torch module that can be "
        "exported, and ONNX files. Export the model to ONNX, and pass the file; or serve the notebook with Voila."
    )
    raise ModelError(message)
