"""What models say today of the drawings that people have corrected: a regression suite made of feedback."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from digit_widget.classifier import Classifier
from digit_widget.data_url import png_url
from digit_widget.feedback.record import FeedbackError
from digit_widget.labels import NO_ANSWER
from digit_widget.models.adapting import brings_labels
from digit_widget.picture import to_ink
from digit_widget.several import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digit_widget.feedback.record import Record
    from digit_widget.normalise import Ink

SHOWN = 24
"""Drawings of each kind that the table in a notebook shows."""


@dataclass(frozen=True)
class Result:
    """What one model says of the drawings."""

    name: str
    answers: tuple[str, ...] = field(repr=False)
    """One for each record: the label, or 🤔."""
    records: tuple[Record, ...] = field(repr=False)
    """Those that were asked about: whose label is one of the model's, or "none of these"."""
    accuracy: float
    """The share that is answered as the person said, 0..1."""
    mends: tuple[Record, ...] = field(repr=False)
    """Those that were answered wrongly when they were recorded, and rightly now."""
    breaks: tuple[Record, ...] = field(repr=False)
    """Those that were answered rightly when they were recorded, and wrongly now."""


@dataclass(frozen=True)
class Evaluation:
    """What some models say of the recorded drawings; as the last line of a cell it shows itself."""

    results: tuple[Result, ...]
    recorded: float
    """The share of all records whose answer was right when they were recorded, 0..1."""
    count: int
    """How many records there are."""

    def __getitem__(self, name: str) -> Result:
        """Return a model's result by its name."""
        return {result.name: result for result in self.results}[name]

    def __str__(self) -> str:
        lines = [f"{self.count} drawings; answered rightly when they were recorded: {self.recorded:.1%}"]
        lines += [
            f"{one.name}: {one.accuracy:.1%} of {len(one.records)}, mends {len(one.mends)}, breaks {len(one.breaks)}"
            for one in self.results
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        heads = "<tr><th>model<th>right<th>of<th>mends<th>breaks</tr>"
        rows = [f"<tr><td>as recorded<td>{self.recorded:.1%}<td>{self.count}<td><td></tr>"]
        pictures = []
        for one in self.results:
            counts = f"<td>{one.accuracy:.1%}<td>{len(one.records)}<td>{len(one.mends)}<td>{len(one.breaks)}"
            rows.append(f"<tr><td>{html.escape(one.name)}{counts}</tr>")
            answers = dict(zip((record.id for record in one.records), one.answers, strict=True))
            for what, records in (("breaks", one.breaks), ("mends", one.mends)):
                if records:
                    pictures.append(f"<p>{html.escape(one.name)} {what}:</p>{_strip(records, answers)}")
        return f"<table>{heads}{''.join(rows)}</table>{''.join(pictures)}"


def evaluate(records: Iterable[Record], models: object) -> Evaluation:
    """Ask models about the drawings that were corrected.

    Parameters
    ----------
    records
        Such as a `digit_widget.Feedback`.
    models
        One model, as `digit_widget.Classifier` takes it; or several, in a list or by name.

    Returns
    -------
    Evaluation
        Of each model its accuracy, and what it mends and breaks against the answers that were recorded. A record whose
        label is none of a model's is left out for that model.

    Raises
    ------
    FeedbackError
        If there are no records, or none that a model has a label for.
    ModelError
        If a model cannot be used.
    """
    found = list(records)
    if not found:
        message = "There is no feedback yet to evaluate a model with: somebody has to say whether answers are right."
        raise FeedbackError(message)
    several = models if isinstance(models, list | tuple | Mapping) else [models]
    of_records = {record.labels for record in found}
    labels = of_records.pop() if len(of_records) == 1 else None
    inks = [to_ink(record.png) for record in found]
    results = []
    for name, model in named(several).items():
        classifier = (
            model if isinstance(model, Classifier) else Classifier(model, None if brings_labels(model) else labels)
        )
        results.append(_result(name, classifier, found, inks))
    return Evaluation(tuple(results), sum(record.is_right for record in found) / len(found), len(found))


def _result(name: str, classifier: Classifier, records: Sequence[Record], inks: Sequence[Ink]) -> Result:
    known = {*classifier.labels, NO_ANSWER}
    asked = [(record, ink) for record, ink in zip(records, inks, strict=True) if record.label in known]
    if not asked:
        message = f"{name} has none of the labels that the drawings were given: make it a Classifier(model, labels)."
        raise FeedbackError(message)
    answers = [answer.result for answer in classifier.classify(ink for _, ink in asked)]
    is_right = [answer == record.label for (record, _), answer in zip(asked, answers, strict=True)]
    judged = list(zip((record for record, _ in asked), is_right, strict=True))
    return Result(
        name,
        tuple(answers),
        tuple(record for record, _ in asked),
        sum(is_right) / len(is_right),
        tuple(record for record, right in judged if right and not record.is_right),
        tuple(record for record, right in judged if not right and record.is_right),
    )


def _strip(records: Sequence[Record], answers: Mapping[str, str]) -> str:
    """Return drawings as HTML, with what each is and what it is taken for now."""
    figures = [
        f'<figure style="display:inline-block;margin:4px;text-align:center"><img width="56" height="56" '
        f'alt="{html.escape(record.label)}" style="background:white" '
        f'src="{png_url(record.png)}">'
        f"<figcaption>{html.escape(record.label)} → {html.escape(answers[record.id])}</figcaption></figure>"
        for record in records[:SHOWN]
    ]
    more = len(records) - SHOWN
    return "".join(figures) + (f"<p>… and {more} more.</p>" if more > 0 else "")
