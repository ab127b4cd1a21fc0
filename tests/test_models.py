"""The bundled weights: loaded once, the same in both formats, as good as the card says."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from drawings import digit_ink
from safetensors.torch import save_file

from digit_widget import models
from digit_widget.classifier import Classifier
from digit_widget.models.cnn import CNN
from digit_widget.models.pytorch import load_safetensors
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


def test_evaluation_mode_and_no_gradients() -> None:
    """The bundled network does not drop out, and asking it leaves nothing to differentiate."""
    model = models.load_model()
    assert not any(module.training for module in model.module.modules())
    picture = normalise(digit_ink(5))[None, None].astype(np.float32) / 255
    assert np.array_equal(model(picture), model(picture))


def test_torch_s_threads_are_put_back() -> None:
    """Asking about one picture, from several threads too, leaves torch's setting as the user had it."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        picture = np.zeros((1, 1, 28, 28), np.float32)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: models.load_model()(picture), range(64)))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_both_formats_agree() -> None:
    """Safetensors in torch and ONNX in ONNX Runtime give logits within 1e-4 on the ten digit shapes."""
    seen = [normalise(digit_ink(digit, side)) for digit in range(10) for side in (0.3, 0.6, 0.9)]
    pictures = np.stack(seen)[:, None].astype(np.float32) / 255
    ours, theirs = models.load_model()(pictures), onnx_logits(pictures)
    assert np.abs(ours - theirs).max() < 1e-4
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()


def test_both_formats_say_what_they_are() -> None:
    """The ONNX file carries the same temperature and threshold as the safetensors file."""
    session = onnxruntime.InferenceSession(models.bundled().with_suffix(".onnx"), providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert about["architecture"] == "cnn"
    assert float(about["temperature"]) == models.load_model().temperature
    assert float(about["threshold"]) == models.load_model().threshold


def test_a_file_that_does_not_say_what_it_is(tmp_path: Path) -> None:
    """Weights of an unknown architecture are refused, and the known ones named."""
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors", metadata={"architecture": "resnet"})
    with pytest.raises(ValueError, match=r"other\.safetensors holds weights of the architecture 'resnet'.*known: cnn"):
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


def test_both_formats_agree_on_all_of_mnist(mnist_root: Path) -> None:
    """On MNIST's 10,000 test digits both formats give the same class, and logits within 1e-4."""
    from torchvision.datasets import MNIST

    seen = np.stack([normalise(image) for image in MNIST(mnist_root, train=False).data.numpy()])
    pictures = np.divide(seen[:, None], 255, dtype=np.float32)
    ours, theirs = models.load_model()(pictures), onnx_logits(pictures)
    assert np.abs(ours - theirs).max() < 1e-4
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()
