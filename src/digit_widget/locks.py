"""Locks that survive a fork."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def after_fork(function: Callable[[], None]) -> None:
    """Have a function called in each forked child process, where there are any."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


class Lock:
    """A lock that is free in a forked child.

    Notes
    -----
    A child has a copy of each lock but only one of the threads. A lock that another thread held at that moment would
    never be released.
    """

    def __init__(self) -> None:
        self._renew()
        after_fork(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_failure: object) -> None:
        self._lock.release()
