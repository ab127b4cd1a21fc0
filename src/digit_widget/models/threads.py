"""How many threads torch may use for small networks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from digit_widget.locks import Lock, after_fork

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Threads:
    """The number of threads that the user has set, while some networks are limited to one."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.limited = 0
        self.users = 0
        after_fork(self._restore)

    def _restore(self) -> None:
        """Undo the limit in a forked child: the threads that would have done so are not in it."""
        if self.limited:
            self.limited = 0
            torch.set_num_threads(self.users)


_threads = _Threads()


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread, for what the calling thread does.

    Two threads do not answer a few pictures faster than one, and on a busy machine waiting for the other one was
    measured to take fifty times as long as the work itself. Afterwards torch has the number of threads that the user
    has set. Other threads are not affected, and need not wait for a network that hangs in this one.
    """
    with _threads.lock:
        if not _threads.limited:
            _threads.users = torch.get_num_threads()
        _threads.limited += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _threads.lock:
            _threads.limited = max(0, _threads.limited - 1)
            torch.set_num_threads(_threads.users)
