"""What people say, saved and read again: a record, ten thousand of them, their wall; and a drawing that is taught."""

from __future__ import annotations

import base64
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness import digit_ink
from report import Table, timings

from digit_widget import Feedback, Teacher
from digit_widget.feedback import Record
from digit_widget.labels import KEYCAPS
from digit_widget.normalise import normalise
from digit_widget.picture import to_data_url

if TYPE_CHECKING:
    from collections.abc import Callable

SESSIONS, RECORDS = 20, 500
POINTS = [[[float(4 * x), 140.5 + x / 8, 16.0 * x, 0.5] for x in range(60)]]
"""The strokes of a record: a second of drawing."""


def measure(*, quick: bool) -> list[Table]:
    """Save, read, open the wall, and teach."""
    each, repeat = (10, 2) if quick else (RECORDS, 10)
    png = base64.b64decode(to_data_url(digit_ink(3)).partition(",")[2])
    saved: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for session in range(SESSIONS):
            feedback = Feedback(folder)
            for number in range(each):
                record = _record(feedback, f"{session}-{number}", number % 10, png)
                saved.append(_ms(lambda record=record, feedback=feedback: feedback.add(record)))  # type: ignore[misc]
        read = [_ms(lambda: list(Feedback(folder))) for _ in range(repeat)]
        opened = [_ms(lambda: Feedback(folder).wall().close()) for _ in range(repeat)]
        wall = Feedback(folder).wall()
        turned = [_ms(lambda page=page: wall.set_state({"_asked": {"page": page}})) for page in range(repeat)]  # type: ignore[misc]
        wall.close()
        size = sum(file.stat().st_size for file in Path(folder).rglob("*")) / SESSIONS / each / 1000
    teacher = Teacher("○△□")
    seen = [normalise(digit_ink(digit)) for digit in range(3)]
    taught = [_ms(lambda n=n: teacher.teach(seen[n % 3], n % 3)) for n in range(20 * repeat)]  # type: ignore[misc]
    count = f"{SESSIONS * each:,} records"
    samples = {
        "a record is saved": saved,
        f"{count} are read": read,
        f"the wall opens with {count}": opened,
        "the wall shows another page of 60": turned,
        "a drawing is taught": taught,
    }
    remark = (
        f"A record takes {size:.1f} kB, its picture included; saved means that it is written to the disk and synced."
    )
    return [timings("Feedback and teaching", samples, "ms", "a record is saved", remark)]


def _record(feedback: Feedback, name: str, target: int, png: bytes) -> Record:
    return Record(
        id=name,
        session=feedback.session,
        time=datetime.now(UTC),
        strokes=POINTS,
        labels=KEYCAPS,
        prediction=3,
        confidence=0.9,
        probabilities=(0.0123456789,) * 10,
        target=target,
        load=lambda: png,
    )


def _ms(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begin)
