"""A server of the Open Inference Protocol (v2) in the tests' own process, with the bundled network behind it."""

from __future__ import annotations

import json
import math
import socket
import ssl
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_widget.models import load_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

Answer = tuple[int, dict[str, Any]]
DTYPES = {"FP32": np.float32, "FP64": np.float64, "FP16": np.float16, "UINT8": np.uint8, "INT64": np.int64}
PATH = "/v2/models/digits"


def bundled_logits(pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the bundled network's logits for pictures whose numbers are in its order, whatever their shape."""
    return load_model()(np.asarray(pictures, np.float32).reshape(-1, 1, 28, 28))


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: Inference

    def setup(self) -> None:
        """Have the connection closed when the server goes: it is kept."""
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        """Close it."""
        self.server.open.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Return the metadata."""
        self.server.asked.append(("GET", self.path, dict(self.headers), None))
        if self.server.acts is not None and self.server.acts(self):
            return
        about = self.server.about
        self.say(*((404, {"detail": "Not Found"}) if about is None else (200, about)))

    def do_POST(self) -> None:
        """Return the answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(("POST", self.path, dict(self.headers), body))
        if self.server.acts is not None and self.server.acts(self):
            return
        if self.headers["Content-Type"] != "application/json":
            self.say(415, {"error": "JSON is taken, and nothing else"})
            return
        if self.path.partition("?")[0] != f"{PATH}/infer":
            self.say(404, {"error": f"no model at {self.path}"})
            return
        self.say(*self.server.answer(json.loads(body)))

    def say(self, status: int, answer: object, **headers: str) -> None:
        """Return a status and JSON, or bytes as they are."""
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class Inference(ThreadingHTTPServer):
    """A server with one model, ``digits``.

    Parameters
    ----------
    model
        Takes what has come as an array of the shape and type that were sent, and returns rows of numbers.
    shape
        What the input has to be, -1 for any length; another is refused with 400.
    acts
        Called with the connection's `Handler` first; if it returns something true, nothing else is said.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(  # noqa: PLR0913 - each test says one or two
        self,
        model: Callable[[npt.NDArray[Any]], npt.NDArray[Any]] = bundled_logits,
        *,
        shape: tuple[int, ...] = (-1, 1, 28, 28),
        datatype: str = "FP32",
        parameters: dict[str, Any] | None = None,
        acts: Callable[[Handler], object] | None = None,
        port: int = 0,
        certificate: Path | None = None,
    ) -> None:
        self.model, self.shape, self.datatype, self.parameters, self.acts = model, shape, datatype, parameters, acts
        self.outputs = "FP32"
        tensor = {"name": "ink", "datatype": datatype, "shape": list(shape)}
        self.about: dict[str, Any] | None = {
            "name": "digits",
            "versions": [],
            "platform": "tests",
            "inputs": [tensor],
            "outputs": [{"name": "logits", "datatype": "FP32", "shape": [-1, 10]}],
        }
        self.asked: list[tuple[str, str, dict[str, str], bytes | None]] = []
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https" if certificate else "http"
        self._thread = threading.Thread(target=partial(self.serve_forever, poll_interval=0.01), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the model is."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}{PATH}"

    def questions(self) -> list[dict[str, Any]]:
        """Return what was asked so far, as JSON."""
        return [json.loads(body) for _, _, _, body in list(self.asked) if body is not None]

    def answer(self, question: dict[str, Any]) -> Answer:
        """Return what the model says of a question."""
        tensor = question["inputs"][0]
        if tensor["name"] != "ink" or tensor["datatype"] != self.datatype:
            return 400, {"error": f"unexpected input {tensor['name']} {tensor['datatype']}"}
        lengths = zip(tensor["shape"], self.shape, strict=False)
        if len(tensor["shape"]) != len(self.shape) or any(b not in (-1, a) for a, b in lengths):
            return 400, {"error": f"unexpected shape {tensor['shape']}"}
        given = np.asarray(tensor["data"], DTYPES[self.datatype]).reshape(tensor["shape"])
        rows = self.model(given)
        output = {"name": "logits", "datatype": self.outputs, "shape": list(rows.shape), "data": rows.ravel().tolist()}
        return 200, {"model_name": "digits", "outputs": [output], "parameters": self.parameters or {}}

    def drop(self) -> None:
        """Close the connections that are open, as a server does after a while."""
        for connection in list(self.open):
            with_nothing_left(connection)

    def stop(self) -> None:
        """Go, as a process that is killed does: at once, with all its connections."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        self.drop()

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    def handle_error(self, *_arguments: object) -> None:
        """Say nothing: many a client here goes in the middle."""


def with_nothing_left(connection: socket.socket) -> None:
    """Shut a connection down, whatever state it is in."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def calibration() -> dict[str, float]:
    """Return the bundled network's own, as a server says it."""
    ours = load_model()
    assert math.isfinite(ours.threshold)
    return {"temperature": ours.temperature, "threshold": ours.threshold}


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come about"
        time.sleep(0.01)
