"""Where a model is served: its URL and the headers that go there, checked; and what of them may be told."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from digit_widget.errors import a
from digit_widget.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f]")
_SAFE = "/%:@!$&'()*+,;=~-._"  # what a path may hold as it is
_OURS = {"connection", "content-length", "content-type", "accept-encoding", "expect", "te", "transfer-encoding"}
"""Headers that say how a question is sent, which nobody else can know."""
_FILES = (".onnx", ".pt", ".pth", ".pkl", ".ckpt", ".bin", ".safetensors", ".keras", ".h5", ".hdf5", ".json")
_EXAMPLE = "http://localhost:8080/v2/models/digits"
_SHORTEST = 4
"""Letters from which on a part of a header or of a query is taken for a secret; shorter ones are in every sentence."""


@dataclass(frozen=True, repr=False)
class Address:
    """A URL, taken apart; its `repr` is what may be told."""

    url: str
    """What may be told: without a user, a password and a query."""
    name: str
    """What the model is called there."""
    is_secure: bool
    host: str
    port: int
    path: str
    query: str
    """With its question mark; "" if there is none."""
    headers: Mapping[str, str]
    _secrets: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return self.url

    def told(self, words: str) -> str:
        """Return what somebody else has said without what must not be told: servers repeat what they were sent."""
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return words


def address(url: object, headers: Mapping[str, str] | None = None) -> Address:
    """Read the URL of a model that is served elsewhere.

    Parameters
    ----------
    url
        ``http://`` or ``https://``, and the path of the model. A user and a password in it are sent as HTTP's basic
        authentication; a query is sent with each question.
    headers
        What else is sent with each question, such as ``{"Authorization": "Bearer …"}``.

    Raises
    ------
    ModelError
        If one of them cannot be used. The message repeats neither passwords nor values of headers.

    Examples
    --------
    >>> address("https://ann:secret@models.example/v2/models/digits/infer?key=1").url
    'https://models.example/v2/models/digits'
    """
    parts, port = _split(url)
    host = _host(parts)
    path = quote(parts.path, safe=_SAFE).rstrip("/").removesuffix("/infer")
    if not path:
        message = f"The address of a model ends in its path, as in {_EXAMPLE}, but this one ends after the host {host}."
        raise ModelError(message)
    if path.lower().endswith(_FILES):
        message = (
            f"This is the address of a file, {path.rpartition('/')[2]:.80}, and not of a model that is served. "
            "Download it, and pass its path."
        )
        raise ModelError(message)
    is_secure = parts.scheme == "https"
    usual = 443 if is_secure else 80
    shown = f"[{host}]" if ":" in host else host
    where = shown if port in (None, usual) else f"{shown}:{port}"
    sent = {"Host": where, "User-Agent": "digit-widget", "Accept": "application/json"}
    if parts.username or parts.password:
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        sent["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    own = _checked(headers)
    sent = {name: value for name, value in sent.items() if name.lower() not in map(str.lower, own)}
    query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
    return Address(
        url=f"{parts.scheme}://{where}{path}",
        name=_name(path),
        is_secure=is_secure,
        host=host,
        port=port or usual,
        path=path,
        query=query,
        headers=sent | own,
        _secrets=_secrets(parts, [*own.values(), sent.get("Authorization", "")]),
    )


def public(url: str) -> str:
    """Return a URL that a server has named without what may be secret in it; "" if it cannot be read.

    Examples
    --------
    >>> public("https://ann:secret@login.example/start?key=1#top")
    'https://login.example/start'
    """
    try:
        parts = urlsplit(_NO_TEXT.sub("", url))
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    return (f"{parts.scheme}://{place}{parts.path}" if place else parts.path)[:200]


def _split(url: object) -> tuple[SplitResult, int | None]:
    if not isinstance(url, str):
        message = f"The address of a model is a text such as {_EXAMPLE!r}, not {a(url)}."
        raise ModelError(message)
    if re.search(r"[\s\x00-\x20\x7f\\]", url):  # urlsplit takes line breaks out, and says nothing
        message = f"The address of a model has no spaces, line breaks or backslashes in it; an example is {_EXAMPLE}"
        raise ModelError(message)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("http", "", "", "", ""), None
    if parts.scheme not in ("http", "https"):
        message = (
            f"A model that is served elsewhere has an address that begins with http:// or https://, not with "
            f"{parts.scheme[:20]}://, as in {_EXAMPLE}"
        )
        raise ModelError(message)
    if not parts.hostname or port == 0:
        message = f"The address of a model has a host and perhaps a port from 1 to 65535, as in {_EXAMPLE}"
        raise ModelError(message)
    return parts, port


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        message = f"The address of a model has a host that cannot exist: {host[:80]!r}"
        raise ModelError(message) from None


def _checked(headers: object) -> dict[str, str]:
    own: dict[str, str] = {}
    try:
        pairs = [(str(name), value) for name, value in dict(headers or {}).items()]  # type: ignore[call-overload]
    except (TypeError, ValueError):
        message = f"headers= is a dict such as {{'Authorization': 'Bearer …'}}, not {a(headers)}."
        raise ModelError(message) from None
    for name, value in pairs:
        if not _TOKEN.fullmatch(name):
            message = f"The name of a header consists of letters, digits and dashes; {name!r:.40} does not."
            raise ModelError(message)
        if name.lower() in _OURS:
            message = f"The header {name} cannot be set: the question is sent as plain JSON. Leave it out of headers=."
            raise ModelError(message)
        if not isinstance(value, str) or _NO_TEXT.search(value) or not value.isascii():
            message = f"The header {name} must be a text of one line in ASCII; it is not repeated here."
            raise ModelError(message)
        own[name] = value.strip()
    return own


def _name(path: str) -> str:
    """Return the name in ``…/models/NAME`` or ``…/models/NAME/versions/2``."""
    found = re.search(r"/models/([^/]+)(?:/versions/([^/]+))?$", path)
    parts = [part for part in found.groups() if part] if found else [path.rpartition("/")[2]]
    name = unquote("/".join(parts))
    return name if name.isprintable() else "/".join(parts)


def _secrets(parts: SplitResult, headers: list[str]) -> tuple[str, ...]:
    """Return all texts that no message may hold, the longest first."""
    found = {parts.password or "", unquote(parts.password or ""), parts.query}
    found |= {value for _, value in parse_qsl(parts.query)} | set(re.split(r"[&;]|[^&;=]*=", parts.query))
    found |= {piece for value in headers for piece in (value, *re.split(r"[\s,;]+", value))}
    found -= {"Bearer", "Basic", "Token"}
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))
