"""A visitor of a Voila dashboard without a browser: it opens the page, draws, corrects and leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import uuid
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Self

from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest
from tornado.websocket import websocket_connect

if TYPE_CHECKING:
    from types import TracebackType

    from tornado.websocket import WebSocketClientConnection

    from digit_widget.drawing import Drawing

KERNEL = re.compile(r'"kernelId":\s*"([\w-]+)"')
METADATA = {"version": "1.0.0"}
"""Of the protocol with which a page asks for the state of all widgets."""
PATIENCE = 60.0
"""Seconds to wait for anything; an answer that takes longer is lost."""

AsyncHTTPClient.configure(None, max_clients=1000)  # else the eleventh visitor waits here, not at the server


class LostError(Exception):
    """Something that should have come did not."""


class Visitor:
    """One page of a dashboard with one pad, and the kernel behind it.

    Parameters
    ----------
    url
        Where Voila serves the dashboard.
    """

    def __init__(self, url: str) -> None:
        self._url, self._session = url.rstrip("/"), uuid.uuid4().hex
        self._kernel = self._pad = ""
        self._cookies: SimpleCookie = SimpleCookie()
        self._socket: WebSocketClientConnection | None = None
        self.state: dict[str, Any] = {}
        self._number = 0
        self._changed = asyncio.Event()
        self._is_closed = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Open the page, and wait until the pad is there."""
        try:
            await self._open()
        except (HTTPError, OSError) as error:
            await self._leave()
            raise LostError(str(error)) from error
        except LostError:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the page, which ends its kernel."""
        await self._leave()

    async def _open(self) -> None:
        page = await AsyncHTTPClient().fetch(self._url, request_timeout=PATIENCE, connect_timeout=PATIENCE)
        for cookie in page.headers.get_list("Set-Cookie"):
            self._cookies.load(cookie)
        found = KERNEL.search(page.body.decode())
        if not found:
            reason = "The page has no kernel."
            raise LostError(reason)
        self._kernel = found[1]
        address = f"{self._url.replace('http', 'ws', 1)}/api/kernels/{self._kernel}/channels?session_id={self._session}"
        self._socket = await websocket_connect(HTTPRequest(address, headers=self._headers()))
        self._tasks.append(asyncio.create_task(self._listen()))
        control = uuid.uuid4().hex
        self._send("comm_open", comm_id=control, target_name="jupyter.widget.control", data={})
        self._send("comm_msg", comm_id=control, data={"method": "request_states"})
        await self._until(lambda: bool(self._pad))

    async def _leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._socket:
            self._socket.close()
        if not self._kernel:
            return
        request = HTTPRequest(
            f"{self._url}/voila/api/shutdown/{self._kernel}", "POST", self._headers(), body="", request_timeout=PATIENCE
        )
        with contextlib.suppress(HTTPError, OSError):
            await AsyncHTTPClient().fetch(request, raise_error=False)

    async def draw(self, drawing: Drawing) -> tuple[str, float]:
        """Draw, and return the answer and the seconds until it came."""
        self._number = max(self._number + 1, int(time.time() * 1000))
        sent = {"number": self._number, "asks": True, "known": self._drawn()}
        content = {"picture": drawing.picture, "strokes": drawing.strokes, "background": ""}
        start = time.perf_counter()
        self._update({"_drawing": sent | content})
        await self._until(lambda: self.state["_answered"] == self._number)
        return self.state["result"], time.perf_counter() - start

    async def say(self, target: int) -> None:
        """Say what the last drawing was, and wait until that is saved."""
        told = self.state["_saved"].get("number", 0) + 1
        of = {"answered": self._number, "drawn": self._drawn(), "result": self.state["result"]}
        self._update({"_correction": {"number": told, "does": "say", "consents": True, "target": target} | of})
        await self._until(lambda: self.state["_saved"].get("number") == told)
        if self.state["_saved"].get("state") != "saved":
            raise LostError(self.state["_saved"].get("error"))

    def _drawn(self) -> int:
        return int(self.state["_drawing"].get("drawn", 0))

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
        token = self._cookies["_xsrf"].value if "_xsrf" in self._cookies else ""
        return {"Cookie": cookies, "X-XSRFToken": token}

    def _update(self, state: dict[str, Any]) -> None:
        self._send("comm_msg", comm_id=self._pad, data={"method": "update", "state": state, "buffer_paths": []})

    def _send(self, kind: str, **content: Any) -> None:  # noqa: ANN401 - JSON
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.3",
        }
        message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": METADATA, "content": content}
        assert self._socket, "Nothing is sent before the page is open."
        self._tasks.append(asyncio.ensure_future(self._socket.write_message(json.dumps(message))))

    async def _listen(self) -> None:
        assert self._socket
        while (message := await self._socket.read_message()) is not None:
            text = message if isinstance(message, str) else _first_part(message)
            content = json.loads(text).get("content", {})
            data = content.get("data", {}) if isinstance(content, dict) else {}
            if data.get("method") == "update_states":
                self._pad = next(name for name, one in data["states"].items() if "_drawing" in one["state"])
                self.state |= data["states"][self._pad]["state"]
            elif data.get("method") == "update" and content.get("comm_id") == self._pad:
                self.state |= data["state"]
            else:
                continue
            self._changed.set()
        self._is_closed = True
        self._changed.set()

    async def _until(self, condition: Any) -> None:  # noqa: ANN401 - a function
        async def wait() -> None:
            while not condition():
                if self._is_closed:
                    reason = "The server closed the connection."
                    raise LostError(reason)
                self._changed.clear()
                await self._changed.wait()

        try:
            await asyncio.wait_for(wait(), PATIENCE)
        except TimeoutError as error:
            reason = f"Nothing came for {PATIENCE:g} seconds."
            raise LostError(reason) from error


def _first_part(message: bytes) -> str:
    """Return the JSON of a message with buffers: how many parts, where each begins, and the parts."""
    count = int.from_bytes(message[:4], "big")
    starts = [int.from_bytes(message[4 * n : 4 * n + 4], "big") for n in range(1, count + 1)]
    return message[starts[0] : starts[1] if count > 1 else None].decode()
