"""JupyterLite: the notebook and its Python run in the browser, from a site of static files."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hosts import environment, serving
from notebooks import NODE, Application, write_notebook
from packaging.utils import parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hosts import Server
    from playwright.sync_api import Page

REPOSITORY = Path(__file__).parents[2]
WHEELS = Path(__file__).parent / "wheels"
EXTENSIONS = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
PYODIDE_KERNEL = EXTENSIONS / "@jupyterlite" / "pyodide-kernel-extension"
FEDERATED = (PYODIDE_KERNEL, EXTENSIONS / "@jupyter-widgets" / "jupyterlab-manager", EXTENSIONS / "anywidget")
PYODIDE = NODE / "pyodide"
LOCK = "pyodide-lock.json"
NEEDED = (
    "anywidget",
    "asttokens",
    "comm",
    "executing",
    "ipython",
    "ipython-pygments-lexers",
    "ipywidgets",
    "jedi",
    "matplotlib-inline",
    "parso",
    "prompt-toolkit",
    "psygnal",
    "pure-eval",
    "pygments",
    "stack-data",
    "traitlets",
    "typing-extensions",
    "wcwidth",
)
"""What a kernel with a pad imports; numpy and Pillow are for Pyodide's own site, and are done without."""


class JupyterLite(Application):
    """JupyterLite with Pyodide's kernel; Python has no numpy there, so that the page answers and tells Python."""

    name = "JupyterLite"
    packages = ("jupyterlite-core", "jupyterlite-pyodide-kernel")
    words: ClassVar = {"Reload": "a new pad, when the cell is run again: Python ends with the page"}
    needs = (WHEELS, PYODIDE)
    address = "/lab/index.html?path=pad.ipynb"

    @contextlib.contextmanager
    def serve(self, root: Path) -> Iterator[Server]:
        """Build a site with a notebook on it, and serve its files."""
        site = build(root)
        command = ["http.server", "{port}", "--bind=127.0.0.1", f"--directory={site}"]
        with serving(command, root, ready="/lab/index.html") as server:
            yield server

    def reload(self, page: Page) -> None:
        """Reload the page, and run the notebook on the new Python."""
        super().reload(page)
        self.run(page)

    def versions(self) -> str:
        """Return what was tested, Pyodide included."""
        return f"{super().versions()}, pyodide {json.loads((PYODIDE / 'package.json').read_text())['version']}"


def fetch() -> None:
    """Fetch the wheels of what a kernel needs, as they are installed here, into `WHEELS`."""
    lock = json.loads((PYODIDE / LOCK).read_text())
    wanted = [f"{name}=={importlib.metadata.version(name)}" for name in NEEDED]
    wanted.append(f"micropip=={lock['packages']['micropip']['version']}")
    python = lock["info"]["python"].rpartition(".")[0]
    any_platform = ("--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none")
    command = ["pip", "download", "--quiet", "--no-deps", *any_platform, f"--python-version={python}"]
    subprocess.run([sys.executable, "-m", *command, f"--dest={WHEELS}", *wanted], check=True)


def build(root: Path) -> Path:
    """Build a site with the notebook and the quickstart, that asks no other machine for anything; return its folder."""
    source, site = root / "source", root / "site"
    distribution = source / "static" / "pyodide"
    shutil.copytree(PYODIDE, distribution)
    own = (PYODIDE_KERNEL / "static" / "pypi").glob("*.whl")
    for wheel in (*WHEELS.glob("*.whl"), *(wheel for wheel in own if not wheel.name.startswith("widgetsnbextension"))):
        shutil.copy(wheel, distribution)
    _run("build", "--wheel", "--no-isolation", f"--outdir={distribution}", str(REPOSITORY), root=root)
    packages = dict(map(_packed, sorted(distribution.glob("*.whl"))))
    info = json.loads((distribution / LOCK).read_text())["info"]
    _write(distribution / LOCK, {"info": info, "packages": packages})
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": list(packages)}}
    settings = {
        "exposeAppInBrowser": True,
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
    }
    _write(source / "jupyter-lite.json", {"jupyter-lite-schema-version": 0, "jupyter-config-data": settings})
    (source / "files").mkdir()
    write_notebook(source / "files" / "pad.ipynb")
    shutil.copy(REPOSITORY / "examples" / "quickstart.ipynb", source / "files")
    building = {
        "apps": ["lab"],
        "federated_extensions": [str(extension) for extension in FEDERATED],
        "ignore_sys_prefix": True,  # nothing else that happens to be installed here
        "no_sourcemaps": True,
        "output_dir": str(site),
    }
    _write(source / "jupyter_lite_config.json", {"LiteBuildConfig": building})
    _run("jupyterlite_core", "build", root=root, folder=source)
    return site


def _packed(wheel: Path) -> tuple[str, dict[str, Any]]:
    """Return a wheel as Pyodide's lock names it: all are loaded, so that none has to name what it depends on."""
    name, version, _, _ = parse_wheel_filename(wheel.name)
    entry = {
        "name": name,
        "version": str(version),
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "install_dir": "site",
        "imports": [],
        "depends": [],
    }
    return name, entry


def _write(file: Path, content: Mapping[str, object]) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")


def _run(module: str, *arguments: str, root: Path, folder: Path | None = None) -> None:
    home = environment(root / "home") | {"JUPYTER_NO_CONFIG": "1"}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, cwd=folder, env=home, check=False
    )
    assert not done.returncode, f"{module} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


if __name__ == "__main__":
    fetch()
