"""A mouse that moves 120 times a second whatever the page does, as a tablet's pen does.

A move that waits for the page's word on the one before comes 60 times a second at most: the page takes its moves once a
frame. These are sent by the clock, over a connection to Chromium of their own.
"""

from __future__ import annotations

import json
import math
import time
from contextlib import closing, contextmanager
from socket import create_server
from typing import TYPE_CHECKING

import numpy as np
from harness import DIRECT
from websocket import create_connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from websocket import WebSocket

    Points = Sequence[Sequence[float]]

RATE = 120
"""Moves a second."""
SPEED = 1.4
"""Sides of the unit square that a hand goes in a second."""


def at_speed(stroke: Points) -> Points:
    """Return where the hand is 120 times a second along a stroke in the unit square."""
    line = np.array(stroke)
    gone = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(0, gone[-1], SPEED / RATE)
    points: Points = np.column_stack([np.interp(at, gone, line[:, axis]) for axis in (0, 1)]).tolist()
    return points


def scribble(seconds: int, n: int) -> Points:
    """Return the nth of the strokes of somebody who scribbles, in the unit square, 120 points a second."""
    times = [k / RATE for k in range(RATE * seconds)]
    return [(0.5 + 0.5 * math.cos(3.1 * t + n), 0.5 + 0.5 * math.sin(2.3 * t + n)) for t in times]


class Pen:
    """The mouse of a page."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    def draw(self, stroke: Points) -> None:
        """Press, move along these points of the page, lift."""
        self._send("mousePressed", stroke[0], buttons=1)
        self._socket.recv()
        begin = time.perf_counter()
        for n, point in enumerate(stroke):
            time.sleep(max(0, begin + n / RATE - time.perf_counter()))
            self._send("mouseMoved", point, buttons=1)
        for _ in stroke:
            self._socket.recv()
        self._send("mouseReleased", stroke[-1], buttons=0)
        self._socket.recv()

    def _send(self, kind: str, point: Sequence[float], buttons: int) -> None:
        x, y = point
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1}
        self._socket.send(json.dumps({"id": 1, "method": "Input.dispatchMouseEvent", "params": event}))


def free_port() -> int:
    """Return a port that nobody uses."""
    with create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@contextmanager
def pen(port: int) -> Iterator[Pen]:
    """Take in hand the mouse of the only page of the Chromium that has this debugging port."""
    with DIRECT.open(f"http://127.0.0.1:{port}/json/list") as answer:
        [page] = [target for target in json.load(answer) if target["type"] == "page"]
    with closing(create_connection(page["webSocketDebuggerUrl"], suppress_origin=True)) as socket:
        yield Pen(socket)
