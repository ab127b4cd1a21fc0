"""A model packed for a page that answers without Python; js/engine is what runs it there."""

from __future__ import annotations

import base64
import gzip
import lzma
import math
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.contract import check_outputs
from digit_widget.forms import VALUES
from digit_widget.known import drawings
from digit_widget.models import ModelError, bundled
from digit_widget.models.adapting import called, is_instance
from digit_widget.models.graph import graph
from digit_widget.models.numpy_cnn import NAMES, NumpyCNN
from digit_widget.normalise import SIDE, normalise
from digit_widget.packed import Packed
from digit_widget.picture import shrink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from digit_widget.models import Model
    from digit_widget.models.graph import Graph
    from digit_widget.models.teacher import Teacher
    from digit_widget.normalise import Ink
    from digit_widget.probe import KnownModel

    Array = npt.NDArray[np.float32]

PROOFS = (3, 18)
"""The known drawings by which a page sees that it calculates as Python does: a neat 3, and a clumsy 8."""
PROOF_SIDE = 56
"""Their side, in pixels."""
_LAYERS = tuple(name.removesuffix(".bias") for name in NAMES if name.endswith(".bias"))
_MOST = 2**15 - 1


def pack(known: KnownModel, source: object, labels: Sequence[str]) -> Packed:
    """Pack a model.

    Parameters
    ----------
    known
        The model, and how it is asked.
    source
        The model as it was given, which the message is about when it cannot be packed.
    labels
        One for each class.

    Raises
    ------
    ModelError
        When it cannot: it is Python code, or cannot be exported to ONNX; or a teacher that cannot answer yet.
    """
    if is_instance(known.model, "digit_widget.models.teacher.Teacher"):
        return _pack_teacher(known, known.model, labels)  # type: ignore[arg-type]  # it is one
    if known.preparation.transform is not None:
        message = (
            "A transform is Python code, which does not run on a page without Python. Say what the model expects with "
            "inputs=, ink= and input_size= instead."
        )
        raise ModelError(message)
    if is_instance(known.model, "digit_widget.models.pytorch.TorchModel"):
        weights: Mapping[str, Array] | None = known.model.weights  # type: ignore[attr-defined]
    else:
        weights = known.model.weights if isinstance(known.model, NumpyCNN) else None
    if weights:
        part, model = _rounded(weights, known.model)
        network, parts = None, {"weights": part}
    else:
        network, model = graph(known.model, called(source)), known.model
        parts = {"model": network.model, **_runtime()}
    return Packed(
        {
            "about": _about(known, len(labels), network),
            "proofs": [
                _proof(replace(known, model=model), shrink(drawings()[index], PROOF_SIDE), labels) for index in PROOFS
            ],
            "onnx": network.input if network else None,
        },
        parts,
    )


def _pack_teacher(known: KnownModel, teacher: Teacher, labels: Sequence[str]) -> Packed:
    """Pack what was taught so far: js/engine/teacher.js is what runs it."""
    from digit_widget.models import teacher as module  # noqa: PLC0415 - few pads are taught
    from digit_widget.models.plda import load_background  # noqa: PLC0415

    network, taught, background = module.bundled_network(), teacher.taught, load_background()
    if taught.is_personal and not any(taught.counts):
        return pack(replace(known, model=network), None, labels)
    if not taught.is_personal and sum(map(bool, taught.counts)) < 2:  # noqa: PLR2004 - one cannot be told from others
        message = (
            "A page could not answer, because fewer than two classes have been taught. Draw, say which class it is, "
            "and save the page then."
        )
        raise ModelError(message)
    weights, _ = _rounded(network.weights, network)
    with np.load(bundled().with_name("teaching.npz")) as file:
        arrays = [file[name].astype("<f4") for name in ("scale", "shift", "spread")]
        teaching = b"".join(map(np.ndarray.tobytes, (*arrays, taught.sums.astype("<f4"), file["projection"])))
    rules: dict[str, Any] = {"never": module.NEVER, "personal": None}
    about = _about(known, len(labels), None)
    if taught.is_personal:
        rules["personal"] = {"sure": module.SURE, "strong": module.STRONG, "weak": module.WEAK}
        rules["personal"] |= {"temperature": network.temperature, "threshold": network.threshold}
    else:
        about |= {"threshold": background.threshold, "isOfBest": True}
    inks = [shrink(drawings()[index], PROOF_SIDE) for index in PROOFS]
    rows = taught.says(known.pictures(inks, [normalise(ink) for ink in inks]))
    proofs = list(map(_proven, inks, rows))
    description = {"counts": taught.counts, "network": network.classes} | rules
    return Packed(
        {"about": about, "proofs": proofs, "onnx": None, "taught": description},
        {"weights": weights, "teaching": teaching},
    )


