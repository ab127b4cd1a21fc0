"""What the tests ask of a host, whichever it is."""

from __future__ import annotations

import abc
import importlib.metadata
import re
from typing import TYPE_CHECKING, ClassVar, Literal

from padview import PadView

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from hosts import Server
    from playwright.sync_api import Page, Route

Theme = Literal["light", "dark"]


class Host(abc.ABC):
    """A host with one pad in it, and below the pad a text of the host's own: "Python says 7"."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    """Whose versions the table states."""
    keeps_drawing: ClassVar[bool] = False
    """Whether a page that is loaded again has the widget it had; else it has a new one."""
    files: ClassVar[Mapping[str, Path]] = {}
    """What the page is given from this machine's disk: where the address has this, the file, or one of the folder."""
    needs: ClassVar[Collection[Path]] = ()
    """What else `make test-hosts` has fetched for it."""
    asks_for: ClassVar[Collection[str]] = ()
    """Patterns of the addresses on other machines that the host's own pages ask, with any widget or none."""
    own_errors: ClassVar[Collection[str]] = ()
    """Errors in the page that are the host's own, with any widget or none."""
    remark: ClassVar[str] = ""
    """What is to be said beside the name, wherever it stands in a table."""
    words: ClassVar[Mapping[str, str]] = {}
    """What the table says of a test passed, by column, where that is more than "yes"; after a colon, what is meant."""

    @abc.abstractmethod
    def serve(self, root: Path) -> AbstractContextManager[Server]:
        """Start the host, with all that it keeps under `root`."""

    @abc.abstractmethod
    def open(self, page: Page, server: Server, theme: Theme) -> None:
        """Have the page show the pad, in a theme of the host's own."""

    def reload(self, page: Page) -> None:
        """Reload the page, as a person does."""
        page.reload()

    def pad(self, page: Page) -> PadView:
        """Return the pad, once it is there."""
        root = page.locator(".digit-widget")
        root.wait_for()
        return PadView(page, root)

    def versions(self) -> str:
        """Return what was tested, in words."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in self.packages)

    def picture(self, theme: str) -> str:
        """Return what its picture in a theme is called."""
        return re.sub(r"\W+", "-", self.name.lower()) + f"-{theme}.png"

    def __str__(self) -> str:
        return self.name


def give(page: Page, files: Mapping[str, Path]) -> None:
    """Give a page what it asks for from this machine's disk: where the address has the key, the file or one there."""

    def giving(address: str, place: Path) -> Callable[[Route], None]:
        def answer(route: Route) -> None:
            rest = route.request.url.partition(address)[2].partition("?")[0]
            route.fulfill(path=place / rest if place.is_dir() else place, headers={"Access-Control-Allow-Origin": "*"})

        return answer

    for address, place in files.items():
        page.route(re.compile(re.escape(address)), giving(address, place))
