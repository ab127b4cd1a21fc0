"""How alike drawings are, whatever they are of, by what the bundled network computes inside about them.

That is projected such that drawings of one class vary by about 1 in every direction, whatever the class is (linear
discriminant analysis). There the middles of classes, and drawings around their middles, are taken to be normally
distributed: so "of the same class as these drawings" and "anything" have likelihoods, and their log-ratio is the score
of a class (probabilistic linear discriminant analysis). It takes into account how many drawings there are, so that one
threshold serves any number of classes and drawings.

References
----------
S. Ioffe, "Probabilistic linear discriminant analysis", ECCV 2006.
D. Garcia-Romero and C. Espy-Wilson, "Analysis of i-vector length normalization in speaker recognition systems",
Interspeech 2011.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from digit_widget.models import ModelError, bundled
from digit_widget.models.weights import digest

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.floating[Any]]


class Background(NamedTuple):
    """What was learnt once about drawings of whatever class; ``models/teach.py`` made it."""

    projection: Array
    """Shape (832, 96)."""
    shift: Array
    """What is subtracted after the projection, (96,)."""
    spread: Array
    """The variance of the middles of classes in each direction, (96,); that within a class is 1."""
    threshold: float
    """A drawing whose scores are all below is of none of the classes."""
    temperature: float
    """What scores are divided by before the softmax."""


@cache
def load_background() -> Background:
    """Return what was learnt once about drawings: the projection is kept as int8, with a scale for each column.

    Raises
    ------
    ModelError
        If it was learnt with other weights than the bundled ones.
    """
    path = bundled().with_name("teaching.npz")
    with np.load(path) as file:
        if str(file["weights"]) != digest(None):
            message = f"{path.name} was made for other weights than {bundled().name}; make it anew with: make teach"
            raise ModelError(message)
        projection = file["projection"].astype(np.float32) * file["scale"]
        return Background(
            projection, file["shift"], file["spread"], float(file["threshold"]), float(file["temperature"])
        )


def features(convolved: Array, hidden: Array) -> Array:
    """Return what is known of drawings, (n, 832): the square roots of what `NumpyCNN.inside` returns, of length 1."""
    return np.concatenate([_unit(np.sqrt(convolved)), _unit(np.sqrt(hidden))], axis=1)


def places(known: Array, background: Background) -> Array:
    """Return where drawings lie, (n, 96), in the space where classes are told apart, from their `features`."""
    length = np.sqrt((1 + background.spread).sum())
    placed: Array = _unit(known @ background.projection - background.shift) * length
    return placed


def score(placed: Array, taught: Array, spread: Array) -> Array:
    """Return the log-likelihood ratios, (n,), of being of the class of drawings that were taught to being anything.

    Parameters
    ----------
    placed
        The drawings that are asked about, as `places` returns them: (n, 96).
    taught
        Those of the class: (k, 96).
    spread
        As in `Background`.
    """
    unsure = 1 / (len(taught) + 1 / spread)  # the variance of the middle of the class
    middle = unsure * taught.sum(axis=0)
    return _log_normal(placed - middle, 1 + unsure) - _log_normal(placed, 1 + spread)


def _log_normal(x: Array, variance: Array) -> Array:
    """Return the log-density, but for a constant, of a normal distribution with a diagonal covariance."""
    density: Array = -0.5 * (x**2 / variance + np.log(variance)).sum(axis=1)
    return density


def _unit(x: Array) -> Array:
    """Return rows of length 1; those of nothing but 0 as they are."""
    scaled: Array = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    return scaled
