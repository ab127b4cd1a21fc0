"""Stored drawings, thousands or millions, through the classifier of `digit_widget.predict`, on all cores or machines.

python deploy/ray/batch.py feedback/ answers/               a folder of pictures, and the folders in it
python deploy/ray/batch.py drawings.parquet answers/        a Parquet file, or a folder of them, with pictures as bytes
python deploy/ray/batch.py --synthetic 100000 answers/      as many drawings made on the way, to see how fast it is

What comes out is Parquet: id, result, prediction, confidence, probabilities, and error where a picture cannot be read.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import ray
from PIL import Image
from pyarrow import parquet

from digit_widget import Classifier
from digit_widget.errors import DigitWidgetError, sentence
from digit_widget.known import drawings
from digit_widget.picture import to_ink

BATCH, BLOCK = 256, 1024
"""Drawings that are answered at once, and that are passed on together."""
PICTURES = ["png", "jpg", "jpeg", "webp", "bmp", "gif"]
ANSWERING, DRAWING, MOVING = 0.5, 0.4, 0.1
"""Share of a core that Ray counts for a process that answers, draws, or reads and writes: so that there is one that
answers for each core, and the others run beside them. The cores are shared out by the system."""
SHEET = 280
"""Side of a synthetic drawing, in pixels: that of a pad."""


class Answers:
    """Answers a batch of pictures; one of these lives in each worker, so that the network is loaded once."""

    def __init__(self, model: str | None, labels: str | None) -> None:
        self.classifier = Classifier(model, labels)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Return the answers to pictures as bytes, in the column ``picture``; their ``id`` is kept."""
        inks, errors = [], []
        for picture in batch["picture"]:
            try:
                inks.append(to_ink(picture.as_py() or b""))
                errors.append(None)
            except DigitWidgetError as error:
                errors.append(sentence(error))
        answers = iter(self.classifier.classify(inks))
        found = [next(answers) if error is None else None for error in errors]
        return pa.table(
            {
                "id": batch["id"].cast(pa.string()),
                "result": pa.array([answer and answer.result for answer in found], pa.string()),
                "prediction": pa.array([answer and answer.prediction for answer in found], pa.int32()),
                "confidence": pa.array([answer and answer.confidence for answer in found], pa.float32()),
                "probabilities": pa.array(
                    [answer and list(answer.probabilities) for answer in found], pa.list_(pa.float32())
                ),
                "error": pa.array(errors, pa.string()),
            }
        )


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description="Answer stored drawings with Ray Data.")
    parser.add_argument("drawings", nargs="?", help="a folder of pictures, a Parquet file or a folder of them")
    parser.add_argument("answers", help="a folder for the answers, as Parquet")
    parser.add_argument("--model", help="a file of a model, or a URL; the bundled network if left out")
    parser.add_argument("--labels", help="one for each class, as one text")
    parser.add_argument("--column", default="picture", help="where the pictures are in Parquet (picture)")
    parser.add_argument("--id", default="id", help="where their names are in Parquet (id)")
    parser.add_argument("--workers", type=int, help="processes that answer; as many as there are cores if left out")
    parser.add_argument("--synthetic", type=int, metavar="N", help="answer N drawings that are made on the way")
    asked = parser.parse_args()
    if (asked.drawings is None) == (asked.synthetic is None):
        parser.error("name the drawings, or say --synthetic N")
    target = Path(asked.answers)
    if target.exists() and any(target.iterdir()):
        parser.error(f"{target} is not empty; name another folder for the answers")
    ray.init(log_to_driver=False)
    workers = asked.workers or max(int(ray.cluster_resources()["CPU"]), 1)
    stored = synthetic(asked.synthetic) if asked.drawings is None else read(asked.drawings, asked.column, asked.id)
    began = time.monotonic()
    answered = stored.map_batches(
        Answers,
        fn_constructor_args=(asked.model, asked.labels),
        batch_format="pyarrow",
        batch_size=BATCH,
        concurrency=(1, workers),
        num_cpus=ANSWERING,
    )
    answered.write_parquet(str(target.resolve()), ray_remote_args={"num_cpus": MOVING})
    seconds = time.monotonic() - began
    count = sum(parquet.read_metadata(file).num_rows for file in target.glob("*.parquet"))
    print(f"{count:,} drawings in {seconds:.1f} s: {count / seconds:,.0f} a second", file=sys.stderr)


def read(place: str, column: str, name: str) -> ray.data.Dataset:
    """Return stored drawings, with the columns ``id`` and ``picture``."""
    path = Path(place)
    if path.suffix == ".parquet" or any(path.glob("*.parquet")):
        found = ray.data.read_parquet(place, num_cpus=MOVING).select_columns([name, column])
        return found.rename_columns({name: "id", column: "picture"})
    found = ray.data.read_binary_files(place, include_paths=True, file_extensions=PICTURES, num_cpus=MOVING)
    return found.rename_columns({"path": "id", "bytes": "picture"})


def synthetic(count: int) -> ray.data.Dataset:
    """Return the known drawings in other places, sizes and turns, as PNG; the same ones each time."""
    numbers = ray.data.range(count, override_num_blocks=max(count // BLOCK, 1))
    return numbers.map_batches(drawn, batch_size=BATCH, batch_format="numpy", num_cpus=DRAWING)


def drawn(batch: dict[str, Any]) -> dict[str, Any]:
    """Return a drawing for each number."""
    pictures = [_drawn(int(number)) for number in batch["id"]]
    return {"id": batch["id"].astype(str), "picture": np.array(pictures, dtype=object)}


def _drawn(number: int) -> bytes:
    chance = np.random.default_rng(number)
    known = Image.fromarray(drawings()[number % len(drawings())])
    side = int(chance.integers(120, SHEET))
    ink = known.resize((side, side)).rotate(chance.uniform(-12, 12))
    sheet = Image.new("L", (SHEET, SHEET))
    sheet.paste(ink, tuple(chance.integers(0, SHEET - side + 1, 2)))
    file = io.BytesIO()
    Image.eval(sheet, lambda value: 255 - value).save(file, "PNG", compress_level=1)
    return file.getvalue()


if __name__ == "__main__":
    main()