def _rounded(weights: Mapping[str, Array], like: Model) -> tuple[bytes, Model]:
    """Return weights as js/engine/cnn.js reads them, and the network as it is with them."""
    if not all(np.isfinite(weight).all() for weight in weights.values()):
        message = "The model's weights contain NaN or infinity. Train it anew, or load the weights again."
        raise ModelError(message)
    found, rounded = b"", dict(weights)
    for name in _LAYERS:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        scales, whole = _quantised(weight)
        found += scales.tobytes() + bias.astype("<f4").tobytes() + whole.tobytes()
        rounded[f"{name}.weight"] = (scales * whole).reshape(weight.shape)
    return found, NumpyCNN(rounded, like.temperature, like.threshold)


def _quantised(weight: Array) -> tuple[Array, npt.NDArray[np.int16]]:
    """Return weights as whole numbers of 16 bits, (out, in), and what those of each output are multiplied by, (out, 1).

    They take the room of half precision, and are several times as exact, because an output's weights are alike in size.
    """
    rows = weight.reshape(len(weight), -1)
    scales = (np.abs(rows).max(axis=1, keepdims=True) / _MOST).astype("<f4")
    whole = np.round(rows / np.where(scales > 0, scales, 1)).astype("<i2")
    return scales, whole


@cache
def _runtime() -> dict[str, bytes]:
    """Return onnxruntime-web, packed in a way that browsers can unpack."""
    folder = files(__package__).joinpath("ort")
    wasm = lzma.decompress(folder.joinpath("ort.wasm.xz").read_bytes())
    runtime = folder.joinpath("ort.mjs").read_bytes()
    return {"runtime": gzip.compress(runtime, mtime=0), "wasm": gzip.compress(wasm, mtime=0)}


def _about(known: KnownModel, classes: int, network: Graph | None) -> dict[str, Any]:
    form = known.inputs.form
    mean, deviation = VALUES[form.values] if isinstance(form.values, str) else form.values
    threshold = known.model.threshold
    return {
        "classes": classes,
        "temperature": known.model.temperature,
        "threshold": threshold if math.isfinite(threshold) else None,
        "probabilities": known.returns_probabilities,
        "normalise": known.preparation.normalise,
        "shape": known.model.shape or (1, SIDE, SIDE),
        "mean": mean,
        "deviation": deviation,
        "ink": form.ink,
        "transposed": form.transposed,
        "channelsLast": network is not None and network.is_channels_last,
    }


def _proof(known: KnownModel, ink: Ink, labels: Sequence[str]) -> dict[str, Any]:
    outputs = known.outputs(known.pictures([ink], [normalise(ink)]))
    (row,) = check_outputs(outputs, 1, labels, probabilities=known.returns_probabilities)
    return _proven(ink, row)


def _proven(ink: Ink, row: npt.NDArray[np.floating[Any]]) -> dict[str, Any]:
    """Return a drawing and what the model says of it: `Proof` in js/engine/index.js."""
    height, width = ink.shape
    data = base64.b64encode(ink.tobytes()).decode()
    return {"width": width, "height": height, "ink": data, "outputs": row.round(6).tolist()}
