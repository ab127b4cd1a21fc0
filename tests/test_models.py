"""The bundled weights: loaded once, the same in numpy, torch and ONNX, as good as the card says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from drawings import digit_ink
from safetensors.torch import save_file

from digit_widget import ModelError, models
from digit_widget.classifier import Classifier
from digit_widget.models.cnn import CNN
from digit_widget.models.numpy_cnn import NumpyCNN, load_safetensors
from digit_widget.models.pytorch import from_module
from digit_widget.normalise import normalise

FIGURES = Path(__file__).parents[1] / "models" / "figures.json"


def onnx_logits(pictures: np.ndarray) -> np.ndarray:
    """Return what ONNX Runtime makes of pictures, (n, 1, 28, 28), with the bundled file."""
    session = onnxruntime.InferenceSession(models.bundled().with_suffix(".onnx"), providers=["CPUExecutionProvider"])
    (ink,) = session.get_inputs()
    assert ink.shape == [1, 1, 28, 28]
    return np.concatenate([session.run(None, {ink.name: picture[None]})[0] for picture in pictures])


def test_the_article_s_architecture() -> None:
    """The network has the article's 228,010 parameters and maps (n, 1, 28, 28) to (n, 10)."""
    network = CNN()
    assert sum(parameter.numel() for parameter in network.parameters()) == 228_010
    assert network(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_one_instance_a_process() -> None:
    """Threads that ask at the same time get the same model, and so do widgets."""
    with ThreadPoolExecutor(8) as pool:
        loaded = set(map(id, pool.map(lambda _: models.load_model(), range(32))))
    assert loaded == {id(Classifier().model)}


def test_torch_s_threads_are_put_back() -> None:
    """Asking a torch module about one picture, from several threads too, leaves torch's setting as the user had it."""
    model = from_module(CNN.pretrained())
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        picture = np.zeros((1, 1, 28, 28), np.float32)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: model(picture), range(64)))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


COUNT = """
import os, time
import numpy as np
from digit_widget import models
from digit_widget.known import drawings
from digit_widget.normalise import normalise

def ticks():
    spent = {}
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/stat") as file:
            spent[task] = sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
    own = spent.pop(str(os.getpid()))
    return np.array([own, sum(spent.values())])

def count(work):
    work()
    before, quiet = ticks()[1], 0
    while quiet < 20:  # BLAS's threads look out for more work for a while
        time.sleep(0.01)
        before, quiet = ticks()[1], quiet + 1 if ticks()[1] == before else 0
    begin = ticks()
    while (spent := ticks() - begin)[0] < 30:
        work()
    print(*spent)

model, inks = models.load_model(), drawings()[:10]
pictures = np.stack([normalise(ink) for ink in inks])[:, None].astype(np.float32) / 255
large = np.ones((1000, 1000))
count(lambda: (model(pictures), model(pictures[:1]), [normalise(ink) for ink in inks]))
count(lambda: large @ large)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux says how long each thread has worked")
def test_an_answer_stays_in_its_own_thread() -> None:
    """Neither the normaliser nor the network has numpy's BLAS share work among threads, which a busy machine punishes.

    The same count finds the other threads where a large product is shared.
    """
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-c", COUNT], env=environ, capture_output=True, text=True, check=True)
    (own, others), (_, sharing) = (map(int, line.split()) for line in done.stdout.splitlines())
    if sharing < 10:
        pytest.skip("numpy's BLAS does not share work among threads here")
    assert own >= 30
    assert others <= 1


def pictures_of_digits() -> np.ndarray:
    """Return the ten digit shapes in three sizes as the model is given them, (30, 1, 28, 28)."""
    seen = [normalise(digit_ink(digit, side)) for digit in range(10) for side in (0.3, 0.6, 0.9)]
    return np.stack(seen)[:, None].astype(np.float32) / 255


def torch_logits(pictures: np.ndarray) -> np.ndarray:
    """Return what the reference makes of pictures, (n, 1, 28, 28): the torch module with the bundled weights."""
    with torch.inference_mode():
        return np.concatenate([CNN.pretrained()(part).numpy() for part in torch.from_numpy(pictures).split(500)])


def test_numpy_torch_and_onnx_agree() -> None:
    """The three engines give logits within 1e-4 on the ten digit shapes, and the same classes."""
    pictures = pictures_of_digits()
    ours = models.load_model()(pictures)
    assert ours.dtype == np.float32
    assert ours.shape == (30, 10)
    for theirs in (torch_logits(pictures), onnx_logits(pictures)):
        assert np.abs(ours - theirs).max() < 1e-4
        assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 9])
def test_a_batch_is_answered_as_its_pictures_are(count: int) -> None:
    """However many pictures are asked about at once, each has the logits that it has alone."""
    model, pictures = models.load_model(), pictures_of_digits()[:count]
    alone = [model(picture[None])[0] for picture in pictures]
    assert model(pictures).shape == (count, 10)
    assert np.allclose(model(pictures), np.reshape(alone, (count, 10)), atol=1e-4)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_weights_of_this_architecture_are_answered_without_torch(
    tmp_path: Path, classes: int, kind: torch.dtype
) -> None:
    """Anybody's safetensors file of the CNN, in any type of float and with other classes, is answered by numpy."""
    torch.manual_seed(0)
    network = CNN(classes).eval().to(kind)
    save_file(network.state_dict(), tmp_path / "own.safetensors")
    model, pictures = models.load_model(tmp_path / "own.safetensors"), pictures_of_digits()
    assert (type(model), model.classes) == (NumpyCNN, classes)
    with torch.inference_mode():
        expected = network.float()(torch.from_numpy(pictures)).numpy()
    assert np.abs(model(pictures) - expected).max() < 1e-5


