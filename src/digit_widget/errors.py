"""What went wrong, in sentences for the person at the pad."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec

from digit_widget.deadline import DeadlineError

NEEDED = {"numpy": "numpy", "PIL": "pillow"}
"""What no drawing can be answered without, though it may be missing in a browser's Python or a broken environment: the
names of modules, and of the packages they come in."""


class DigitWidgetError(ValueError):
    """An error whose message is written for people: what happened, what was expected, and what to do."""


def a(thing: object) -> str:
    """Return what a thing is, with its article: "an int", "a list".

    Examples
    --------
    >>> a(5), a([])
    ('an int', 'a list')
    """
    name = type(thing).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def short(failure: object, length: int = 200) -> str:
    r"""Return what an error says in one line, without the codes with which terminals are told to print bold.

    Examples
    --------
    >>> short(ValueError("two\nlines, \x1b[1mbold\x1b[0m"))
    'two lines, bold'
    """
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(failure)).split())[:length]


def missing() -> str:
    """Return a sentence about a package that is not installed and that every answer needs, or ``""``."""
    for module, package in NEEDED.items():
        if not _is_installed(module):
            return f"Drawings cannot be answered, because {package} is not installed. {_install(package)}"
    return ""


def sentence(failure: BaseException, what: str = "The model could not answer.") -> str:
    """Say what went wrong.

    Parameters
    ----------
    failure
        What was raised.
    what
        How the sentence begins where the failure's own words were not written for people.
    """
    try:
        words = str(failure)
    except Exception:  # noqa: BLE001 - an exception of somebody's own may fail at that, too
        words = "(its message cannot be read)"
    if isinstance(failure, DigitWidgetError):
        return words
    if isinstance(failure, ImportError) and (broken := missing() or _broken()):
        return broken
    if isinstance(failure, DeadlineError):
        return f"{what} {words}"
    return f"{what} {type(failure).__name__}: {words}"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # of a finder that cannot say, of a module without a specification
        return False


def _broken() -> str:
    """Return a sentence about a package that is installed and cannot be imported, or ``""``."""
    for module, package in NEEDED.items():
        try:
            import_module(f"{module}.Image" if module == "PIL" else module)
        except ImportError as error:
            reason = str(error).strip().partition("\n")[0]
            return f"Drawings cannot be answered, because {package} cannot be imported ({reason}). {_install(package)}"
    return ""


def _install(package: str) -> str:
    return f"Install it with: pip install --force-reinstall {package}. Then restart the kernel."
