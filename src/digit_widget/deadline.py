"""Run somebody's code for a while and no longer."""

from __future__ import annotations

import sys
import threading
import traceback
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_STUCK = 4
"""How many calls that have not come back are borne at a time; each holds a thread."""

_idle: list[_Worker] = []
_stuck: set[_Worker] = set()
_lock = threading.Lock()


class DeadlineError(TimeoutError):
    """A call took too long; its notes (PEP 678) say where it was."""


class _Worker:
    """A thread that does one thing after the other; kept, since libraries set things up for each new thread."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="digit-widget: ask a model", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while True:
            self.tasks.get()()
            with _lock:  # only now, and not by who gave up on it, it is free again
                _stuck.discard(self)
                _idle.append(self)

    def where(self) -> str:
        """Return the stack of what it is doing."""
        frame = sys._current_frames().get(self.thread.ident or 0)  # noqa: SLF001 - the only way to see where it hangs
        return "".join(traceback.format_stack(frame))


def within(seconds: float, function: Callable[[], T]) -> T:
    """Return what a function returns, or give up on it.

    It runs in another thread. Python has no way to end one: a function given up on goes on in the background.

    Parameters
    ----------
    seconds
        How long to wait.
    function
        Takes nothing; what it raises is raised here.

    Raises
    ------
    DeadlineError
        When it has not come back in time, or too many others have not.
    """
    with _lock:
        if len(_stuck) >= MAX_STUCK:
            message = f"{MAX_STUCK} earlier calls have not come back yet; wait for them, or restart the kernel."
            raise DeadlineError(message)
        worker = _idle.pop() if _idle else _Worker()
    outcome: list[T] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            outcome.append(function())
        except BaseException as failure:  # noqa: BLE001 - sys.exit() in somebody's code, too, ends here
            failures.append(failure)
        done.set()

    worker.tasks.put(run)
    try:
        done.wait(seconds)
    finally:  # an interrupt of the kernel ends the waiting, too
        with _lock:
            if not done.is_set():
                _stuck.add(worker)
    if not done.is_set():
        error = DeadlineError(f"It has not answered for {seconds:g} s.")
        error.add_note("It was here:\n" + worker.where())
        raise error
    if failures:
        raise failures[0]
    return outcome[0]
