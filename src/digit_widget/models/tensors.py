"""Tensors and parameters in the JSON of the Open Inference Protocol, read from somebody else's server."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Array = npt.NDArray[Any]

FLOATS = ("FP32", "FP16", "FP64", "BF16")
WHOLE = ("UINT8", "UINT16", "UINT32", "UINT64", "INT16", "INT32", "INT64")
"""Types that a pixel from 0 to 255 fits into; a model that takes one of them takes those."""


class NonsenseError(ValueError):
    """Outputs cannot be read; the message says why, as half a sentence."""


def arrays_of(outputs: object) -> dict[str, Array]:
    """Return the outputs in an answer that are numbers, by name.

    Raises
    ------
    NonsenseError
        If there are none, or one cannot be read.

    Examples
    --------
    >>> arrays_of([{"name": "logits", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 2]}])
    {'logits': array([[0.5, 2. ]])}
    """
    found = [output for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    if not found:
        message = "there are none"
        raise NonsenseError(message)
    arrays = {str(output.get("name")): _array(output) for output in found if output.get("datatype") != "BYTES"}
    if not arrays:
        message = "they are text; a model has to return a number for each class, or the index of one"
        raise NonsenseError(message)
    return arrays


def _array(output: Mapping[str, Any]) -> Array:
    name, kind, shape, data = (output.get(key) for key in ("name", "datatype", "shape", "data"))
    if not isinstance(data, list):
        message = f"{name!r:.40} has no list of data; binary answers are not read"
        raise NonsenseError(message)
    try:
        array = np.asarray(data, bool if kind == "BOOL" else np.float64 if kind in FLOATS else np.int64)
    except (TypeError, ValueError, OverflowError):
        message = f"the data of {name!r:.40} are not numbers of the type {kind!r:.40}"
        raise NonsenseError(message) from None
    if shape is None:
        return array
    lengths = shape if isinstance(shape, list) and all(type(each) is int and each >= 0 for each in shape) else [-1]
    if math.prod(lengths) != array.size:
        message = f"{name!r:.40} has {array.size} numbers and the shape {shape!r:.60}"
        raise NonsenseError(message)
    return array.reshape(lengths)


def calibration_in(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the temperature and the threshold in the parameters of a model, of an answer or of its outputs."""
    outputs = about.get("outputs")
    parts = [*(outputs if isinstance(outputs, list) else ()), about]
    found: dict[str, Any] = {}
    for part in parts:
        given = part.get("parameters") if isinstance(part, dict) else None
        if isinstance(given, dict):
            found |= {key: given[key] for key in ("temperature", "threshold") if given.get(key) is not None}
    return found
