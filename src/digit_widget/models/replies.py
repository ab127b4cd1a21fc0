"""What a server has replied, read as JSON; and what to say when it has not, or has refused."""

from __future__ import annotations

import json
import re
import socket
import ssl
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from typing import TYPE_CHECKING, Any

from digit_widget.errors import a, short
from digit_widget.models import ModelError, UnavailableError
from digit_widget.models.address import public
from digit_widget.models.connections import MAX_BYTES, TooLongError

if TYPE_CHECKING:
    from digit_widget.models.address import Address
    from digit_widget.models.connections import Reply

FAILURES = (OSError, HTTPException)
"""What an exchange may raise."""
_MOST_SAID = 200  # letters of a server's own words that a message repeats
_LATER = (429, 502, 503, 504)
_ADVICE = {
    401: "It wants a token, or another one: Remote(url, headers={'Authorization': 'Bearer …'}).",
    403: "It wants a token with other rights: Remote(url, headers={'Authorization': 'Bearer …'}).",
    413: "Ask about fewer pictures at once: Remote(url, batch=1).",
}


def read(reply: Reply, address: Address) -> dict[str, Any]:
    """Return the JSON object in a reply.

    Raises
    ------
    UnavailableError
        If the server is not ready.
    ModelError
        If the reply is another refusal, or anything else.
    """
    if reply.status != HTTPStatus.OK:
        raise _refusal(reply, address)
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    what = "something that is no JSON" if found is None else f"{a(found)} in place of a JSON object"
    message = f"{address.url} answered with {what}. Is it the address of a model of the v2 protocol?"
    raise ModelError(message)


def failed(error: Exception, address: Address, seconds: float) -> ModelError:
    """Return what to say when an exchange has failed.

    Parameters
    ----------
    error
        One of `FAILURES`.
    seconds
        How long it might have taken.
    """
    again = "The next drawing asks again."
    kind: type[ModelError] = UnavailableError
    match error:
        case TimeoutError():
            advice = f"for a slow model, pass Remote(url, timeout={max(4 * round(seconds), 1)})"
            what = f"did not answer within {max(seconds, 0):.2g} s. {again[:-1]}; {advice}."
        case ssl.SSLCertVerificationError():
            kind, why = ModelError, error.verify_message
            what = (
                f"shows a certificate that cannot be trusted ({why}). If it is your own, name its file in the "
                "environment variable SSL_CERT_FILE."
            )
        case ssl.SSLError():
            kind, what = ModelError, "does not speak TLS. Does its address begin with http:// instead?"
        case socket.gaierror():
            what = f"cannot be reached, because its host is not known. Is it spelt right? {again}"
        case ConnectionRefusedError():
            what = f"cannot be reached: nothing listens there. Start the server, or check the port. {again}"
        case TooLongError():
            kind, what = ModelError, f"answered with more than {MAX_BYTES >> 20} MiB. Is it the address of a model?"
        case IncompleteRead():
            what = f"broke off in the middle of its answer. {again}"
        case OSError():
            why = error.strerror or "it closed the connection without an answer"
            what = f"cannot be reached: {why}. {again}"
        case _:
            kind, what = ModelError, "does not answer as HTTP servers do. Is this the port of its HTTP interface?"
    return kind(f"{address.url} {what}")


def _refusal(reply: Reply, address: Address) -> ModelError:
    """Return what to say of a status other than 200."""
    status, words = reply.status, _words(reply.body, address)
    said = f"{address.url} answered {status}{f': {words}' if words else ''}".rstrip(".")
    if status in _LATER:
        return UnavailableError(f"{said}. The server is not ready, or busy; the next drawing asks again.")
    if status == HTTPStatus.NOT_FOUND:  # also while it is being loaded
        return UnavailableError(f"{said}. Check the name of the model, and whether the server has loaded it.")
    advice = _ADVICE.get(status)
    if advice is None and HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        place = address.told(public(reply.location))
        advice = f"Redirects are not followed; pass the address that it leads to{f': {place}' if place else '.'}"
    elif advice is None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        advice = "The server failed; its log says more."
    elif advice is None:
        advice = "If it wants another input, say which: Remote(url, input_name=…, shape=…, datatype=…)."
    return ModelError(f"{said}. {advice}")


def _words(body: bytes, address: Address) -> str:
    """Return a server's own words about what went wrong, in one line and without what must not be told."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    if isinstance(found, dict):
        found = next((found[key] for key in ("error", "detail", "message") if found.get(key)), "")
    if isinstance(found, (dict, list)):
        found = json.dumps(found, ensure_ascii=False)
    words = address.told(str(found)[: 100 * _MOST_SAID])
    is_page = words.lstrip().startswith("<")
    return "" if is_page else short(re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", words), _MOST_SAID)
