"""Starts what `deploy/` holds: MLServer, KServe and Ray Serve, each in its own environment, on free ports."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
import pytest

from digit_widget import ModelError, Remote

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
START = 120.0
"""Seconds that a server may take to answer: Ray on a busy machine takes forty."""


class ServerError(Exception):
    """A server does not start; the message holds the end of its log."""


class Serving(ABC):
    """A server with one model, ``digits``.

    Parameters
    ----------
    model
        The path of a network; the bundled one if empty.
    """

    name: str
    folder: str

    def __init__(self, model: str = "") -> None:
        self.model, self.port = model, free_port()
        self.work = Path(tempfile.mkdtemp(prefix=f"{self.folder}-"))  # short, as Ray's sockets want it
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def environment(cls) -> Path:
        """Return the environment that it is installed in."""
        return ROOT / f".venv-{cls.folder}"

    @classmethod
    def is_installed(cls) -> bool:
        """Return whether it can be started."""
        return (cls.environment() / ".installed").exists()

    @property
    def url(self) -> str:
        """Where the model is."""
        return f"http://127.0.0.1:{self.port}/v2/models/digits"

    @property
    def log(self) -> str:
        """The end of what it has said."""
        return (self.work / "log").read_text(errors="replace")[-3000:]

    def start(self) -> float:
        """Start it, wait until it answers, and return how many seconds that took."""
        began = time.monotonic()
        more = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"} | self.variables()
        with (self.work / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.work,
                env=os.environ | more,
            )
        while True:
            try:
                Remote(self.url).met()
            except ModelError as error:
                if self._process.poll() is not None or time.monotonic() - began > START:
                    log_ = self.log
                    self.kill()
                    message = f"{self.name} does not answer: {error}\n{log_}"
                    raise ServerError(message) from error
                time.sleep(0.1)
            else:
                return time.monotonic() - began

    def processes(self) -> list[psutil.Process]:
        """Return all its processes."""
        if self._process is None or not psutil.pid_exists(self._process.pid):
            return []
        own = psutil.Process(self._process.pid)
        return [own, *own.children(recursive=True)]

    def resident(self) -> float:
        """Return how much memory they hold, in MiB; what several share counts once for each."""
        return sum(process.memory_info().rss for process in self.processes()) / 2**20

    def kill(self) -> None:
        """End it without a warning, with all that it has started."""
        found = self.processes()
        for process in found:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        if self._process:
            self._process.wait()
        psutil.wait_procs(found, timeout=10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _failure: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.work, ignore_errors=True)

    @abstractmethod
    def command(self) -> list[str]:
        """Return what starts it."""

    def variables(self) -> dict[str, str]:
        """Return the environment variables that it needs."""
        return {}


class MLServer(Serving):
    """MLServer, with the settings of `deploy/mlserver` but for the ports and the file."""

    name, folder = "MLServer", "mlserver"

    def command(self) -> list[str]:
        """Copy the folder, and say which ports and which file."""
        place = self.work / "model"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(DEPLOY / "mlserver", place)
        ports = {"host": "127.0.0.1", "http_port": self.port, "grpc_port": free_port(), "metrics_port": free_port()}
        changed(place / "settings.json", ports)
        if self.model:
            changed(place / "model-settings.json", {"parameters": {"uri": self.model}})
        return [str(self.environment() / "bin" / "mlserver"), "start", str(place)]


class KServe(Serving):
    """KServe's model server."""

    name, folder = "KServe", "kserve"

    def command(self) -> list[str]:
        """Say which port."""
        python = str(self.environment() / "bin" / "python")
        own = ["--model_name=digits", f"--http_port={self.port}", "--enable_grpc=false"]
        return [python, str(DEPLOY / "kserve" / "model.py"), *own]

    def variables(self) -> dict[str, str]:
        """Say which file."""
        return {"MODEL": self.model}


class RayServe(Serving):
    """Ray Serve, with the settings of `deploy/ray` but for the port, the file and the replicas."""

    name, folder = "Ray Serve", "ray"
    replicas = 1

    def command(self) -> list[str]:
        """Write the settings anew."""
        text = (DEPLOY / "ray" / "serve.yaml").read_text(encoding="utf-8")
        changes = {
            "port: 8000": f"port: {self.port}",
            "host: 0.0.0.0": "host: 127.0.0.1",
            'model: ""': f'model: "{self.model}"',
            "min_replicas: 1": f"min_replicas: {self.replicas}",
            "max_replicas: 8": f"max_replicas: {self.replicas}",
        }
        for before, after in changes.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        settings = self.work / "serve.yaml"
        settings.write_text(text, encoding="utf-8")
        return [str(self.environment() / "bin" / "serve"), "run", str(settings)]

    def variables(self) -> dict[str, str]:
        """Have it start a Ray of its own, whatever runs here, and report nothing."""
        return ray_variables(self.work) | {"PYTHONPATH": str(DEPLOY / "ray")}


SERVERS: tuple[type[Serving], ...] = (MLServer, KServe, RayServe)


def installed(kind: type[Serving]) -> type[Serving]:
    """Return a kind of server if it can be had; otherwise the test is skipped."""
    if not kind.is_installed():
        pytest.skip(f"{kind.name} is not installed: make {kind.environment().name}/.installed")
    return kind


def ray_variables(folder: Path) -> dict[str, str]:
    """Return what keeps a Ray to itself and to a folder."""
    return {"RAY_ADDRESS": "local", "RAY_TMPDIR": str(folder), "RAY_USAGE_STATS_ENABLED": "0"}


def changed(file: Path, values: dict[str, object]) -> None:
    """Write some values into a file of JSON."""
    found = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(found | values), encoding="utf-8")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
