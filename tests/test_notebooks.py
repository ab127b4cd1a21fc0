"""The examples run from the first cell to the last in a kernel, and do what their text says."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from drawings import digit_strokes
from nbclient import NotebookClient

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.ipynb"))

TEACH = """
import math
shapes = {}
for label, corners in {"○": 40, "△": 3, "□": 4}.items():
    start = -math.pi / 2 + (math.pi / 4) * (corners == 4)
    ends = [(math.cos(start + 2 * math.pi * n / corners), math.sin(start + 2 * math.pi * n / corners))
            for n in range(corners + 1)]
    shapes[label] = [[140 + 90 * (x + s / 8 * (u - x)), 140 + 90 * (y + s / 8 * (v - y))]
                     for (x, y), (u, v) in zip(ends, ends[1:]) for s in range(9)]
for number, (label, stroke) in enumerate(shapes.items()):
    pad.strokes = [stroke]
    of = {"answered": pad._answered, "drawn": pad._drawing["drawn"], "result": pad.result}
    pad.set_state({"_correction": {"number": number, "does": "say", "consents": True, "target": number} | of})
for label, stroke in shapes.items():
    pad.strokes = [[[20 + x / 2, 60 + y / 2] for x, y in stroke]]
    assert pad.result == label, (pad.result, label)
"""
PROMISES = {
    "teach": TEACH,
    "your_model": f"""
shapes = {[digit_strokes(digit) for digit in range(10)]}
right = 0
for digit, strokes in enumerate(shapes):
    pad.strokes = both.strokes = strokes
    right += pad.prediction == digit
    assert both.answers["bundled"].prediction == digit
    assert both.answers["mine"].prediction == pad.prediction
    assert both.agree == (pad.prediction == digit)
assert right >= 7, right
assert pad.explain().prediction == pad.prediction
""",
    "shapes": """
for label, corners in CORNERS.items():
    angle = np.linspace(0, 2 * np.pi, corners + 1) + (np.pi / corners if corners % 2 == 0 else -np.pi / 2)
    pad.strokes = [(90 + 40 * np.stack([np.cos(angle), np.sin(angle)], axis=1)).tolist()]
    assert pad.result == label, (pad.result, label)
""",
}
"""What is checked in the kernel after the last cell."""


@pytest.mark.filterwarnings("ignore")  # of a kernel's many parts, not of this project's
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path, tmp_path: Path) -> None:
    """No cell fails, and what the notebook promises holds."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    if promise := PROMISES.get(path.stem):
        notebook.cells.append(nbformat.v4.new_code_cell(promise))
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
