"""A pad as one HTML file that answers by itself: without Python, without a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from digit_widget.packed import Packed

SETTINGS = ("predict_on", "labels", "size", "locale", "prompt", "panel")
"""The traits that a page takes over from its pad."""

# The page asks for nothing: its policy allows its own script and styles, WebAssembly, and pictures made on it.
_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {scripts} 'wasm-unsafe-eval'; \
style-src {styles}; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<div id="digit-widget"><noscript>This page needs JavaScript.</noscript></div>
</main>
<script type="application/json" id="digit-widget-data">{data}</script>
{parts}
{code}
</body>
</html>
"""

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 0; }
main { box-sizing: border-box; max-width: 640px; margin: 0 auto; padding: 24px 16px; }
h1 { margin: 0 4px 16px; font-size: 1.5em; font-weight: 600; overflow-wrap: anywhere; }
"""


def to_html(
    packed: Packed, settings: Mapping[str, Any], title: str | None = None, feedback: Mapping[str, Any] | None = None
) -> str:
    """Return a page with a pad on it.

    Parameters
    ----------
    packed
        The model.
    settings
        The pad's traits named in `SETTINGS`.
    title
        The page's heading; by default what the blank pad says.
    feedback
        What the page has to know to keep what people say about the answers, see js/feedback/keeper.js; None if it is
        not to.
    """
    scripts, styles = [_static("page.js")], [_static("widget.css"), _STYLE]
    data: dict[str, Any] = {
        "title": title,
        "traits": {name: settings[name] for name in SETTINGS},
        "packed": packed.description,
    }
    if feedback is not None:
        scripts.insert(0, _static("corrections.js"))
        styles.append(_static("feedback.css"))
        data["feedback"] = feedback
    style = "".join(styles)
    parts = (
        f'<script type="text/plain" data-part="{name}">{base64.b64encode(part).decode()}</script>'
        for name, part in packed.parts.items()
    )
    more = " blob:" if packed.description["onnx"] else ""  # onnxruntime is a module of its own
    return _PAGE.format(
        lang=html.escape(settings["locale"] or "en"),
        title=html.escape(title or settings["prompt"] or "digit-widget"),
        scripts=" ".join(map(_hash, scripts)) + more,
        styles=_hash(style),
        style=style,
        data=json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),  # "</script>" would end it
        parts="\n".join(parts),
        code="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _static(name: str) -> str:
    return files(__package__).joinpath("static", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what a content security policy calls a script or a style by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
