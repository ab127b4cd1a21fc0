"""A model that is served elsewhere, by any server of the Open Inference Protocol (v2), asked in plain JSON."""

from __future__ import annotations

import json
import math
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Unpack

from digit_widget.deadline import remaining
from digit_widget.keywords import REMOTE_KEYWORDS, meant
from digit_widget.models import ModelError, calibration
from digit_widget.models.address import address
from digit_widget.models.connections import Connections
from digit_widget.models.replies import FAILURES, failed, read
from digit_widget.models.served import Wanted, meet

if TYPE_CHECKING:
    from digit_widget.keywords import RemoteKeywords
    from digit_widget.models.connections import Reply
    from digit_widget.models.served import Served

TIMEOUT = 5.0
"""Seconds that a server may take for an answer unless another time is given."""
MARGIN = 0.9
"""Share of the time that is left after which a server is given up on, so that it is this that is said."""
MOST_NUMBERS = 50_000
"""Numbers that are sent at once: 63 pictures of 28 × 28, in less than a megabyte, as much as many servers take."""
PATIENCE = 0.25
"""Share of the timeout that a batch of pictures may take: there are as many in it as the server has been fast enough
for, so that one that becomes slower is not given up on at once."""
_NO_MODEL = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class Remote:
    """A model that is served elsewhere, to be passed wherever a model is.

    Parameters
    ----------
    url
        Of the model, without ``/infer``: ``"http://localhost:8080/v2/models/digits"``. ``user:password@`` in it is
        sent as HTTP's basic authentication, and a query with each question; no message and no record has them.
    headers
        Sent with each question, such as ``{"Authorization": "Bearer …"}``. They are not repeated anywhere either.
    input_name, shape, datatype
        What the model's input is called; the shape of one picture in it, as ``(1, 28, 28)``, ``(28, 28, 1)`` or
        ``(784,)``, or with the batch before it, as ``(-1, 784)``; and its type, as ``"FP32"`` or ``"UINT8"``. By
        default what the server says of the model. Where it says nothing, ``"input-0"``, ``"FP32"``, and the first
        shape of 28 × 28 that it takes.
    output_name
        Which output holds a number for each class; by default one of floats, by its name or the first.
    batch
        How many pictures it is asked about at once. By default as many as it has been fast enough for, up to 63.
    temperature, threshold
        What its logits are divided by, and the log-sum-exp of the logits below which a picture is of none of the
        classes. By default what the server says in ``parameters``, or 1 and none.
    timeout
        Seconds that it may take for an answer. Pads wait as long as that for it.

    Raises
    ------
    ModelError
        If one of these cannot be used. The server is not asked yet.

    Notes
    -----
    Connections are kept, and any number of threads may ask. A question is asked a second time if the server closes the
    connection without an answer: it asks for nothing to be changed. Redirects are not followed, proxies are not used.

    Examples
    --------
    >>> from digit_widget import Remote
    >>> Remote("https://models.example/v2/models/digits?key=secret", headers={"Authorization": "Bearer secret"})
    Remote('https://models.example/v2/models/digits')
    """

    def __init__(self, url: str, **keywords: Unpack[RemoteKeywords]) -> None:
        if unknown := sorted(set(keywords) - set(REMOTE_KEYWORDS)):
            said = ", ".join(f"{name}{meant(name, REMOTE_KEYWORDS)}" for name in unknown)
            message = f"Remote has no keyword {said}; it takes {', '.join(REMOTE_KEYWORDS)}."
            raise TypeError(message)
        said_of_logits = {name: keywords.get(name) for name in ("temperature", "threshold")}
        timeout, batch = keywords.get("timeout"), keywords.get("batch")
        self._address = address(url, keywords.get("headers"))
        self._calibration = {name: value for name, value in said_of_logits.items() if value is not None}
        calibration(self._calibration)
        self._wanted = Wanted.checked(**{name: keywords.get(name) for name in Wanted._fields})
        self._batch = None if batch is None else int(_checked("batch", batch, "a number of pictures", least=1))
        self._timeout = TIMEOUT if timeout is None else _checked("timeout", timeout, "a number of seconds", least=1e-3)
        self._pace = 0.0  # pictures a second
        self._connections = Connections(self._address)

    @property
    def url(self) -> str:
        """Where it is served, without what must not be told."""
        return self._address.url

    @property
    def name(self) -> str:
        """What it is called there."""
        return self._address.name

    @property
    def timeout(self) -> float:
        """How many seconds it may take for an answer."""
        return self._timeout

    def __repr__(self) -> str:
        return f"Remote({self.url!r})"

    def met(self) -> Served:
        """Ask the server what the model takes, and return the model.

        Raises
        ------
        UnavailableError
            If it is not there now.
        ModelError
            If it cannot be used.
        """
        return meet(self, self._wanted, self._calibration)

    def about(self) -> dict[str, Any]:
        """Return what the server says of the model; nothing if it does not say."""
        reply = self._exchange("GET", "", None)
        if reply.status in _NO_MODEL:  # of it; if there is none, the first question tells
            return {}
        return read(reply, self._address)

    def ask(self, question: dict[str, Any], pictures: int) -> dict[str, Any]:
        """Ask about some pictures, and return the answer."""
        began = time.monotonic()
        body = json.dumps(question, separators=(",", ":")).encode()
        answer = read(self._exchange("POST", "/infer", body), self._address)
        self._pace = pictures / max(time.monotonic() - began, 1e-3)
        return answer

    def at_once(self, numbers: int) -> int:
        """Return about how many pictures of so many numbers to ask now."""
        return self._batch or max(1, min(MOST_NUMBERS // numbers, int(self._pace * self.timeout * PATIENCE)))

    def _exchange(self, method: str, suffix: str, body: bytes | None) -> Reply:
        seconds = min(self.timeout, MARGIN * remaining())
        try:
            return self._connections.exchange(method, suffix, body, seconds)
        except FAILURES as error:
            raise failed(error, self._address, seconds) from error


def _checked(keyword: str, value: object, what: str, least: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and least <= value < math.inf:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    message = f"{keyword}= is {what}, at least {least:g}, not {value!r:.40}."
    raise ModelError(message)
