"""The examples in the docstrings are run."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import digit_widget

MODULES = ["digit_widget", *(module.name for module in pkgutil.walk_packages(digit_widget.__path__, "digit_widget."))]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name: str) -> None:
    """Each line of an example gives what the docstring says, and none is skipped."""
    module = import_module(name)
    tests = doctest.DocTestFinder(exclude_empty=True).find(module, name)
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    report: list[str] = []
    for test in tests:
        assert not any(example.options.get(doctest.SKIP) for example in test.examples), test.name
        runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)


def test_there_are_examples() -> None:
    """Examples are found: those of the public names among them."""
    found = {
        test.name
        for name in MODULES
        for test in doctest.DocTestFinder(exclude_empty=True).find(import_module(name), name)
        if test.examples
    }
    for name in (
        "prediction.predict",
        "classifier.Classifier",
        "picture.to_ink",
        "models.load_model",
        "strokes.smooth",
    ):
        assert f"digit_widget.{name}" in found
