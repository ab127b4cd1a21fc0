"""What is shipped, tested as shipped: the wheel, away from the checkout it was built from.

An editable install finds the checkout's files whether or not they are packaged, so every other test would pass with a
wheel that lacks its front end or its weights.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from importlib.metadata import PathDistribution, packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import Path as ZipPath
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from digit_widget.strokes import PAD_SIZE, checked, rasterise

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SHIPPED = {
    "py.typed",
    "digits.json",
    "texts.json",
    "pad.json",
    "static/widget.js",
    "static/widget.css",
    "static/comparison.js",
    "static/comparison.css",
    "static/engine.js",
    "static/page.js",
    "static/feedback.js",
    "static/feedback.css",
    "static/corrections.js",
    "static/wall.js",
    "static/wall.css",
    "ort/ort.mjs",
    "ort/ort.wasm.xz",
    "ort/README.md",
    "weights/digits.bin",
    "weights/digits.json",
    "weights/digits.safetensors",
    "weights/digits.onnx",
    "weights/teaching.npz",
    "weights/README.md",
}
"""Every file of the package that is not Python."""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed and return what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def build(out: Path, *kinds: str) -> Path:
    """Build into a folder and return the wheel; without a kind, an sdist and from that the wheel."""
    # Without isolation: the build back end is installed already.
    run(sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", out, ROOT, cwd=out)
    [wheel] = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel built from the checkout."""
    return build(tmp_path_factory.mktemp("wheel"), "--wheel")


def files_of(wheel: Path) -> set[str]:
    """Return the names of all files in a wheel."""
    return set(ZipFile(wheel).namelist())


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Every Python file of src is in it, the front end as built, the weights; no tests and no front-end sources."""
    python = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/digit_widget").rglob("*.py")}
    found = {name for name in files_of(wheel) if ".dist-info/" not in name}
    assert found == python | {f"digit_widget/{name}" for name in SHIPPED}


@pytest.mark.parametrize("name", ["digits.safetensors", "digits.onnx"])
def test_the_wheel_ships_the_weights_of_the_checkout(wheel: Path, name: str) -> None:
    """Weights are packaged byte for byte."""
    assert ZipFile(wheel).read(f"digit_widget/weights/{name}") == (ROOT / "models" / name).read_bytes()


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """A wheel built from the sdist, as a packager does, holds the same files as one built from the checkout."""
    assert files_of(build(tmp_path)) == files_of(wheel)


def seven(path: Path) -> Path:
    """Save the 7 among the ten shapes as a hand would draw it, over 60 % of the pad and in its middle."""
    strokes = json.loads((ROOT / "src/digit_widget/digits.json").read_text(encoding="utf-8"))["7"]
    drawing = [[[(0.2 + 0.6 * at) * PAD_SIZE for at in point] for point in stroke] for stroke in strokes]
    Image.fromarray(255 - rasterise(checked(drawing))).save(path)
    return path


def interpreter(version: str) -> str | None:
    """Return where a Python of that version is, on the path or among pyenv's, or None."""
    candidates = [
        shutil.which(f"python{version}"),
        *Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"),
    ]
    for path in filter(None, candidates):
        asked = subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if asked.returncode == 0:  # pyenv's own stand-ins and Debian's pythons without pip say otherwise
            return str(path)
    return None


def environment(folder: Path, python: str, wheel: Path, extra: str = "") -> Path:
    """Return the Python of a new environment that holds the wheel, what it declares and nothing else."""
    run(python, "-m", "venv", folder, cwd=folder.parent)
    new = folder / "bin" / "python"
    pip = [new, "-m", "pip", "--disable-pip-version-check", "install", "--only-binary=:all:", "--quiet"]
    run(*pip, "--constraint", ROOT / "constraints.txt", f"{wheel}{extra}", cwd=folder.parent)
    return new


