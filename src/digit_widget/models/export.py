"""From a torch module to an ONNX graph."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch

from digit_widget.errors import short
from digit_widget.models import ModelError
from digit_widget.models.graph import Graph

if TYPE_CHECKING:
    from torch import Tensor, nn

_TYPES = {torch.float32: "float32", torch.float64: "float64"}


def exported(module: nn.Module, pictures: Tensor, *, is_channels_last: bool) -> Graph:
    """Export a module.

    Parameters
    ----------
    module
        In evaluation mode.
    pictures
        What it is asked about: of the shape, the type and on the device that it expects.
    is_channels_last
        Whether these are the axes of the pictures.

    Raises
    ------
    ModelError
        If it cannot be exported, or what that needs is not installed.
    """
    name = type(module).__name__
    if pictures.dtype not in _TYPES:
        message = f"A page without Python has no numbers of {pictures.dtype}. Convert the model: {name}.float()."
        raise ModelError(message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the exporter's own code
            program = torch.onnx.export(
                module, (pictures,), input_names=["pictures"], output_names=["scores"], dynamo=True, verbose=False
            )
    except ImportError as error:
        message = (
            "To answer without Python, a torch module is exported to ONNX, which needs two packages more: pip install "
            f"'onnx>=1.17' 'onnxscript>=0.3' ({short(error)})"
        )
        raise ModelError(message) from error
    except Exception as error:  # as many kinds as there are modules
        message = f"{name} cannot be exported to ONNX, which is what a page runs: {short(error)}"
        raise ModelError(message) from error
    taken = {
        "name": "pictures",
        "type": _TYPES[pictures.dtype],
        "dims": list(pictures.shape),
        "output": "scores",
    }
    return Graph(program.model_proto.SerializeToString(), taken, is_channels_last)  # type: ignore[union-attr]
