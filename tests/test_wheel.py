"""What is shipped, tested as shipped: the wheel, away from the checkout it was built from.

An editable install finds the checkout's files whether or not they are packaged, so every other test would pass with a
wheel that lacks its front end or its weights.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import sysconfig
import venv
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
    "weights/digits.safetensors",
    "weights/digits.onnx",
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
    # Without isolation: the build back end is installed already, and no test should need a network.
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


def test_the_installed_wheel_answers_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """In an environment that has the wheel and no checkout, the widget is found whole and a 7 is a 7."""
    venv.create(tmp_path / "env", symlinks=True)
    base = str(tmp_path / "env")
    paths = sysconfig.get_paths("venv", {"base": base, "platbase": base})
    python, packages = Path(paths["scripts"]) / "python", Path(paths["purelib"])
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    # The dependencies are lent, since installing torch anew takes minutes: a .pth file puts this environment's packages
    # behind the new one's own. Python follows no .pth file of a folder that was itself added by one, so the editable
    # install of this checkout is not lent with them.
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "lent.pth").write_text("\n".join(lent), encoding="utf-8")

    script = """
import sys, digit_widget
from digit_widget import DigitWidget, predict
print(digit_widget.__file__, bool(str(DigitWidget._esm)), bool(str(DigitWidget._css)), predict(sys.argv[1]).prediction)
"""
    # Isolated (-I): neither the folder it runs in nor PYTHONPATH may bring the checkout back.
    said = run(python, "-I", "-c", script, seven(tmp_path / "seven.png"), cwd=tmp_path)
    assert said.split() == [str(packages / "digit_widget/__init__.py"), "True", "True", "7"]


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


def test_the_wheel_declares_all_it_imports(wheel: Path) -> None:
    """Whatever the package imports is Python's own or comes with a declared dependency.

    The lent packages above include those of the extras: in a really empty environment a forgotten dependency would only
    show with the user. Imports inside functions count as well.
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
    assert undeclared == set()
