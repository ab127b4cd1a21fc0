"""A real Firefox, driven by WebDriver BiDi: Playwright drives a Firefox of its own only."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import websocket
from hosts import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NAMES = ("firefox-esr", "firefox")
PACKAGE = "firefox-esr"
START = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
SECONDS = 60.0


def find() -> str | None:
    """Return Firefox's path, installed from the system's packages if that can be done; None where there is none."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "--no-install-recommends", PACKAGE]
        subprocess.run(command, env=environment, check=False, capture_output=True)
    return next(filter(None, map(shutil.which, NAMES)), None)


class Firefox:
    """One tab."""

    def __init__(self, url: str) -> None:
        self._socket = websocket.create_connection(f"{url}/session", timeout=SECONDS, suppress_origin=True)
        self._numbers = itertools.count(1)
        self.send("session.new", capabilities={})
        self.tab = self.send("browsingContext.create", type="tab")["context"]

    def send(self, method: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Send a command, and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                assert message["type"] == "success", f"{method}: {message.get('message')}"
                result: dict[str, Any] = message["result"]
                return result

    def open(self, url: str) -> None:
        """Open a page, and wait until it has loaded."""
        self.send("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Look into the first frame of the page instead of the page; the mouse's pixels are the frame's then, too."""
        page = self.tab
        (tree,) = self.send("browsingContext.getTree", root=page)["contexts"]
        self.tab = tree["children"][0]["context"]
        yield
        self.tab = page

    def read(self, expression: str) -> Any:  # noqa: ANN401 - whatever it is worth
        """Return what a JavaScript expression is worth in the page, by way of JSON."""
        result = self.send(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self.tab},
            awaitPromise=True,
        )
        return json.loads(result["result"].get("value", "null"))

    def until(self, expression: str, value: object) -> None:
        """Wait until an expression is worth that."""
        until(lambda: self.read(expression) == value, SECONDS, f"{expression} to be {value!r}")

    def draw(self, stroke: Sequence[tuple[float, float]]) -> None:
        """Draw a stroke with the mouse, in pixels of the page."""
        (x, y), *rest = ((round(x), round(y)) for x, y in stroke)
        actions: list[dict[str, Any]] = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            *({"type": "pointerMove", "x": x, "y": y, "duration": 20} for x, y in rest),
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self.send("input.performActions", context=self.tab, actions=[mouse])

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


@contextlib.contextmanager
def started(path: str, folder: Path) -> Iterator[Firefox]:
    """Start Firefox without a network: a proxy that nobody serves takes all that it asks for."""
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(
        'user_pref("network.proxy.type", 1);\nuser_pref("network.proxy.http", "127.0.0.1");\n'
        'user_pref("network.proxy.http_port", 9);\nuser_pref("network.proxy.ssl", "127.0.0.1");\n'
        'user_pref("network.proxy.ssl_port", 9);\n'
    )
    command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"]
    log = folder / "firefox.log"
    environment = os.environ | {"HOME": str(folder)}
    with log.open("w") as output, subprocess.Popen(command, stderr=output, stdout=output, env=environment) as process:
        try:
            firefox = Firefox(until(lambda: START.search(log.read_text()), SECONDS, "Firefox to start")[1])
            yield firefox
            firefox.close()
        finally:
            process.terminate()
