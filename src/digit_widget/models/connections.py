"""Connections to a server, kept for the next question; each exchange ends at a moment that is known before."""

from __future__ import annotations

import io
import os
import socket
import ssl
import time
import weakref
from collections import deque
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from digit_widget.models.address import Address

MAX_IDLE = 32
"""Connections that are kept while nobody asks."""
MAX_BYTES = 16 * 2**20
"""The longest answer that is read."""


class TooLongError(HTTPException):
    """An answer is longer than `MAX_BYTES`."""


class Reply(NamedTuple):
    """What a server has answered."""

    status: int
    body: bytes
    location: str
    """Where it would send us instead; "" if nowhere."""


class Connections:
    """The connections to one address; any thread may ask at any time, each over a connection of its own."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: deque[HTTPConnection] = deque()
        self._process = os.getpid()
        weakref.finalize(self, _close, self._idle)

    def exchange(self, method: str, suffix: str, body: bytes | None, seconds: float) -> Reply:
        """Ask once, or twice if the server closes the connection without an answer: it may have been an old one.

        Parameters
        ----------
        method
            ``"GET"`` or ``"POST"``.
        suffix
            What is added to the address's path.
        body
            Sent as JSON.
        seconds
            How long all of this may take.

        Raises
        ------
        TimeoutError
            If it takes longer.
        OSError
            If the server cannot be reached, or closes the connection twice.
        HTTPException
            If what comes is not HTTP, or is longer than `MAX_BYTES`.
        """
        until = time.monotonic() + seconds
        try:
            return self._once(self._kept() or self._new(until), method, suffix, body, until)
        except (ConnectionRefusedError, TimeoutError):
            raise
        except (ConnectionError, IncompleteRead, ssl.SSLEOFError):
            _close(self._idle)  # the server was restarted: the others are as dead
            return self._once(self._new(until), method, suffix, body, until)

    def _once(self, connection: HTTPConnection, method: str, suffix: str, body: bytes | None, until: float) -> Reply:
        address = self._address
        cast("_Socket", connection.sock).until = until
        headers = dict(address.headers) | ({"Content-Type": "application/json"} if body else {})
        try:
            connection.request(method, address.path + suffix + address.query, body, headers)
            with connection.getresponse() as response:
                reply = Reply(response.status, _whole(response), response.headers.get("Location", ""))
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return reply

    def _kept(self) -> HTTPConnection | None:
        if self._process != os.getpid():  # forked: the parent goes on using them
            _close(self._idle)
            self._process = os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _keep(self, connection: HTTPConnection) -> None:
        if connection.sock is None or len(self._idle) >= MAX_IDLE:
            connection.close()
        else:
            self._idle.append(connection)

    def _new(self, until: float) -> HTTPConnection:
        address = self._address
        connection = HTTPConnection(address.host, address.port)
        connection.auto_open = 0  # it would be opened anew without TLS
        connection.sock = cast("socket.socket", _Socket(_connected(address, until), until))
        return connection


class _Socket:
    """What `HTTPConnection` needs of a socket; it gives up at a moment, however slowly something comes until then."""

    def __init__(self, connected: socket.socket, until: float) -> None:
        self._connected, self.until = connected, until

    def wait(self) -> None:
        self._connected.settimeout(_left(self.until))

    def sendall(self, data: bytes) -> None:
        self.wait()
        self._connected.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self, self._connected.makefile("rb", buffering=0)))

    def close(self) -> None:
        self._connected.close()


class _Reader(io.RawIOBase):
    def __init__(self, timed: _Socket, raw: socket.SocketIO) -> None:
        self._timed, self._raw = timed, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - whatever holds bytes
        self._timed.wait()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _connected(address: Address, until: float) -> socket.socket:
    """Return a socket that is connected to the first of the host's addresses that can be reached."""
    failure: OSError = socket.gaierror("the host has no address")
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, where) in enumerate(found, 1):
        opened = socket.socket(family, kind, protocol)
        try:
            left = _left(until)
            opened.settimeout(left if number == len(found) else left / 2)  # something is left for the others
            opened.connect(where)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not address.is_secure:
                return opened
            return ssl.create_default_context().wrap_socket(opened, server_hostname=address.host)
        except OSError as error:
            opened.close()
            failure = error
        except BaseException:
            opened.close()
            raise
    raise failure


def _whole(response: HTTPResponse) -> bytes:
    """Return the body of a response, unless it is too long or breaks off."""
    if (response.length or 0) > MAX_BYTES:
        raise TooLongError
    found = response.read(MAX_BYTES + 1)
    if len(found) > MAX_BYTES:
        raise TooLongError
    if response.length:
        raise IncompleteRead(found, response.length)
    return found


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _close(connections: deque[HTTPConnection]) -> None:
    while connections:
        try:
            connections.pop().close()
        except IndexError:  # another thread was faster
            return
