"""Why an answer is what it is: which ink spoke for it, and which for the runner-up."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from digit_widget.deadline import Caller, DeadlineError
from digit_widget.models import ModelError
from digit_widget.normalise import place
from digit_widget.picture import shrink
from digit_widget.strokes import PAD_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from digit_widget.classifier import Classifier
    from digit_widget.normalise import Ink

    Heat = npt.NDArray[np.float64]

WINDOW = 7
"""How often the window goes into a side of the picture: 4 px of 28, somewhat wider than a stroke."""
AT_ONCE = 2**15
"""Numbers worked on at a time. Larger arrays torch shares out among threads, and on a busy machine waiting for them was
measured to cost seven times the work."""
FEWEST = 8
"""Pictures the model is asked about at a time all the same, where they are large."""
CERTAIN = 100.0
"""Log-odds of what is certain, where a function that answers with a label would have infinity."""
NEGLIGIBLE = 0.01
"""A change of the log-odds that is nothing, and not made large: what batches of another size change by rounding."""

WARM, COLD = (230, 97, 0), (26, 133, 255)
"""Orange and blue: told apart with any colour blindness, and both stand out from black ink and from white paper."""


@dataclass(frozen=True)
class Explanation:
    """Which ink of a drawing spoke for the answer, and which for the one that came second.

    Notes
    -----
    A window a seventh of the picture's side wide is moved over the picture in steps of half its width, and what lies
    under it is replaced by paper. How much the log-odds of a class fall by that is the heat of the ink under the window
    [1]_ [2]_; where windows overlap, their mean; for colours, the sum over the channels. Both maps are divided by the
    same number, so that the strongest ink of the two has 1 or -1. Paper has no heat.

    It tells what the model's answer hangs on in this one drawing. It does not tell what would have happened had ink
    been *added*, nor what two places do together (if either of two strokes is enough, neither is warm), nor whether the
    model is right; and a hole in a stroke is itself something the model may never have seen.

    References
    ----------
    .. [1] M. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014: occlusion.
    .. [2] L. Zintgraf, T. Cohen, T. Adel, M. Welling, "Visualizing Deep Neural Network Decisions", ICLR 2017: the
       difference in log-odds, which does not fade when a model is sure.
    """

    prediction: int
    """Index of the class that was answered."""
    result: str
    """Its label."""
    runner_up: int
    """Index of the class that came second."""
    runner_up_result: str
    """Its label."""
    heat: Heat = field(repr=False, compare=False)
    """Of the shape of `seen`, -1..1: above 0, this ink spoke for the prediction; below, against it."""
    runner_up_heat: Heat = field(repr=False, compare=False)
    """The same for the runner-up, on the same scale."""
    seen: Ink = field(repr=False, compare=False)
    """The picture the model saw, uint8, 0 = paper, 255 = full ink."""
    overlay: npt.NDArray[np.uint8] | None = field(repr=False, compare=False)
    """The heat of the prediction laid back over the drawing as the pad shows it, to be laid on top: (height, width, 4),
    RGBA, at most 280 px a side. None where a transform made the picture: only it knows what it took from where."""

    def _repr_html_(self) -> str:
        """Return both maps, as a notebook shows them."""
        figures = "".join(
            '<figure style="margin: 0; text-align: center">'
            f'<img src="{picture(heat, self.seen)}" alt="" '
            'style="width: 140px; margin: 0; image-rendering: pixelated; border: 1px solid #8888">'
            f"<figcaption>{role}: {html.escape(label)}</figcaption></figure>"
            for heat, label, role in (
                (self.heat, self.result, "answer"),
                (self.runner_up_heat, self.runner_up_result, "runner-up"),
            )
        )
        warm, cold = (
            f'<span style="border-bottom: 3px solid rgb{colour}">{word}</span>'
            for word, colour in (("Warm", WARM), ("cold", COLD))
        )
        return (
            f'<div style="display: flex; gap: 16px">{figures}</div>'
            f"<div>{warm} ink spoke for the label below its picture, {cold} ink against it.</div>"
        )


def explain(classifier: Classifier, ink: Ink) -> Explanation:
    """Ask a classifier why it answers a drawing as it does; see `Explanation` for the method.

    Parameters
    ----------
    classifier
        Whose model may be of any kind: it is only asked, some hundred times, about the picture with holes in it.
    ink
        The drawing: shape (height, width), uint8, 0 = paper, 255 = full ink.

    Raises
    ------
    ModelError
        When captum is not installed, the model knows one class only, returns what cannot be used, or takes longer than
        its time limit for all its answers.
    ValueError
        When the drawing has no answer to explain.
    Exception
        Whatever the model or the transform raises.
    """
    captum = load()
    (answer,) = classifier.classify([ink])
    prediction = answer.prediction
    if prediction is None:
        message = f"This drawing has no answer to explain ({answer.result}); draw something that the model knows."
        raise ValueError(message)
    if len(classifier.labels) == 1:
        message = "The model knows one class only, so there is nothing that it could have answered instead."
        raise ModelError(message)
    try:
        found = Caller().within(classifier.timeout, lambda: _asked(captum, classifier, ink, prediction))
    except DeadlineError as error:
        message = (
            "An explanation asks the model about a hundred times, and it has not come through in "
            f"{classifier.timeout:g} s. Give it longer: Classifier(model, timeout=60)."
        )
        raise ModelError(message) from error
    masked = [np.where(found.inked, heat, 0) for heat in found.heats]
    strongest = max(NEGLIGIBLE, *(float(np.abs(heat).max()) for heat in masked))
    return Explanation(
        prediction=prediction,
        result=answer.result,
        runner_up=found.runner_up,
        runner_up_result=classifier.labels[found.runner_up],
        heat=masked[0] / strongest,
        runner_up_heat=masked[1] / strongest,
        seen=answer.seen,
        overlay=_overlay(found.heats[0] / strongest, ink, classifier),
    )


def load() -> Any:  # noqa: ANN401 - captum is an extra, and need not be there
    """Import captum.

    Raises
    ------
    ModelError
        When it is not installed.
    """
    try:
        from captum.attr import Occlusion  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        message = "Explanations are computed by captum, which is not installed: pip install 'digit-widget[explain]'"
        raise ModelError(message) from error
    return Occlusion


class _Found(NamedTuple):
    runner_up: int
    heats: list[Heat]
    """Of the prediction and of the runner-up, (height, width), not yet masked or scaled."""
    inked: npt.NDArray[np.bool_]


def _asked(occlusion: Any, classifier: Classifier, ink: Ink, prediction: int) -> _Found:  # noqa: ANN401
    import torch  # noqa: PLC0415 - captum's own numbers

    pictures = classifier.pictures([ink])
    channels, height, width = pictures.shape[1:]
    # What a transform makes of paper need not be 0. It is most of the picture.
    paper = np.zeros(1) if classifier.transform is None else np.median(pictures, axis=(2, 3), keepdims=True)
    ask = _remembering(lambda some: classifier.logits(some) / classifier.model.temperature)
    second = ask(pictures)[0]
    second[prediction] = -np.inf
    runner_up = int(second.argmax()) if np.isfinite(second).any() else int(prediction == 0)

    def heat(target: int) -> Heat:
        window, step = zip(*map(_window, (height, width)), strict=True)
        attribution = occlusion(lambda batch: torch.from_numpy(_log_odds(ask(batch.numpy()), target))).attribute(
            torch.from_numpy(pictures),
            baselines=torch.from_numpy(np.broadcast_to(paper, pictures.shape).astype(np.float32)),
            sliding_window_shapes=(channels, *window),
            strides=(channels, *step),
            perturbations_per_eval=max(FEWEST, AT_ONCE // pictures.size),
        )
        total: Heat = attribution[0].sum(dim=0).numpy()
        return total

    return _Found(runner_up, [heat(prediction), heat(runner_up)], (pictures != paper).any(axis=(0, 1)))


def _window(side: int) -> tuple[int, int]:
    """Return how wide the window is in a picture of that side, and by how much it is moved on."""
    width = min(side, max(2, round(side / WINDOW)))
    return width, max(1, width // 2)


def _remembering(
    ask: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float64]],
) -> Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float64]]:
    """Ask about no picture twice: a window over paper changes nothing, and both classes are asked about the same."""
    known: dict[bytes, npt.NDArray[np.float64]] = {}

    def asked(pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        keys = [picture.tobytes() for picture in pictures]
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in known}
        if new:
            known.update(zip(new, ask(np.stack(list(new.values()))), strict=True))
        return np.stack([known[key] for key in keys])

    return asked


def _log_odds(logits: npt.NDArray[np.float64], target: int) -> npt.NDArray[np.float64]:
    """Return how much one class outweighs all others, (n,), for logits, (n, classes); finite."""
    others = np.logaddexp.reduce(np.delete(logits, target, axis=1), axis=1)
    with np.errstate(invalid="ignore"):  # all minus infinity: none of the classes
        odds: npt.NDArray[np.float64] = np.nan_to_num(logits[:, target] - others, nan=-CERTAIN).clip(-CERTAIN, CERTAIN)
    return odds


def _overlay(heat: Heat, ink: Ink, classifier: Classifier) -> npt.NDArray[np.uint8] | None:
    """Lay heat back over the drawing, the way its ink came into the picture."""
    if classifier.transform is not None:
        return None
    sheet = shrink(ink, PAD_SIZE)
    laid = np.zeros(sheet.shape)
    if not classifier.normalise:
        return tinted(_stretched(heat, *sheet.shape), sheet)
    side = min(heat.shape)
    placed = place(ink, side)
    assert placed is not None  # noqa: S101 - for the type checker: there is an answer, and so ink
    rows, columns = (
        slice(to.start + (length - side) // 2, to.stop + (length - side) // 2)  # in the middle, where it is not square
        for to, length in zip(placed.to, heat.shape, strict=True)
    )
    box = tuple(
        slice(at.start * to // length, max(-(-at.stop * to // length), at.start * to // length + 1))
        for at, length, to in zip(placed.box, ink.shape, sheet.shape, strict=True)
    )
    laid[box] = _stretched(heat[rows, columns], *laid[box].shape)
    return tinted(laid, sheet)


def _stretched(heat: Heat, height: int, width: int) -> Heat:
    image = Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, np.float64)


def tinted(heat: Heat, ink: Ink) -> npt.NDArray[np.uint8]:
    """Return the colour of heat on ink, to be laid over it: (height, width, 4), RGBA; nothing where there is no ink."""
    strength = np.sqrt(np.abs(heat).clip(0, 1))
    rgba = np.empty((*heat.shape, 4), np.uint8)
    rgba[..., :3] = np.where(heat[..., None] > 0, WARM, COLD)
    rgba[..., 3] = np.round(strength * ink)
    rgba[rgba[..., 3] == 0] = 0
    return rgba


def picture(heat: Heat, seen: Ink) -> str:
    """Return what the model saw, its ink in the colours of its heat, as a PNG data URL."""
    paper = Image.fromarray(255 - seen).convert("RGBA")
    return data_url(np.asarray(Image.alpha_composite(paper, Image.fromarray(tinted(heat, seen))).convert("RGB")))


def data_url(pixels: npt.NDArray[np.uint8]) -> str:
    """Return pixels, (height, width, 3 or 4), as a PNG data URL."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
