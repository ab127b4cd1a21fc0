"""A stage for models and the threads that ask them: a model waits at a gate until the test opens it."""

from __future__ import annotations

import ctypes
import sys
import threading
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from drawings import digit_ink, digit_strokes

from digit_widget import Classifier
from digit_widget.drawing import Drawing
from digit_widget.picture import shrink, to_data_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

T = TypeVar("T")

BOUND = 10.0
"""Seconds after which what has not come to rest is blocked for ever."""

INKS = [shrink(digit_ink(digit, side=0.8), 28) for digit in range(10)]
DRAWINGS = [Drawing(digit_strokes(digit, side=0.8), picture=to_data_url(ink)) for digit, ink in enumerate(INKS)]
"""The ten digits, small enough for thousands of questions."""
_DIGITS = {ink.tobytes(): digit for digit, ink in enumerate(INKS)}


def read(picture: Image) -> int | None:
    """Return the digit of one of the drawings; None of the pictures with which a classifier meets a model."""
    return _DIGITS.get(picture.tobytes())


@dataclass
class Gate:
    """Where one question of a model waits."""

    caller: int
    """The thread that asked."""
    act: Callable[[], object] | None = None
    """What the model does once it is open, before it answers."""
    opened: threading.Event = field(default_factory=threading.Event)


class Stage:
    """Runs every operation in a thread of its own, and tells when nothing moves any more.

    One operation at a time moves; the others are at gates, which the test opens in any order it likes: so every
    interleaving can be had, and had again.
    """

    def __init__(self) -> None:
        self.gates: list[Gate] = []
        self.ended = threading.Event()
        self._moved = threading.Condition()
        self._running: dict[int, str] = {}
        self._caller = 0

    def run(self, operation: Callable[[], object], name: str = "operation") -> None:
        """Begin an operation in another thread, and wait until it is done or at a gate."""

        def run() -> None:
            try:
                self.call(operation)
            finally:
                with self._moved:
                    del self._running[threading.get_ident()]
                    self._moved.notify_all()

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._moved:
            thread.start()
            self._running[thread.ident or 0] = name
        self.rest()

    def do(self, operation: Callable[[], T]) -> T:
        """Return what an operation returns that waits for nobody, or fail when it does."""
        returned: list[T] = []
        self.run(lambda: returned.append(operation()))
        assert returned, "It waits for a model that it should not ask."
        return returned[0]

    def call(self, operation: Callable[[], object]) -> None:
        """Do an operation in this thread, as the one whose questions come next."""
        before, self._caller = self._caller, threading.get_ident()
        try:
            operation()
        finally:
            self._caller = before

    def wait(self) -> None:
        """Wait at a gate, as a model that is asked, and do what it says."""
        if self.ended.is_set():
            return
        gate = Gate(self._caller)
        with self._moved:
            self.gates.append(gate)
            self._moved.notify_all()
        gate.opened.wait()
        if gate.act:
            gate.act()

    def open(self, gate: Gate, act: Callable[[], object] | None = None, *, interrupt: bool = False) -> None:
        """Let a model go on, and wait until its operation is done or at the next gate."""
        with self._moved:
            self.gates.remove(gate)
        gate.act, self._caller = act, gate.caller
        if interrupt:
            raised = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(gate.caller), raised)
        gate.opened.set()
        self.rest()

    def rest(self) -> None:
        """Wait until every operation is done or at a gate."""
        with self._moved:
            if self._moved.wait_for(lambda: len(self._running) == len(self.gates), BOUND):
                return
            frames = sys._current_frames()
            stacks = {name: traceback.format_stack(frames.get(ident)) for ident, name in self._running.items()}
        blocked = "\n".join(f"{name}:\n{''.join(stack[-4:])}" for name, stack in stacks.items())
        message = f"Blocked: {len(self._running)} operations run, {len(self.gates)} are at a gate.\n{blocked}"
        raise AssertionError(message)

    def end(self) -> None:
        """Open whatever is closed, so that no thread is left waiting."""
        self.ended.set()
        with self._moved:
            for gate in self.gates:
                gate.opened.set()
            self.gates.clear()


class Actor:
    """A model that says of each of the drawings its digit, or one turned on by some; on a stage it waits at a gate.

    One that `hangs` stays there until the stage ends.
    """

    def __init__(self, turn: int = 0, *, hangs: bool = False) -> None:
        self.turn, self.hangs = turn, hangs
        self.stage: Stage | None = None
        self.asked: list[int] = []

    def __call__(self, picture: Image) -> int:
        """Answer a picture."""
        digit = read(picture)
        if digit is None:
            return 0
        self.asked.append(digit)
        if self.stage is not None and self.hangs:
            self.stage.ended.wait()
        elif self.stage is not None:
            self.stage.wait()
        return (digit + self.turn) % 10

    def classifier(self, labels: str | None = None, *, timeout: float = 60.0) -> Classifier:
        """Return it as a classifier, asked about the drawings as they are."""
        return Classifier(self, labels, normalise=False, timeout=timeout)
