"""One prediction in Python, from data URL to answer, beside the article's way."""

from __future__ import annotations

import base64
import io
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import article
import numpy as np
import torch
from harness import digit_ink
from PIL import Image
from report import Table, timings

from digit_widget import Classifier, predict
from digit_widget.models.cnn import CNN
from digit_widget.normalise import normalise
from digit_widget.picture import from_data_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from digit_widget.normalise import Ink

PLACES = ((0.6, (0.5, 0.5)), (0.3, (0.25, 0.7)), (0.45, (0.6, 0.4)))
"""How large a digit is, and where, in shares of the pad."""
OURS, KEPT, THEIRS = "`predict(url)`", "`predict(url, classifier)`", "the article's way"


def measure(*, quick: bool) -> list[Table]:
    """Measure the whole, and then its parts; the article's torch has one thread."""
    torch.set_num_threads(1)
    repeat = 2 if quick else 20
    drawings = [(digit, _url(digit_ink(digit, side, at))) for side, at in PLACES for digit in range(10)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.pth")
        torch.save(CNN.pretrained(), path)
        return [_whole(drawings * repeat, path), _parts([url for _, url in drawings] * repeat, path)]


def _whole(drawings: list[tuple[int, str]], path: Path) -> Table:
    classifier = Classifier()
    times: dict[str, list[float]] = {OURS: [], KEPT: [], THEIRS: []}
    right = 0
    for digit, url in drawings:
        for name, way in (
            (OURS, lambda: predict(url)),  # noqa: B023 - called before the next turn
            (KEPT, lambda: predict(url, classifier)),  # noqa: B023
            (THEIRS, lambda: article.predict(url, path)),  # noqa: B023
        ):
            answer, spent = _timed(way)
            times[name].append(spent)
            right += name == OURS and answer.prediction == digit
    assert right > 0.9 * len(drawings), f"{right} of {len(drawings)} digits right: what is measured does not work."
    remark = "Three sizes and places of each of ten digits, in turn, the ways one after the other."
    return timings("One prediction, data URL → answer", times, "ms", OURS, remark)


def _parts(urls: list[str], path: Path) -> Table:
    model = Classifier().model
    times: dict[str, list[float]] = {
        name: []
        for name in (
            "digit-widget: decode",
            "digit-widget: normalise",
            "digit-widget: model",
            "article: load the model",
            "article: decode, invert, resize",
            "article: model",
        )
    }
    for url in urls:
        ink, decode = _timed(lambda: from_data_url(url))  # noqa: B023
        seen, normal = _timed(lambda: normalise(ink))  # noqa: B023
        pictures = np.divide(seen[None, None], 255, dtype=np.float32)
        _, ask = _timed(lambda: model(pictures))  # noqa: B023
        module, load = _timed(lambda: article.load(path))
        tensor, read = _timed(lambda: article.read(url))  # noqa: B023
        _, their = _timed(lambda: article.ask(module, tensor))  # noqa: B023
        for own, spent in zip(times.values(), (decode, normal, ask, load, read, their), strict=True):
            own.append(spent)
    return timings("Its parts", times, "ms", "digit-widget: model")


def _timed(work: Callable[[], object]) -> tuple[object, float]:
    """Return what the work gives, and how many ms it took."""
    begin = time.perf_counter()
    result = work()
    return result, 1000 * (time.perf_counter() - begin)


def _url(ink: Ink) -> str:
    """Return the drawing as the page sends it: in three channels, black on white."""
    file = io.BytesIO()
    Image.fromarray(255 - ink).convert("RGB").save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
