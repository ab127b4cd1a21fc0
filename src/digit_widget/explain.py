"""Why an answer is what it is: which ink spoke for it, and which for the runner-up."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from digit_widget.deadline import Caller, DeadlineError
from digit_widget.models import ModelError
from digit_widget.normalise import place
from digit_widget.picture import data_url, shrink
from digit_widget.strokes import PAD_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from digit_widget.classifier import Classifier
    from digit_widget.normalise import Ink

    Heat = npt.NDArray[np.float64]
    Picture = npt.NDArray[np.float32]
    Rows = npt.NDArray[np.float64]

WINDOW = 7
"""How often the window goes into a side of the picture: 4 px of 28, somewhat wider than a stroke."""
AT_ONCE = 2**15
"""Numbers in a batch, 41 pictures of 28 × 28. Larger batches torch shares among threads, and on a busy machine waiting
for them was measured to cost seven times the work."""
FEWEST = 8
"""Pictures in a batch at least, however large they are."""
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
    A window, a seventh as wide as the picture, is moved over the picture in steps of half its width. At each step the
    model is asked about the picture with paper in place of what is under the window. The heat of that ink is how much
    the log-odds of a class fall [1]_ [2]_. Where windows overlap, it is their mean; where a picture has several
    channels, it is the sum over them. Both maps are divided by the same number, so that the strongest ink of the two
    has 1 or -1. Paper has no heat.

    The heat says which ink the answer depends on in this one drawing. It does not say what would have happened if ink
    had been *added*, what two places do together (if either of two strokes is enough, neither is warm), or whether the
    model is right. A stroke with a hole in it may itself be something that the model has never seen.

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

    def shown(self) -> dict[str, str]:
        """Return what the panel shows: labels, and pictures as data URLs ("" for one that there is not)."""
        return {
            "label": self.result,
            "runner_up_label": self.runner_up_result,
            "seen": picture(self.heat, self.seen),
            "runner_up": picture(self.runner_up_heat, self.seen),
            "overlay": "" if self.overlay is None else data_url(self.overlay),
        }

    def _repr_html_(self) -> str:
        """Return both maps, as a notebook shows them."""
        figures = "".join(
            '<figure style="margin: 0; text-align: center">'
            f'<img src="{picture(heat, self.seen)}" alt="" '
            'style="width: 140px; margin: 0; image-rendering: pixelated; border: 1px solid #8888">'
            f"<figcaption>{role}: {html.escape(label)}</figcaption></figure>"
            for heat, label, role in (
                (self.heat, self.result, "answer"),
                (self.runner_up_heat, self.runner_up_result, "second place"),
            )
        )
        warm, cold = (
            f'<span style="border-bottom: 3px solid rgb{colour}">{word}</span>'
            for word, colour in (("Orange", WARM), ("blue", COLD))
        )
        return (
            f'<div style="display: flex; gap: 16px">{figures}</div>'
            f"<div>{warm} ink spoke for the label below its picture, {cold} ink against it.</div>"
        )


def explain(classifier: Classifier, ink: Ink) -> Explanation:
    """Say why a classifier answers a drawing as it does; `Explanation` describes the method.

    Parameters
    ----------
    classifier
        Its model may be of any kind: it is only asked, up to some 170 times, about the picture with a hole in it.
    ink
        The drawing: shape (height, width), uint8, 0 = paper, 255 = full ink.

    Raises
    ------
    ModelError
        When the model knows only one class, returns what cannot be used, or takes longer than its time limit for all
        its answers.
    ValueError
        When the drawing has no answer to explain.
    Exception
        Whatever the model or the transform raises.
    """
    (answer,) = classifier.classify([ink])
    prediction = answer.prediction
    if prediction is None:
        message = f"This drawing has no answer to explain ({answer.result}); draw something that the model knows."
        raise ValueError(message)
    if len(classifier.labels) == 1:
        message = "The model knows one class only, so there is nothing that it could have answered instead."
        raise ModelError(message)
    try:
        found = Caller().within(classifier.timeout, lambda: _asked(classifier, ink, prediction))
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


class _Found(NamedTuple):
    runner_up: int
    heats: npt.NDArray[np.float64]
    """Of the prediction and of the runner-up, (2, height, width), not yet masked or scaled."""
    inked: npt.NDArray[np.bool_]


def _asked(classifier: Classifier, ink: Ink, prediction: int) -> _Found:
    (picture,) = classifier.pictures([ink])
    paper = np.zeros((1, 1, 1), np.float32)
    if classifier.transform is not None:  # what it makes of paper need not be 0, and is most of the picture
        paper = np.median(picture, axis=(1, 2), keepdims=True).astype(np.float32)

    def logits(pictures: Picture) -> Rows:
        return classifier.logits(pictures) / classifier.model.temperature

    (second,) = logits(picture[None])
    second[prediction] = -np.inf
    runner_up = int(second.argmax()) if np.isfinite(second).any() else int(prediction == 0)

    def log_odds(pictures: Picture) -> Rows:
        rows = logits(pictures)
        return np.stack([_log_odds(rows, prediction), _log_odds(rows, runner_up)], axis=1)

    return _Found(runner_up, _occlusion(log_odds, picture, paper), (picture != paper).any(axis=0))


def _occlusion(ask: Callable[[Picture], Rows], picture: Picture, paper: Picture) -> npt.NDArray[np.float64]:
    """Return how much a model's numbers for a picture fall when a window of paper hides some of its ink.

    The result is that of ``captum.attr.Occlusion``. The model is not asked about windows that hide no ink, because its
    numbers stay the same.

    Parameters
    ----------
    ask
        Takes pictures, (n, channels, height, width), and returns some numbers for each, (n, numbers).
    picture
        Shape (channels, height, width).
    paper
        The value of each channel where there is no ink: shape (channels, 1, 1), or (1, 1, 1) for all channels.

    Returns
    -------
    numpy.ndarray
        Shape (numbers, height, width): the mean over the windows that cover a pixel, summed over the channels.
    """
    height, width = picture.shape[1:]
    windows = list(product(_spans(height), _spans(width)))
    inked = [window for window in windows if (picture[:, *window] != paper).any()]
    (before,) = ask(picture[None])
    falls = np.zeros((len(before), height, width))
    at_once = max(FEWEST, AT_ONCE // picture.size)
    for some in (inked[start : start + at_once] for start in range(0, len(inked), at_once)):
        pictures = np.repeat(picture[None], len(some), axis=0)
        for covered, window in zip(pictures, some, strict=True):
            covered[:, *window] = paper
        for after, window in zip(ask(pictures), some, strict=True):
            falls[:, *window] += (before - after)[:, None, None]
    times = np.zeros((height, width))
    for window in windows:
        times[window] += 1
    return len(picture) * falls / times


def _spans(side: int) -> list[slice]:
    """Return the rows, or columns, of a side that the window covers at each step; the last may reach over the edge."""
    width = min(side, max(2, round(side / WINDOW)))
    step = max(1, width // 2)
    return [slice(start, start + width) for start in range(0, side - width + step, step)]


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
