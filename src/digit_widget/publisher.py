"""Traits that change together, whichever thread changes them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from traitlets import Bunch, HasTraits

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from ipywidgets import Widget


class Publisher:
    """Sets the traits of a widget that the desk decides on: all of one generation as one change and in one message.

    traitlets and ipywidgets tell of each trait by itself, and what they use to hold that back is not made for several
    threads. Here the lock is held while values are set and sent. Observers run after that, without the lock, in one
    thread at a time; another thread that has something to tell leaves it to the one that is telling, and waits for
    nobody. An observer is told of the newest value only.

    Parameters
    ----------
    widget
        Whose traits are set. They are not validated, and may be read-only.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._lock = threading.Lock()
        self._generation = 0
        self._untold: dict[str, Bunch] = {}  # changes by trait, that observers have not been told of
        self._teller: int | None = None  # the thread that tells them

    def publish(self, generation: int, values: Mapping[str, Any], known: Container[str] = ()) -> None:
        """Set traits, send those that changed to the front end, and tell the observers.

        Parameters
        ----------
        generation
            Nothing happens when a higher one was published already.
        values
            By the name of the trait.
        known
            Names of traits whose value the front end has, and need not be sent.

        Raises
        ------
        Exception
            What the first observer that failed has raised, after all others were told.
        """
        widget = self._widget
        with self._lock:
            if generation < self._generation:
                return
            self._generation = generation
            changed = {name: value for name, value in values.items() if value != getattr(widget, name)}
            for name, value in changed.items():
                self._note(name, getattr(widget, name), value)
                widget._trait_values[name] = value  # noqa: SLF001 - setting it would tell observers, under the lock
            if sent := [name for name in changed if name not in known]:
                widget.send_state(sent)
        self._tell()

    def _note(self, name: str, old: object, new: object) -> None:
        change = self._untold.setdefault(name, Bunch(name=name, old=old, owner=self._widget, type="change"))
        change.new = new
        if change.old == new:
            del self._untold[name]

    def _tell(self) -> None:
        own = threading.get_ident()
        with self._lock:
            is_first = self._teller is None
            if self._teller not in (None, own):
                return
            self._teller = own
        failure: Exception | None = None
        try:
            while change := self._next(is_first=is_first):
                try:
                    HasTraits.notify_change(self._widget, change)  # not the widget's own, which would send it again
                except Exception as error:  # noqa: BLE001 - raised below, when all were told
                    failure = failure or error
        except BaseException:
            if is_first:
                self._teller = None
            raise
        if failure:
            raise failure

    def _next(self, *, is_first: bool) -> Bunch | None:
        """Return a change to tell of; after the last one the outermost teller is done."""
        with self._lock:
            if self._untold:
                return self._untold.pop(next(iter(self._untold)))
            if is_first:
                self._teller = None
            return None