IN_USE = """
import pkgutil, sys
from importlib import import_module
from pathlib import Path
import digit_widget
from digit_widget import Classifier, DigitWidget, ModelError, load_model, predict

seven, folder = Path(sys.argv[1]), Path(digit_widget.__file__).parent
assert folder.is_relative_to(sys.prefix), folder
assert "torch" not in {module.name for module in pkgutil.iter_modules()}

assert DigitWidget._esm and DigitWidget._css
pad = DigitWidget()
pad.strokes = [[[80, 60], [200, 60], [180, 120], [150, 180], [130, 230]]]
assert (pad.prediction, pad.error) == (7, "")
pad.explaining = True
assert pad._why["label"] == pad.result, pad._why
assert pad.explain().prediction == 7
pad.image = "data:image/png;base64," + __import__("base64").b64encode(seven.read_bytes()).decode()
assert pad.prediction == 7

from PIL import Image
import numpy as np
picture = Image.open(seven)
for given in (seven, str(seven), seven.read_bytes(), picture, np.asarray(picture)):
    assert predict(given).prediction == 7
assert [answer.prediction for answer in predict([seven] * 3, model=lambda picture: 7, labels="abcdefghi")] == [7] * 3
weights = folder / "weights" / "digits.safetensors"
assert predict(seven, model=weights).prediction == 7
for name, package in {"weights.pt": "torch>=2.10", "model.onnx": "onnxruntime"}.items():
    path = Path(sys.argv[2], name)
    path.write_bytes(b"PK")
    try:
        load_model(path)
    except ModelError as error:
        assert f"pip install '{package}" in str(error), error
    else:
        raise AssertionError(name)
"""
"""What is done with an installed wheel: drawn, explained, pictures read, and what is not there asked for."""


def test_the_wheel_with_its_dependencies_alone(wheel: Path, tmp_path: Path) -> None:
    """In a new environment outside the checkout, with what the wheel declares alone, all but torch and ONNX works.

    The dependencies come from the package index. Isolated (-I), neither the folder it runs in nor PYTHONPATH may bring
    the checkout back.
    """
    python = environment(tmp_path / "env", sys.executable, wheel)
    run(python, "-I", "-W", "error", "-c", IN_USE, seven(tmp_path / "seven.png"), tmp_path, cwd=tmp_path)


def test_the_examples_of_make_lab_need_no_torch(wheel: Path, tmp_path: Path) -> None:
    """With what `make lab` installs, every example but the one that brings torch runs to its last cell."""
    python = environment(tmp_path / "env", sys.executable, wheel, "[lab]")
    found = sorted(path for path in (ROOT / "examples").glob("*.ipynb") if path.stem != "your_model")
    assert len(found) == 7
    examples = [shutil.copy(path, tmp_path) for path in found]  # each runs in its folder, and may write there
    environ = {"HOME": str(tmp_path), "PATH": str(python.parent)}  # this one's kernels and settings are not to be found
    command = [python, "-I", "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", tmp_path / "out"]
    done = subprocess.run([*command, *examples], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 7
    run(python, "-I", "-c", "import importlib.util as u; assert u.find_spec('torch') is None", cwd=tmp_path)


VERSIONS = ["3.11", "3.12", "3.13", "3.14"]


@pytest.mark.parametrize("version", [v for v in VERSIONS if v != "{}.{}".format(*sys.version_info)])
def test_the_wheel_under_every_python_it_promises(wheel: Path, tmp_path: Path, version: str) -> None:
    """Every Python that is promised and can be had here installs the wheel, imports it and answers."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here, on the path or under ~/.pyenv")
    new = environment(tmp_path / "env", python, wheel)
    run(new, "-I", "-W", "error", "-c", IN_USE, seven(tmp_path / "seven.png"), tmp_path, cwd=tmp_path)


def imported(source: str) -> Iterator[str]:
    """Yield the top-level names that a module needs when it runs.

    Left out are imports for type checkers, which never run, and those in a `try` that catches ImportError: they are
    optional by their own word.
    """
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        match waiting.pop():
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=otherwise):
                waiting += otherwise
            case ast.Try(handlers=handlers) as attempt if any(map(_catches_import_error, handlers)):
                waiting += [*handlers, *attempt.orelse, *attempt.finalbody]
            case node:
                waiting += ast.iter_child_nodes(node)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else set()
    return bool(names & {"ImportError", "ModuleNotFoundError"})


NEED_TORCH = {
    f"digit_widget/models/{name}.py imports torch"
    for name in ("export", "inside", "into", "pytorch", "rebuild", "shadow", "stored", "threads")
}
"""What is imported only when a model of torch's is there."""


def test_the_wheel_declares_all_it_imports(wheel: Path) -> None:
    """Whatever the package imports is Python's own or comes with a declared dependency; torch has its own files.

    Imports inside functions count as well.
    """
    [info] = [path for path in ZipPath(wheel).iterdir() if path.name.endswith(".dist-info")]
    requirements = map(Requirement, PathDistribution(info).requires or [])
    declared = {
        canonicalize_name(requirement.name)
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    providers = packages_distributions()
    undeclared = {
        f"{file} imports {name}"
        for file in files_of(wheel)
        if file.endswith(".py")
        for name in imported(ZipFile(wheel).read(file).decode())
        if name not in {*sys.stdlib_module_names, "digit_widget"}
        and not declared & {canonicalize_name(provider) for provider in providers.get(name, [])}
    }
    assert undeclared == NEED_TORCH
