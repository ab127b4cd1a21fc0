"""Programs of torch.export, sessions of onnxruntime's and odd ONNX files behind the pad."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from drawings import digit_ink
from onnx import TensorProto, helper, numpy_helper

from digit_widget import Classifier, DigitWidget, ModelError, load_model, models, predict
from digit_widget.known import drawings
from digit_widget.models.cnn import CNN
from digit_widget.models.layouts import declared
from digit_widget.normalise import normalise

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = [255 - digit_ink(digit) for digit in range(10)]
DIGITS = list(range(10))


def program(batch: int, *, free: bool = False) -> torch.export.ExportedProgram:
    """Return the bundled network as a program for batches of one size, or of any."""
    free_batch = ({0: torch.export.Dim.DYNAMIC},) if free else None
    return torch.export.export(CNN.pretrained(), (torch.zeros(batch, 1, 28, 28),), dynamic_shapes=free_batch)


@pytest.mark.parametrize("of", ["program", "module"])
@pytest.mark.parametrize(("batch", "free"), [(1, False), (4, False), (4, True)], ids=["1", "4", "any"])
def test_a_program_of_torch_export_is_a_model(batch: int, free: bool, of: str) -> None:
    """The program itself and its module, for batches of one picture, of four, or of any number."""
    exported = program(batch, free=free)
    classifier = Classifier(exported if of == "program" else exported.module())
    assert classifier.model.shape == (1, 28, 28)
    answers = predict(PICTURES, classifier)
    assert [answer.prediction for answer in answers] == DIGITS
    with torch.inference_mode():
        alone = predict(PICTURES[7], classifier)
    assert np.abs(np.subtract(alone.probabilities, answers[7].probabilities)).max() < 1e-5


def test_a_program_for_another_size() -> None:
    """What it was exported with says the size."""
    net = torch.nn.Sequential(torch.nn.AvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(12 * 12, 10)).eval()
    exported = torch.export.export(net, (torch.zeros(1, 1, 48, 48),))
    assert Classifier(exported).model.shape == (1, 48, 48)


def test_a_program_of_no_use_is_told() -> None:
    """One that takes something else, one with limits, and another size than it was exported with."""

    class Both(torch.nn.Module):
        def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
            return one.flatten(1)[:, :10] + other

    both = torch.export.export(Both(), (torch.zeros(1, 1, 28, 28), torch.zeros(1, 10)))
    with pytest.raises(
        ModelError, match=r"the program to take a batch .* torch\.float32 \[1, 1, 28, 28\], torch.float32"
    ):
        Classifier(both)
    limits = ({0: torch.export.Dim("batch", min=2, max=8)},)
    few = torch.export.export(CNN.pretrained(), (torch.zeros(4, 1, 28, 28),), dynamic_shapes=limits)
    assert [answer.prediction for answer in predict(PICTURES, few)] == DIGITS
    with pytest.raises(ModelError, match="1 × 32 × 32"):
        Classifier(program(1), input_size=32)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((None, 785), None),
        ((None, 2352), ((3, 28, 28), "flat", None)),
        ((None, 28, 28, 4), None),
        ((None, 28, 28, None), ((1, 28, 28), "channels last", None)),
        ((None, None, None, 1), ((1, 28, 28), "channels last", None)),
        ((None, 3, 64, 64), ((3, 64, 64), "channels first", None)),
        ((2, 32, 24), ((1, 32, 24), "no channels", 2)),
        ((0, 28, 28), None),
        ((None, 1, 28, 5000), None),
        ((), None),
    ],
)
def test_what_the_shape_of_an_input_says(shape: tuple[int | None, ...], expected: object) -> None:
    """Channels, height, width, order of the axes, and how many at once; None where it is no batch of pictures."""
    assert declared(shape) == expected


def test_the_lines_of_the_refusals_work(tmp_path: Path) -> None:
    """What the sentence says to pass for a program and for TorchScript is a model."""
    torch.export.save(program(1), tmp_path / "net.pt2")
    with warnings.catch_warnings(action="ignore"):  # that TorchScript is deprecated
        torch.jit.trace(CNN.pretrained(), torch.zeros(1, 1, 28, 28)).save(tmp_path / "net.pt")
    for name in ("net.pt2", "net.pt"):
        with pytest.raises(ModelError, match=name) as refusal:
            load_model(tmp_path / name)
        line = re.search(r"torch\.\w+\.load\(.*?\)", str(refusal.value))[0]
        with warnings.catch_warnings(action="ignore"):
            loaded = eval(line)  # noqa: S307 - a line that we wrote
        assert [answer.prediction for answer in predict(PICTURES, loaded)] == DIGITS


def test_joblib_s_line_works(tmp_path: Path) -> None:
    """What the sentence says to pass for a file of joblib's is a model."""
    joblib = pytest.importorskip("joblib", reason="scikit-learn, which brings joblib, is not installed")
    from sklearn.neighbors import KNeighborsClassifier

    path = tmp_path / "net.joblib"
    joblib.dump(KNeighborsClassifier(1).fit(np.eye(10, 784), DIGITS), path)
    with pytest.raises(ModelError, match="if you trust the file") as refusal:
        load_model(path)
    assert f"Pass joblib.load({str(path)!r})" in str(refusal.value)
    assert Classifier(joblib.load(path)).model.shape == (1, 28, 28)


