"""Real hosts to draw in: JupyterLab and Voila, each on a free port, with a home of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks our own servers past any proxy."""

START = 90.0
"""Seconds a server may take to answer: a cold one on a busy machine takes ten."""


def until(condition: Callable[[], T], timeout: float, why: str) -> T:
    """Ask again and again until the condition holds, and return what it gave.

    Raises
    ------
    TimeoutError
        When it did not hold within `timeout` seconds; `why` completes the sentence "Waited ... s for".
    """
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not (found := condition()):
        if time.monotonic() > deadline:
            message = f"Waited {timeout:g} s for {why}."
            raise TimeoutError(message)
        pause.wait(0.05)
    return found


@dataclass(frozen=True)
class Server:
    """A server that runs: its address, its token, its log, and where it keeps things."""

    url: str
    token: str
    log: Path
    work: Path
    home: Path

    def api(self, path: str, method: str = "GET", body: object = None) -> Any:  # noqa: ANN401 - whatever JSON says
        """Ask the server's REST interface, as ``/api/<path>``."""
        request = urllib.request.Request(  # noqa: S310 - always http://127.0.0.1
            f"{self.url}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"token {self.token}"},
        )
        with DIRECT.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def tail(self, characters: int = 1500) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-characters:]


# What other hosts and language servers add to a Jupyter server and to its pages: not asked for here, and slow to start.
FOREIGN_TO_SERVER = (
    "jupyter_lsp",
    "notebook",
    "panel.io.jupyter_server_extension",
    "solara.server.jupyter.server_extension",
    "voila.server_extension",
)
FOREIGN_TO_PAGE = ("@pyviz/jupyterlab_pyviz", "@voila-dashboards/jupyterlab-preview", "jupyter-vue", "jupyter-vuetify")


@contextlib.contextmanager
def jupyterlab(root: Path, *options: str, notebook: bool = False) -> Iterator[Server]:
    """Serve JupyterLab, and Jupyter Notebook if asked to, with its work folder and its home under `root`."""
    config = root / "home" / "config"
    settings = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}  # or a question and a request to another machine
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    (config / "labconfig").mkdir()
    disabled = {"disabledExtensions": dict.fromkeys(FOREIGN_TO_PAGE, True)}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(disabled))
    extensions = dict.fromkeys(FOREIGN_TO_SERVER, False) | {"jupyterlab": True, "notebook": notebook}
    command = [
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.root_dir={work}",
        f"--ServerApp.jpserver_extensions={extensions}",
        "--LabApp.expose_app_in_browser=True",  # to open and run notebooks without racing through menus
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",  # the default one asks PyPI
        *options,
    ]
    with serving(command, root, ready="/api/status") as server:
        yield server


@contextlib.contextmanager
def voila(root: Path, notebook: Path) -> Iterator[Server]:
    """Serve one notebook with Voila; `root` is its home."""
    command = [
        "voila",
        str(notebook),
        "--no-browser",
        "--Voila.ip=127.0.0.1",
        "--port={port}",
    ]
    ready = "/voila/static/voila.js"  # the page itself would run the notebook once more, for nobody
    with serving(command, root, ready) as server:
        yield server


@contextlib.contextmanager
def serving(command: list[str], root: Path, ready: str) -> Iterator[Server]:
    """Start ``python -m <command>``, wait until the path `ready` answers, and end it with all that it started."""
    work, home = root / "work", root / "home"
    for folder in (work, home):
        folder.mkdir(exist_ok=True, parents=True)
    port = _free_port()
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), root / "server.log", work, home)
    arguments = [part.replace("{port}", str(port)).replace("{work}", str(work)) for part in command]
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=work,
            env=environment(home) | {"JUPYTER_TOKEN": server.token},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, so that it can be ended whole
        )
        try:
            until(lambda: _answers(process, server, ready), START, f"{arguments[0]} to answer; its log: {server.log}")
            yield server
        finally:
            _end(process)


def environment(home: Path) -> dict[str, str]:
    """Return this process's environment with everything that Jupyter and IPython keep moved to `home`."""
    return os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "ANYWIDGET_HMR": "0",  # reloading on save is for whoever edits the front end
    }


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _answers(process: subprocess.Popen[bytes], server: Server, path: str) -> bool:
    if process.poll() is not None:
        message = f"The server ended by itself with {process.returncode}; its log:\n{server.tail()}"
        raise RuntimeError(message)
    try:
        with DIRECT.open(f"{server.url}{path}", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True  # it speaks, if only to ask for a token
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server's process group; its kernels have groups of their own and end when it does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
