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
"""How many calls that have not come back one caller may have at a time; each holds a thread."""

_idle: list[_Worker] = []
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
                _idle.append(self)

    def where(self) -> str:
        """Return the stack of what it is doing."""
        frame = sys._current_frames().get(self.thread.ident or 0)  # noqa: SLF001 - the only way to see where it hangs
        return "".join(traceback.format_stack(frame))


class Caller:
    """Calls somebody's code and gives up on it when it takes too long.

    Python has no way to end a thread: what was given up on goes on in the background, and is counted here.
    """

    def __init__(self) -> None:
        self.stuck: list[threading.Event] = []

    def within(self, seconds: float, function: Callable[[], T]) -> T:
        """Return what a function returns; it runs in another thread.

        Parameters
        ----------
        seconds
            How long to wait.
        function
            Takes nothing. What it raises is raised here; what is no `Exception`, as sys.exit(), as a RuntimeError.

        Raises
        ------
        DeadlineError
            When it has not come back in time, or too many earlier ones have not.
        """
        self.stuck = [done for done in self.stuck if not done.is_set()]
        if len(self.stuck) >= MAX_STUCK:
            message = f"{MAX_STUCK} earlier calls have not come back yet; wait for them, or restart the kernel."
            raise DeadlineError(message)
        try:
            with _lock:
                worker = _idle.pop() if _idle else _Worker()
        except RuntimeError:  # no thread can be started, as in a browser's Python: nothing can be given up on there
            return function()
        outcome: list[T] = []
        failures: list[BaseException] = []
        done = threading.Event()

        def run() -> None:
            try:
                outcome.append(function())
            except BaseException as failure:  # noqa: BLE001 - raised again where somebody waits for it
                failures.append(failure)
            done.set()

        worker.tasks.put(run)
        try:
            done.wait(seconds)
        finally:  # an interrupt of the kernel ends the waiting, too
            if not done.is_set():
                self.stuck.append(done)
        if not done.is_set():
            error = DeadlineError(f"It has not answered for {seconds:g} s.")
            error.add_note("It was here:\n" + worker.where())
            raise error
        if failures and not isinstance(failures[0], Exception):
            message = f"{type(failures[0]).__name__}: {failures[0]}"
            raise RuntimeError(message) from failures[0]
        if failures:
            raise failures[0]
        return outcome[0]
