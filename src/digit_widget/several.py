"""Several models, by name."""

from __future__ import annotations

from collections.abc import Mapping

from digit_widget.classifier import Classifier
from digit_widget.errors import a
from digit_widget.models import ModelError
from digit_widget.models.adapting import called


def named(models: object) -> dict[str, object]:
    """Return models by name; those without a name are called after what they are.

    Raises
    ------
    ModelError
        When there are none.
    TypeError
        When `models` is neither a mapping nor a list, or a name is not a string.

    Examples
    --------
    >>> named([None, "net.onnx", None])
    {'bundled': None, 'net': 'net.onnx', 'bundled 2': None}
    """
    if isinstance(models, Mapping):
        by_name = dict(models)
        if wrong := [name for name in by_name if not (isinstance(name, str) and name.strip())]:
            message = f"The name of a model must be a string that is not empty, not {wrong[0]!r:.60}."
            raise TypeError(message)
    elif isinstance(models, list | tuple):
        by_name = {}
        for model in models:
            name = own = called(model.source if isinstance(model, Classifier) else model)
            count = 1
            while name in by_name:
                count += 1
                name = f"{own} {count}"
            by_name[name] = model
    else:
        message = (
            f"This takes a list of models or a mapping of names to models, not {a(models)}. "
            "For one model alone, use DigitWidget(model)."
        )
        raise TypeError(message)
    if not by_name:
        message = "At least one model is needed, for example {'bundled': None}."
        raise ModelError(message)
    return by_name
