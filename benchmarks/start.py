"""What starting costs: from a fresh interpreter to the first answer, its steps, and the first pad in JupyterLab."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import digit_ink, in_lab
from PIL import Image
from report import Table, timings

from digit_widget.picture import to_data_url

PREDICT, MADE, PAD, TORCH, ONNX = (
    "`predict(picture)` has answered",
    "`DigitWidget()` is made",
    "`DigitWidget()` has answered",
    "the same network through torch",
    "the same network through its ONNX file",
)
NETWORK = """
import numpy as np
from digit_widget.normalise import normalise
from digit_widget.picture import to_ink
{load}
pictures = np.divide(normalise(to_ink(three))[None, None], 255, dtype=np.float32)
assert model(pictures).argmax() == 3
"""
STARTS = {
    "bare interpreter": "",
    PREDICT: """
from digit_widget import predict
assert predict(three).prediction == 3
""",
    MADE: """
from digit_widget import DigitWidget
DigitWidget()
""",
    PAD: """
from digit_widget import DigitWidget
pad = DigitWidget()
pad.set_state({"_drawing": {"number": 1, "asks": True, "picture": url, "background": "", "strokes": [[[1, 1]]]}})
assert pad.prediction == 3
""",
    "`import torch` alone": "import torch",
    TORCH: NETWORK.format(
        load="""
from digit_widget.models.cnn import CNN
from digit_widget.models.pytorch import from_module
model = from_module(CNN.pretrained())
"""
    ),
    ONNX: NETWORK.format(
        load="""
from digit_widget import models
model = models.load_model(models.bundled().with_suffix(".onnx"))
"""
    ),
}
"""What a fresh interpreter runs, given the path of a picture, `three`, and its data URL, `url`."""
STEPS = """
import json, time
took = []
def step(begin=[time.perf_counter()]):
    now = time.perf_counter()
    took.append(now - begin[0])
    begin[0] = time.perf_counter()
step()
import digit_widget
step()
from digit_widget import DigitWidget
step()
pad = DigitWidget()
step()
pad.set_state({"_drawing": {"number": 1, "asks": True, "picture": url, "background": "", "strokes": [[[1, 1]]]}})
assert pad.prediction == 3, pad
step()
pad.set_state({"_drawing": {"number": 2, "asks": True, "picture": other, "background": "", "strokes": [[[1, 1]]]}})
assert pad.prediction == 7, pad
step()
print(json.dumps(took[1:]))
"""
LABELS = (
    "`import digit_widget`",
    "`from digit_widget import DigitWidget`",
    "first `DigitWidget()`",
    "first answer, numpy and network still loading",
    "second answer",
)

# From the run of the cell to the frame that has the pad in it.
SHOWN = """async () => {
  const begin = performance.now();
  const run = window.jupyterapp.commands.execute("notebook:run-all-cells");
  while (!document.querySelector(".digit-widget canvas")?.getBoundingClientRect().width) {
    await new Promise(requestAnimationFrame);
  }
  const shown = performance.now();
  await run;
  return (shown - begin) / 1000;
}"""


def measure(*, quick: bool) -> list[Table]:
    """Measure in Python alone, and then in JupyterLab."""
    n = 2 if quick else 15
    return [*_in_python(n), _in_lab(n)]


def _in_python(n: int) -> list[Table]:
    starts: dict[str, list[float]] = {name: [] for name in STARTS}
    steps: dict[str, list[float]] = {label: [] for label in LABELS}
    with tempfile.TemporaryDirectory() as folder:
        three = Path(folder, "three.png")
        Image.fromarray(255 - digit_ink(3)).save(three)
        url, other = (to_data_url(digit_ink(digit)) for digit in (3, 7))
        given = f"three, url, other = {str(three)!r}, {url!r}, {other!r}\n"
        for _ in range(n + 1):
            for name, code in STARTS.items():
                spent, _ = _run(f"{given}{code}\nprint('done', flush=True)")
                starts[name].append(spent)
            _, printed = _run(given + STEPS)
            for own, took in zip(steps.values(), json.loads(printed), strict=True):
                own.append(took)
    for own in (*starts.values(), *steps.values()):
        del own[0]  # the first time is for the disk
    from_start = "From the start of a fresh Python process to its first answer; the kinds in turn."
    one_process = "One after the other in one fresh process. Ratios to the import of `DigitWidget`."
    return [
        timings("From the start to the first answer, in seconds", starts, "s", PREDICT, from_start),
        timings("The steps of it, in seconds", steps, "s", LABELS[1], one_process),
    ]


def _run(code: str) -> tuple[float, str]:
    """Return after how many seconds a fresh interpreter wrote its first line, and the line."""
    begin = time.perf_counter()
    with subprocess.Popen([sys.executable, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(code)
        process.stdin.close()
        line = process.stdout.readline()
        spent = time.perf_counter() - begin
    assert process.returncode == 0, f"A fresh interpreter failed with {process.returncode}."
    return spent, line


def _in_lab(n: int) -> Table:
    shown = []
    with in_lab() as lab:
        for _ in range(n + 1):  # the first opening loads what JupyterLab loads only once
            with lab.fresh_kernel() as kernel:
                notebook = lab.open(kernel, "from digit_widget import DigitWidget\npad = DigitWidget()\npad")
                shown.append(notebook.page.evaluate(SHOWN))
    label = "cell run → pad visible"
    remark = "Each in a fresh kernel that is idle when the cell is run."
    return timings("In JupyterLab", {label: shown[1:]}, "s", label, remark)
