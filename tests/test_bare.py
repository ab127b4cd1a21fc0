"""Where something is missing that nearly every Python has: threads, numpy, Pillow. As in a browser's Python."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PREPARED = """
import sys
{missing}
from digit_widget import DigitWidget
from digit_widget.labels import NO_ANSWER

SEVEN = [[[80, 60], [200, 60], [180, 120], [150, 180], [130, 230]]]
PICTURE = "data:image/png;base64,iVBORw0KGgo="

def ask(pad, number, **more):
    drawing = {{"picture": PICTURE, "strokes": SEVEN, "background": PICTURE}} | more
    pad.set_state({{"_drawing": drawing | {{"number": number, "asks": True, "known": 0}}}})
"""
NO_THREADS = """
import threading
def refuse(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
"""


def run(missing: str, script: str) -> None:
    """Run a script in a fresh interpreter in which something is missing."""
    whole = PREPARED.format(missing=missing) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-W", "error", "-c", whole], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_threads_the_pad_answers() -> None:
    """No thread can be started: the bundled network answers, a model of one's own, and *Why?*."""
    run(
        NO_THREADS,
        """
        pad = DigitWidget()
        pad.strokes = SEVEN
        assert (pad.prediction, pad.error) == (7, "")
        assert pad.explain().prediction == 7
        pad.explaining = True
        assert pad._why["label"] == pad.result
        own = DigitWidget(model=lambda picture: 3, labels="abcd")
        own.strokes = SEVEN
        assert (own.prediction, own.error) == (3, "")
        """,
    )


FINDER = """
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Missing())
"""


@pytest.mark.parametrize("missing", ["sys.modules[{module!r}] = None", FINDER], ids=["none", "finder"])
@pytest.mark.parametrize(("module", "package"), [("numpy", "numpy"), ("PIL", "pillow")])
def test_without_a_package_the_page_answers(module: str, package: str, missing: str) -> None:
    """What a hand draws comes with the page's answer; what needs the package says so, and a wrong answer is refused."""
    run(
        missing.format(module=module),
        f"""
        SAID = "Drawings cannot be answered, because {package} is not installed."
        pad = DigitWidget()
        assert (pad.error, pad._offline["always"]) == ("", True)
        assert len(pad._offline["parts"]["weights"]) > 400_000
        assert DigitWidget(offline=True)._offline["always"]
        answer = {{"prediction": 7, "confidence": 0.9, "probabilities": [0.9] + [0.01] * 9, "seen": PICTURE}}
        ask(pad, 5, answer=answer)
        assert (pad._answered, pad.result, pad.prediction, pad.status) == (5, "7\ufe0f\u20e3", 7, "answered")
        assert (pad.confidence, pad.probabilities, pad._seen) == (0.9, answer["probabilities"], PICTURE)
        assert pad.strokes and pad.image == PICTURE
        ask(pad, 6, answer=answer | {{"prediction": None}})
        assert (pad._answered, pad.result, pad.status) == (6, NO_ANSWER, "unknown")
        wrong = [
            {{"prediction": 10}}, {{"prediction": "7"}}, {{"confidence": 2}}, {{"confidence": True}}, {{"seen": "x"}},
            {{"probabilities": [1]}}, {{"probabilities": "0123456789"}}, {{"probabilities": [float("nan")] * 10}},
        ]
        for number, change in enumerate(wrong, 7):
            ask(pad, number, answer=answer | change)
            assert (pad._answered, pad.status) == (number, "error"), change
            assert "The page's answer" in pad.error
        ask(pad, 20, answer="seven")
        assert "The page's answer" in pad.error
        ask(pad, 21, answer=answer)
        assert (pad.prediction, pad.error) == (7, "")
        ask(pad, 22)
        assert pad.error.startswith(SAID), pad.error
        assert "pip install" in pad.error
        assert (pad._answered, pad.result, pad.strokes != []) == (22, NO_ANSWER, True)
        pad.clear()
        assert (pad.error, pad.status) == ("", "blank")
        for name, value in {{"strokes": SEVEN, "image": PICTURE}}.items():
            setattr(pad, name, value)
            assert pad.error.startswith(SAID), pad.error
        drawn = DigitWidget(strokes=SEVEN)
        assert drawn.error.startswith(SAID), drawn.error
        from digit_widget import ModelError, predict
        own = lambda picture: 3
        for use in (lambda: DigitWidget(own), lambda: setattr(pad, "model", own), lambda: predict(PICTURE)):
            try:
                use()
            except ModelError as error:
                assert str(error).startswith(SAID), error
            else:
                raise AssertionError
        """,
    )


def test_a_broken_package_is_said_too() -> None:
    """A numpy that is there and cannot be imported is named with the first line of its own words."""
    run(
        """
import importlib.abc
class Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import ModuleSpec
        return ModuleSpec(name, self) if name == "numpy" else None
    def exec_module(self, module):
        raise ImportError("libscipy_openblas64_.so: cannot open shared object file\\n\\nIMPORTANT: READ THIS")
sys.meta_path.insert(0, Broken())
""",
        """
        pad = DigitWidget()
        ask(pad, 5)
        assert "numpy cannot be imported (libscipy_openblas64_.so: cannot open" in pad.error, pad.error
        assert "IMPORTANT" not in pad.error
        assert pad._answered == 5
        """,
    )


def test_a_model_that_lacks_a_package_of_its_own_is_another_matter() -> None:
    """What a model of one's own fails to import is named as it is, and neither numpy nor Pillow is blamed."""
    run(
        "",
        """
        def model(picture):
            if met: import keras_of_nobody
            return 3
        met = []
        pad = DigitWidget(model=model, labels="abcd")
        met.append(True)
        pad.strokes = SEVEN
        assert pad.error == "The model could not answer. ModuleNotFoundError: No module named 'keras_of_nobody'"
        """,
    )
