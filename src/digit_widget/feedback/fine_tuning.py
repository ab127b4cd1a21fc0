"""The bundled network trained on with what people said, without forgetting what it knew."""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from digit_widget.errors import short
from digit_widget.feedback.record import NONE, FeedbackError
from digit_widget.feedback.tables import labels_of, to_arrays
from digit_widget.labels import are_digits
from digit_widget.models import TORCH, bundled
from digit_widget.normalise import normalise
from digit_widget.whole import whole

try:
    import torch
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file
    from torch.nn import functional
    from torchvision.datasets import MNIST
    from tqdm.auto import tqdm
except ImportError as _error:
    _message = f"Fine-tuning needs more than is installed ({short(_error)}): pip install '{TORCH}' torchvision tqdm"
    raise FeedbackError(_message) from _error

from digit_widget.models.cnn import CNN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor

    from digit_widget.feedback.record import Record

ALLOWED = 0.001
"""The share of MNIST's test digits that may be lost."""
REHEARSED = 6000
"""MNIST's training digits on which the network is to go on saying what it said."""
BATCH, REHEARSAL = 32, 96
REMEMBERED = 4.0
"""How much more what was known counts than what is new."""
LEARNING_RATE = 3e-4
DECREASE = 0.8
"""Share of the steps after which the learning rate falls to nothing in a line."""


@dataclass(frozen=True)
class FineTuned:
    """What came of fine-tuning."""

    path: Path | None
    """The weights; None where they were not kept, because too much was forgotten."""
    count: int
    """How many drawings it has learnt from."""
    learnt: tuple[float, float]
    """The share of these that is answered rightly, before and after, 0..1; none of the classes counts as right if it
    is what was said."""
    mnist: tuple[float, float]
    """The share of MNIST's test digits that is answered rightly, before and after, 0..1."""

    def __str__(self) -> str:
        kept = f"Kept as {self.path}." if self.path else "Not kept: it has forgotten too much."
        learnt, mnist = (f"{before:.2%} → {after:.2%}" for before, after in (self.learnt, self.mnist))
        return f"{kept} Of {self.count} drawings right: {learnt}; of MNIST's test digits: {mnist}."


def fine_tune(
    records: Iterable[Record],
    path: str | os.PathLike[str] = "fine-tuned.safetensors",
    *,
    data: str | os.PathLike[str] = "data",
    steps: int = 300,
    seed: int = 0,
) -> FineTuned:
    """Train the bundled network on with drawings that people have corrected or confirmed.

    Parameters
    ----------
    records
        The whole `digit_widget.Feedback`, or some of it: of the ten digits.
    path
        Where the weights go: ``DigitWidget(model="fine-tuned.safetensors")`` answers with them, by numpy. Folders above
        it are made.
    data
        A folder with MNIST, as torchvision keeps it; it is downloaded where it is missing.
    steps
        How often the weights are changed; 300 take a minute or two on two cores.
    seed
        The same seed gives the same weights.

    Returns
    -------
    FineTuned
        With its `path`, if no more than 0.1 points of MNIST's test digits were lost; else nothing is written.

    Raises
    ------
    FeedbackError
        If there are no records, or they are of other labels than the ten digits; if nothing can be written to `path`;
        or if torch, torchvision, tqdm or MNIST is not there.

    References
    ----------
    The network's own answers to old pictures are learnt along with the new ones, as in Li and Hoiem, "Learning without
    Forgetting", 2016, https://arxiv.org/abs/1606.09282. Here they are the logits, so that what it says is no digit, and
    how sure it is, stay as they were.
    """
    kept = list(records)
    if not kept:
        message = "There is no feedback yet to learn from."
        raise FeedbackError(message)
    if not are_digits(labels_of(kept)):
        message = "Only the bundled network is fine-tuned, which knows the ten digits; these records have other labels."
        raise FeedbackError(message)
    place = Path(path).absolute()
    with _writing(place):  # tried before it takes minutes
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() or not os.access(place.parent, os.W_OK):
            reason = "it is a folder" if place.is_dir() else "this user may not write there"
            raise OSError(reason)
    new, targets = (torch.from_numpy(array) for array in to_arrays(kept))
    new = new[:, None].float() / 255
    old, _ = _mnist(data, train=True, count=REHEARSED)
    test, answers = _mnist(data, train=False)
    with safe_open(bundled(), framework="pt") as file:
        about = file.metadata()
    threshold = float(about["threshold"])
    network = CNN.pretrained()
    before = _right(network, new, targets, threshold), _right(network, test, answers)
    _train(network, _Lesson(new, targets, old, threshold), steps, torch.Generator().manual_seed(seed))
    after = _right(network, new, targets, threshold), _right(network, test, answers)
    is_kept = before[1] - after[1] <= ALLOWED
    if is_kept:
        with _writing(place), whole(place) as part:
            save_file(network.state_dict(), part, metadata=about)
    return FineTuned(place if is_kept else None, len(kept), (before[0], after[0]), (before[1], after[1]))


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:
        message = f"The weights cannot be written to {place} ({short(error)}). Choose another path."
        raise FeedbackError(message) from error


