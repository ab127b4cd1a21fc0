"""Stored drawings through Ray Data: each is answered as `predict` does, and no bad file ends the run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deployed import DEPLOY, RayServe, installed, ray_variables
from drawings import digit_ink
from PIL import Image

from digit_widget import predict

if TYPE_CHECKING:
    from collections.abc import Iterator

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


@pytest.fixture
def work() -> Iterator[Path]:
    """Yield a folder whose path is short, as Ray's sockets want it."""
    folder = Path(tempfile.mkdtemp(prefix="batch-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def batch(work: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    python = installed(RayServe).environment() / "bin" / "python"
    command = [str(python), str(DEPLOY / "ray" / "batch.py"), *map(str, arguments)]
    variables = os.environ | ray_variables(work)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=variables, timeout=300)


def answers(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what was written, by id."""
    return {row["id"]: row for row in parquet.read_table(folder).to_pylist()}


def test_a_folder_of_pictures_and_parquet(work: Path) -> None:
    """Pictures in folders, a broken one among them; the same from Parquet; a folder that is not empty is left alone."""
    pictures = work / "pictures"
    for digit in range(10):
        file = pictures / str(digit % 3) / f"{digit}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - digit_ink(digit)).save(file)
    (pictures / "broken.png").write_bytes(b"no picture")
    done = batch(work, pictures, work / "answers")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "11 drawings in " in done.stderr
    assert "MapBatches(Answers)" in done.stderr
    found = answers(work / "answers")
    assert len(found) == 11
    for name, row in found.items():
        if name.endswith("broken.png"):
            assert "not an image that can be read" in row["error"]
            assert row["result"] is None
            continue
        own = predict(name)
        assert (row["result"], row["prediction"], row["error"]) == (own.result, own.prediction, None)
        assert row["confidence"] == pytest.approx(own.confidence, abs=1e-5)
        assert list(row["probabilities"]) == pytest.approx(own.probabilities, abs=1e-5)

    again = batch(work, pictures, work / "answers")
    assert again.returncode != 0
    assert "is not empty; name another folder" in again.stderr

    stored = {"name": list(found), "png": [Path(name).read_bytes() for name in found]}
    parquet.write_table(pyarrow.table(stored), work / "stored.parquet")
    done = batch(work, work / "stored.parquet", work / "more", "--column", "png", "--id", "name", "--workers", "1")
    assert done.returncode == 0, done.stderr[-3000:]
    assert {n: r["result"] for n, r in answers(work / "more").items()} == {n: r["result"] for n, r in found.items()}


def test_synthetic_drawings(work: Path) -> None:
    """As many as asked for, each answered once, nearly all rightly."""
    done = batch(work, "--synthetic", "3000", work / "answers")
    assert done.returncode == 0, done.stderr[-3000:]
    found = answers(work / "answers")
    assert set(found) == {str(number) for number in range(3000)}
    right = sum(row["prediction"] == int(name) % 10 for name, row in found.items())
    assert right > 2700
    assert batch(work, work / "none").returncode == 2
