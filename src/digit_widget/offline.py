"""A model packed for a page that answers without Python; js/engine is what runs it there."""

from __future__ import annotations

import base64
import math
import sys
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.forms import VALUES
from digit_widget.known import drawings
from digit_widget.models import ModelError
from digit_widget.models.adapting import called, is_instance
from digit_widget.models.numpy_cnn import NAMES, NumpyCNN
from digit_widget.normalise import normalise
from digit_widget.picture import shrink

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from digit_widget.normalise import Ink
    from digit_widget.probe import KnownModel

    Array = npt.NDArray[np.float32]

PROOFS = (3, 18)
"""The known drawings by which a page sees that it calculates as Python does: a neat 3, and a clumsy 8."""
PROOF_SIDE = 56
"""Their side, in pixels."""
_LAYERS = tuple(name.removesuffix(".bias") for name in NAMES if name.endswith(".bias"))
_MOST = 2**15 - 1


@dataclass(frozen=True)
class Packed:
    """All that a page needs to answer as Python does."""

    about: dict[str, Any]
    """How the model is asked and how its answers are read: `About` in js/engine/classifier.js."""
    proofs: list[dict[str, Any]]
    """Drawings, and what the model says of them in Python."""
    weights: bytes
    """Of the bundled network's architecture, layer by layer; js/engine/cnn.js reads them."""

    def as_json(self) -> dict[str, Any]:
        """Return all but the weights."""
        return {"about": self.about, "proofs": self.proofs}

    def as_trait(self) -> dict[str, Any]:
        """Return what a pad's page needs, with the engine: the value of the trait `_offline`, see js/offline.js."""
        engine = files(__package__).joinpath("static", "engine.js").read_text(encoding="utf-8")
        return {"engine": engine, "packed": self.as_json(), "weights": self.weights}


def pack(known: KnownModel, source: object, classes: int) -> Packed:
    """Pack a model.

    Parameters
    ----------
    known
        The model, and how it is asked.
    source
        The model as it was given, which the message is about when it cannot be packed.
    classes
        How many there are.

    Raises
    ------
    ModelError
        When it cannot: it is Python code, or another network than the bundled one's architecture.
    """
    if known.preparation.transform is not None:
        message = (
            "A transform is Python code, which does not run on a page without Python. Say what the model expects with "
            "inputs=, ink= and input_size= instead."
        )
        raise ModelError(message)
    weights = _weights(known.model)
    if weights is None:
        message = (
            f"The model ({called(source)}) cannot answer without Python: so far only the bundled network, and other "
            "weights of its architecture, can. Serve the notebook with Voila, or train models/train.py's network."
        )
        raise ModelError(message)
    if not all(np.isfinite(weight).all() for weight in weights.values()):
        message = "The model's weights contain NaN or infinity. Train it anew, or load the weights again."
        raise ModelError(message)
    layers = {name: _quantised(weights[f"{name}.weight"]) for name in _LAYERS}
    rounded = {
        f"{name}.weight": (scales * whole).reshape(weights[f"{name}.weight"].shape)
        for name, (scales, whole) in layers.items()
    }
    model = NumpyCNN({**weights, **rounded}, known.model.temperature, known.model.threshold)
    return Packed(
        _about(known, classes),
        [_proof(replace(known, model=model), shrink(drawings()[index], PROOF_SIDE)) for index in PROOFS],
        b"".join(
            scales.tobytes() + weights[f"{name}.bias"].astype("<f4").tobytes() + whole.tobytes()
            for name, (scales, whole) in layers.items()
        ),
    )


def _quantised(weight: Array) -> tuple[Array, npt.NDArray[np.int16]]:
    """Return weights as whole numbers of 16 bits, (out, in), and what those of each output are multiplied by, (out, 1).

    They take the room of half precision, and are five times as exact, because a layer's weights are of similar size.
    """
    rows = weight.reshape(len(weight), -1)
    scales = (np.abs(rows).max(axis=1, keepdims=True) / _MOST).astype("<f4")
    whole = np.round(rows / np.where(scales > 0, scales, 1)).astype("<i2")
    return scales, whole


def _weights(model: object) -> Mapping[str, Array] | None:
    """Return the weights of a network of the bundled one's architecture, by name; None of another model."""
    if isinstance(model, NumpyCNN):
        return model.weights
    if is_instance(model, "digit_widget.models.pytorch.TorchModel"):
        module = model.module  # type: ignore[attr-defined]
        if type(module) is sys.modules["digit_widget.models.cnn"].CNN:  # one derived from it may calculate otherwise
            return {name: tensor.detach().float().cpu().numpy() for name, tensor in module.state_dict().items()}
    return None


def _about(known: KnownModel, classes: int) -> dict[str, Any]:
    form = known.inputs.form
    mean, deviation = VALUES[form.values] if isinstance(form.values, str) else form.values
    threshold = known.model.threshold
    return {
        "classes": classes,
        "temperature": known.model.temperature,
        "threshold": threshold if math.isfinite(threshold) else None,
        "probabilities": known.returns_probabilities,
        "normalise": known.preparation.normalise,
        "shape": NumpyCNN.shape,
        "mean": mean,
        "deviation": deviation,
        "ink": form.ink,
        "transposed": form.transposed,
        "channelsLast": False,
    }


def _proof(known: KnownModel, ink: Ink) -> dict[str, Any]:
    (outputs,) = known.outputs(known.pictures([ink], [normalise(ink)]))
    height, width = ink.shape
    data = base64.b64encode(ink.tobytes()).decode()
    return {"width": width, "height": height, "ink": data, "outputs": np.asarray(outputs, float).round(6).tolist()}