class _Lesson(NamedTuple):
    """What is to be learnt, and what is not to be forgotten; pictures have the shape (n, 1, 28, 28)."""

    new: Tensor
    targets: Tensor
    old: Tensor
    threshold: float
    """What is no digit has a log-sum-exp of its logits below this."""


def _train(network: CNN, lesson: _Lesson, steps: int, generator: torch.Generator) -> None:
    new, targets, old, threshold = lesson
    known = _logits(network, old)
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (1 - step / steps) / (1 - DECREASE) if steps else 1.0)
    )
    for _ in tqdm(range(steps), desc="Fine-tuning"):
        drawn = torch.randint(len(new), (BATCH,), generator=generator)
        rehearsed = torch.randint(len(old), (REHEARSAL,), generator=generator)
        logits = network(torch.cat([_moved(new[drawn], generator), old[rehearsed]]))
        loss = _loss(logits[:BATCH], targets[drawn], threshold)
        loss = loss + REMEMBERED * functional.smooth_l1_loss(logits[BATCH:], known[rehearsed])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def _loss(logits: Tensor, targets: Tensor, threshold: float) -> Tensor:
    """Return the loss: of a digit, that it is another or none; of what is none, that it looks like one."""
    likeness = logits.logsumexp(1) - threshold
    is_digit = targets != NONE
    per_class = functional.cross_entropy(logits, targets.clamp(min=0), reduction="none")
    of_digits = per_class + functional.softplus(1 - likeness)
    return torch.where(is_digit, of_digits, functional.softplus(1 + likeness)).mean()


def _moved(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures turned by up to 12°, slanted, and larger or smaller by up to 10 %, as other hands draw them."""
    count = len(pictures)
    turn, slant, width, height = (2 * torch.rand(4, count, generator=generator) - 1) * torch.tensor(
        [[0.2], [0.15], [0.1], [0.1]]
    )
    zero = torch.zeros(count)
    rows = [torch.stack([1 + width, turn + slant, zero], 1), torch.stack([-turn, 1 + height, zero], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, align_corners=False)


def _logits(network: CNN, pictures: Tensor) -> Tensor:
    with torch.inference_mode():
        found = torch.cat([network(batch) for batch in pictures.split(500)])
    return found.clone()  # an ordinary tensor, which may stand in a loss


def _right(network: CNN, pictures: Tensor, targets: Tensor, threshold: float = -math.inf) -> float:
    logits = _logits(network, pictures)
    found = torch.where(logits.logsumexp(1) < threshold, NONE, logits.argmax(1))
    return float((found == targets).float().mean())


def _mnist(root: str | os.PathLike[str], *, train: bool, count: int | None = None) -> tuple[Tensor, Tensor]:
    try:
        digits = MNIST(root, train=train, download=True)
    except (OSError, RuntimeError) as error:
        message = f"MNIST is not in {root}, and cannot be downloaded ({short(error)}). Name its folder: data=…"
        raise FeedbackError(message) from error
    inks = digits.data[:count].numpy()
    pictures = np.stack([normalise(ink) for ink in inks])
    return torch.from_numpy(pictures)[:, None].float() / 255, digits.targets[:count]
