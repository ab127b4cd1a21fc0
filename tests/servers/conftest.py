"""What the tests of the servers share: the servers, each started once, and digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from deployed import SERVERS, Serving, installed

from digit_widget.known import drawings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digit_widget.normalise import Ink

MOST = 10_000


@pytest.fixture(scope="module", params=SERVERS, ids=lambda kind: kind.folder)
def server(request: pytest.FixtureRequest) -> Iterator[Serving]:
    """Yield a server with the bundled network."""
    with installed(request.param)() as started:
        yield started


@pytest.fixture(scope="session")
def digits(request: pytest.FixtureRequest) -> list[Ink]:
    """Return MNIST's 10,000 test digits; where they are not at hand, as many known drawings, moved and stretched."""
    try:
        root = request.getfixturevalue("mnist_root")
    except pytest.skip.Exception:
        return [moved(number) for number in range(MOST)]
    raw = (root / "MNIST" / "raw" / "t10k-images-idx3-ubyte").read_bytes()
    return list(np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28))


def moved(number: int) -> Ink:
    """Return a known drawing elsewhere on the pad: another one for each number."""
    known = drawings()[number % len(drawings())]
    chance = np.random.default_rng(number)
    turned = np.roll(known, chance.integers(-20, 20, 2), (0, 1))
    down, right = chance.integers(1, 4, 2)
    return np.ascontiguousarray(np.kron(turned, np.ones((2, 2), np.uint8))[::down, ::right])
