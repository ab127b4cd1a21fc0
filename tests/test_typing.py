"""Type checkers know the keywords of a pad: mypy, and pyright, which editors use to complete them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PYRIGHT = Path(__file__).parents[1] / "js" / "node_modules" / ".bin" / "pyright"
USE = """from digit_widget import Classifier, DigitWidget, compare, predict

pad = DigitWidget(size=200, predict_on="move", panel="compact", labels="abcdefghij", inputs=(0.5, 0.5))
compare({"bundled": None}, locale="de", prompt="Draw")
predict([b""], inputs="mnist", ink="dark")
Classifier(None, input_size=64)
"""
"""What is right."""
WRONG = [
    "DigitWidget(sizze=3)",
    'DigitWidget(predict_on="live")',
    'DigitWidget(panel="small")',
    'DigitWidget(inputs="0-1")',
    'compare([], ink="grey")',
    "predict(b'', transposd=True)",
]
"""Lines that are wrong, each in its own way."""
CHECKERS = {
    "mypy": [sys.executable, "-m", "mypy", "--config-file=", "--strict"],
    "pyright": [str(PYRIGHT), "--pythonpath", sys.executable],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_wrong_keyword_is_seen_before_it_runs(tmp_path: Path, checker: str) -> None:
    """A keyword that does not exist, or has a value that it does not take, is an error in its line; nothing else is."""
    if checker == "pyright" and not PYRIGHT.exists():
        pytest.skip("pyright is not installed: make test-js installs it")
    file = tmp_path / "use.py"
    file.write_text(USE + "\n".join(WRONG) + "\n", encoding="utf-8")
    command = [*CHECKERS[checker], str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    first = len(USE.splitlines()) + 1
    found = [line for line in done.stdout.splitlines() if "error" in line and f"{file.name}:" in line]
    lines = {int(line.split(f"{file.name}:")[1].split(":")[0]) for line in found}
    assert lines == set(range(first, first + len(WRONG))), done.stdout + done.stderr