def test_a_session_is_a_model() -> None:
    """One that its owner made, with whatever providers; the temperature in the file counts."""
    session = onnxruntime.InferenceSession(models.bundled().with_suffix(".onnx"), providers=["CPUExecutionProvider"])
    classifier = Classifier(session)
    assert classifier.model.temperature == load_model().temperature
    assert [answer.prediction for answer in predict(PICTURES, classifier)] == DIGITS
    pad = DigitWidget(session)
    pad.image = PICTURES[5]
    assert pad.prediction == 5
    pad.close()


def of_bytes(path: Path, *, second_file: str | None = None) -> Path:
    """Save the centroids of the ten digits as a graph for pictures of bytes, (n, 1, 28, 28)."""
    rows = np.stack([normalise(ink).reshape(-1) for ink in drawings()]).astype(np.float32) / 255
    rows -= rows.mean()
    centroids = np.stack([rows[digit::10].mean(axis=0) for digit in DIGITS], axis=1) / 255
    nodes: list[Any] = [
        helper.make_node("Cast", ["pictures"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["rows"]),
        helper.make_node("MatMul", ["rows", "centroids"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "centroids",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(centroids, "centroids")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, path, save_as_external_data=bool(second_file), location=second_file, size_threshold=0)
    return path


def test_a_graph_for_bytes(tmp_path: Path) -> None:
    """It is given whole numbers from 0 to 255, so another range cannot be asked for."""
    path = of_bytes(tmp_path / "bytes.onnx")
    right = [answer.probabilities.index(max(answer.probabilities)) for answer in predict(PICTURES, path)]
    assert sum(map(int.__eq__, right, DIGITS)) >= 8
    with pytest.raises(ModelError, match="this one takes pictures with values from 0 to 255"):
        Classifier(path, inputs="mnist")


def test_weights_in_a_second_file(tmp_path: Path) -> None:
    """They are read; where the file is missing, it is named."""
    path = of_bytes(tmp_path / "net.onnx", second_file="net.weights")
    assert load_model(path).classes == 10
    (tmp_path / "net.weights").unlink()
    with pytest.raises(ModelError, match=r"net\.onnx has its weights in a second file, net\.weights, which is missing"):
        load_model(path)


def test_half_an_onnx_file(tmp_path: Path) -> None:
    """A download that was cut off is told."""
    whole = models.bundled().with_suffix(".onnx").read_bytes()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"half\.onnx is not an ONNX model, or only a part of one.*cut off"):
        load_model(tmp_path / "half.onnx")
