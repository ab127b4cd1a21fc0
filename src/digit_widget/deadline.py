"""Call other people's code with a time limit."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
import traceback
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from digit_widget.locks import Lock, after_fork

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_STUCK = 4
"""How many calls of one `Caller` may still be running after their time limit; each of them occupies a thread."""

_lock = Lock()
_limits = threading.local()
_idle: list[_Worker] = []
after_fork(_idle.clear)  # a child has none of the parent's threads


class DeadlineError(TimeoutError):
    """A call took too long; its notes (PEP 678) hold the stack of the code that was running."""


def remaining() -> float:
    """Return the seconds that are left to the code that a `Caller` runs in this thread; elsewhere, infinity.

    Examples
    --------
    >>> remaining(), Caller().within(5, remaining) < 5
    (inf, True)
    """
    until: float = getattr(_limits, "until", math.inf)
    return until - time.monotonic()


class _Worker:
    """A thread that runs one task after another; it is reused, because libraries initialise each new thread."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="digit-widget: ask a model", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while True:
            self.tasks.get()()
            with _lock:  # only now is the thread free again, also when its caller gave up long ago
                _idle.append(self)

    def stack(self) -> str:
        """Return the stack of the code that the thread is running."""
        frame = sys._current_frames().get(self.thread.ident or 0)  # noqa: SLF001 - the only way to see where it hangs
        return "".join(traceback.format_stack(frame))


class Caller:
    """Calls functions with a time limit.

    Python cannot end a thread, so a call that exceeds its limit goes on in the background. Each `Caller` counts its own
    such calls, and refuses new ones while there are too many.
    """

    def __init__(self) -> None:
        self.stuck: list[threading.Event] = []
        self._process = os.getpid()

    def within(self, seconds: float, function: Callable[[], T]) -> T:
        """Call a function in another thread and return its result.

        Parameters
        ----------
        seconds
            How long to wait for the result.
        function
            Called without arguments. An exception that it raises is raised here; one that is not an `Exception`, such
            as `SystemExit`, is raised as a `RuntimeError`.

        Raises
        ------
        DeadlineError
            If the result does not arrive in time, or if `MAX_STUCK` earlier calls are still running.

        Examples
        --------
        >>> Caller().within(1, lambda: 6 * 7)
        42
        """
        if self._process != os.getpid():  # forked: the parent's calls are not running here
            self.stuck, self._process = [], os.getpid()
        self.stuck = [done for done in self.stuck if not done.is_set()]
        if len(self.stuck) >= MAX_STUCK:
            message = f"{MAX_STUCK} earlier calls are still running. Wait until they end, or restart the kernel."
            raise DeadlineError(message)
        try:
            with _lock:
                worker = _idle.pop() if _idle else _Worker()
        except RuntimeError:  # threads cannot be started, as in a browser's Python: call it here, without a limit
            return function()
        results: list[T] = []
        failures: list[BaseException] = []
        done = threading.Event()

        until = time.monotonic() + seconds

        def run() -> None:
            _limits.until = until
            try:
                results.append(function())
            except BaseException as failure:  # noqa: BLE001 - raised again in the thread that waits
                failures.append(failure)
            _limits.until = math.inf
            done.set()

        worker.tasks.put(run)
        try:
            done.wait(seconds)
        finally:  # an interrupt of the kernel also ends the wait
            if not done.is_set():
                self.stuck.append(done)
        if not done.is_set():
            error = DeadlineError(f"There was no answer within {seconds:g} s.")
            error.add_note("It was running this code:\n" + worker.stack())
            raise error
        if failures and not isinstance(failures[0], Exception):
            message = f"{type(failures[0]).__name__}: {failures[0]}"
            raise RuntimeError(message) from failures[0]
        if failures:
            raise failures[0]
        return results[0]
