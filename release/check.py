"""Check what would be published: that its parts agree, and that sdist and wheel each work alone. Publishes nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from os import environ
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from rattler_build import Stage0Recipe

ROOT = Path(__file__).parents[1]
USE = """
import digit_widget, sys
from digit_widget.known import drawings
assert digit_widget.__file__.startswith(sys.prefix), digit_widget.__file__
answers = digit_widget.predict([255 - drawing for drawing in drawings()[:10]])
assert [answer.prediction for answer in answers] == list(range(10)), answers
"""


def main() -> None:
    """Check it all; the first thing that is wrong ends it with a sentence."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    check_versions(project["version"])
    check_recipe(project)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", place / "dist", ROOT)
        made = sorted((place / "dist").iterdir())
        run(sys.executable, "-m", "twine", "check", "--strict", *made)
        for file in made:
            python = place / file.suffix[1:] / "bin" / "python"
            run(sys.executable, "-m", "venv", python.parents[1])
            run(python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", file)
            run(python, "-I", "-W", "error", "-c", USE)
        (wheel,) = (place / "dist").glob("*.whl")
        run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place / "wheel", wheel)
        # The wheel's modules come before those of the checkout.
        # test_wheel.py makes environments, which must not find them.
        tests = sorted(file for file in (ROOT / "tests").glob("test_*.py") if file.name != "test_wheel.py")
        run(sys.executable, "-m", "pytest", "-q", *tests, path=place / "wheel")
    print(f"digit-widget {project['version']} can be published: tag it v{project['version']}.")  # noqa: T201 - a script


def check_versions(version: str) -> None:
    """Insist that all files name one version."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^\]]*)\] - \d{4}-\d{2}-\d{2}$", changes, re.MULTILINE)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    recipe = yaml.safe_load((ROOT / "release" / "recipe.yaml").read_text(encoding="utf-8"))["context"]["version"]
    found = {"CHANGELOG.md": released[0] if released else None, "CITATION.cff": cited, "release/recipe.yaml": recipe}
    for name, other in found.items():
        if other != version:
            sys.exit(f"pyproject.toml is of version {version}, and {name} of {other}.")


def check_recipe(project: dict[str, list[str]]) -> None:
    """Render conda's recipe, and insist that it asks for what the wheel does."""
    recipe = Stage0Recipe.from_file(ROOT / "release" / "recipe.yaml")
    (rendered,) = recipe.render()
    run_time = rendered.recipe.to_dict()["requirements"]["run"]
    wanted = {Requirement(one).name: str(Requirement(one).specifier) for one in project["dependencies"]}
    given = {name: limits for name, _, limits in (one.partition(" ") for one in run_time) if name != "python"}
    if {name: set(limits.split(",")) for name, limits in wanted.items()} != {
        name: set(limits.split(",")) for name, limits in given.items()
    }:
        sys.exit(f"pyproject.toml asks for {wanted}, and release/recipe.yaml for {given}.")


def run(*command: str | Path, path: Path | None = None) -> None:
    """Run a command in the checkout; one that fails ends it all."""
    more = {"PYTHONPATH": str(path)} if path else {}
    done = subprocess.run(command, cwd=ROOT, env=environ | more, check=False)
    if done.returncode:
        sys.exit(f"Failed: {' '.join(map(str, command))[:200]}")


if __name__ == "__main__":
    main()
