"""What importing costs: a notebook's first cell must not wait for the deep-learning libraries."""

from __future__ import annotations

import json
import subprocess
import sys

PUBLIC = {
    "Answer",
    "Classifier",
    "Comparison",
    "DigitWidget",
    "Explanation",
    "Feedback",
    "FeedbackError",
    "ModelError",
    "ModelWarning",
    "PictureError",
    "Remote",
    "Teacher",
    "compare",
    "load_model",
    "predict",
}
HEAVY = {"onnx", "onnxruntime", "torch", "torchvision", "numpy", "PIL"}


def loaded_after(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after a statement and had not before."""
    script = (
        f"import json, sys; before = set(sys.modules); {statement}; print(json.dumps([*set(sys.modules) - before]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_the_package_alone_loads_nothing_heavy() -> None:
    """`import digit_widget` loads no model library, no picture library and no widget library."""
    assert loaded_after("import digit_widget") & (HEAVY | {"anywidget", "ipywidgets", "traitlets"}) == set()


def test_the_widget_class_loads_no_model_and_no_picture_library() -> None:
    """`from digit_widget import DigitWidget` loads anywidget; torch, numpy and PIL wait for the first drawing."""
    loaded = loaded_after("from digit_widget import DigitWidget")
    assert "anywidget" in loaded
    assert loaded & HEAVY == set()


def test_every_public_name_is_listed_before_it_is_loaded() -> None:
    """Tab completion after `digit_widget.` offers every public name, and asking for the list loads nothing."""
    loaded = loaded_after(f"import digit_widget; assert {PUBLIC!r} <= set(dir(digit_widget)), dir(digit_widget)")
    assert loaded & HEAVY == set()


def test_every_public_name_can_be_imported() -> None:
    """Each name the package lists can be had from it, and a misspelt one is an ordinary ImportError."""
    loaded_after(f"from digit_widget import {', '.join(sorted(PUBLIC))}")
    script = "from digit_widget import DigitWidgett"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("ImportError: cannot import name 'DigitWidgett'"), done.stderr