def test_weights_that_are_no_floats_are_refused(tmp_path: Path) -> None:
    """Quantised weights are named, and what to do with them."""
    weights = {name: weight.to(torch.int8) for name, weight in CNN().state_dict().items()}
    save_file(weights, tmp_path / "small.safetensors")
    with pytest.raises(
        ModelError, match=r"small\.safetensors to contain weights of a float type, but they are I8\. Convert them"
    ):
        models.load_model(tmp_path / "small.safetensors")


def test_both_formats_say_what_they_are() -> None:
    """The ONNX file carries the same temperature and threshold as the safetensors file."""
    session = onnxruntime.InferenceSession(models.bundled().with_suffix(".onnx"), providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert about["architecture"] == "cnn"
    assert float(about["temperature"]) == models.load_model().temperature
    assert float(about["threshold"]) == models.load_model().threshold


def test_a_file_of_another_architecture(tmp_path: Path) -> None:
    """Weights of an unknown architecture are refused: the sentence names it, and its layers."""
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors", metadata={"architecture": "resnet"})
    with pytest.raises(
        ModelError, match=r"other\.safetensors contains those of the architecture 'resnet' \(weight 1\)"
    ):
        load_safetensors(tmp_path / "other.safetensors")


def test_mnist_is_answered_as_the_figures_say(mnist_root: Path) -> None:
    """On MNIST's 10,000 test digits the whole way from picture to answer is as right as the card's figures."""
    from torchvision.datasets import MNIST

    test = MNIST(mnist_root, train=False)
    answers = Classifier().classify(test.data.numpy())
    right = [int(np.argmax(a.probabilities)) == label for a, label in zip(answers, test.targets.tolist(), strict=True)]
    stated = json.loads(FIGURES.read_text(encoding="utf-8"))["mnist"]
    assert np.mean(right) == pytest.approx(stated["right"]["share"], abs=2e-4)  # another processor may tip one or two
    assert np.mean([a.prediction is not None for a in answers]) == pytest.approx(stated["answered"]["share"], abs=5e-4)


def test_the_engines_agree_on_all_of_mnist(mnist_root: Path) -> None:
    """On MNIST's 10,000 test digits numpy, torch and ONNX give the same class, and logits within 1e-4."""
    from torchvision.datasets import MNIST

    seen = np.stack([normalise(image) for image in MNIST(mnist_root, train=False).data.numpy()])
    pictures = np.divide(seen[:, None], 255, dtype=np.float32)
    ours = models.load_model()(pictures)
    for theirs in (torch_logits(pictures), onnx_logits(pictures)):
        assert np.abs(ours - theirs).max() < 1e-4
        assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()
