"""What starting costs: imports, the first widget, the first answers, each time in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from harness import digit_ink, in_lab
from report import Table, timings

from digit_widget.picture import to_data_url

STEPS = """
import json, sys, time
url, other = json.loads(sys.stdin.read())
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
pad.set_state({"image": url, "_question": 1})
assert pad.prediction == 3, pad
step()
pad.set_state({"image": other, "_question": 2})
assert pad.prediction == 7, pad
step()
print(json.dumps(took[1:]))
"""
LABELS = (
    "`import digit_widget`",
    "`from digit_widget import DigitWidget`",
    "first `DigitWidget()`",
    "first answer, torch still loading",
    "second answer",
)
INTERPRETER, TORCH, READY, ALL = (
    "bare interpreter, start to end",
    "`import torch` alone, start to end",
    "interpreter and the first `DigitWidget()`, start to end",
    "everything above, start to end",
)
MADE = "from digit_widget import DigitWidget; DigitWidget(); import os; os._exit(0)"  # do not wait for the model

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
    n = 2 if quick else 9
    return [_in_python(n), _in_lab(n)]


def _in_python(n: int) -> Table:
    urls = json.dumps([to_data_url(digit_ink(digit)) for digit in (3, 7)])
    times: dict[str, list[float]] = {label: [] for label in (*LABELS, INTERPRETER, TORCH, READY, ALL)}
    _run(STEPS, urls)  # once for the disk
    for _ in range(n):
        times[INTERPRETER].append(_run("pass")[0])
        times[TORCH].append(_run("import torch")[0])
        times[READY].append(_run(MADE)[0])
        whole, printed = _run(STEPS, urls)
        times[ALL].append(whole)
        for label, took in zip(LABELS, json.loads(printed), strict=True):
            times[label].append(took)
    remark = f"Each a fresh process, the kinds in turn. Ratios to {TORCH}."
    return timings("Start, in seconds", times, "s", TORCH, remark)


def _run(code: str, given: str = "") -> tuple[float, str]:
    """Return how many seconds a fresh interpreter took, and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, text=True, check=True)
    return time.perf_counter() - begin, done.stdout


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
