"""Models of Keras behind the pad, as objects and as files; with torch behind Keras."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from drawings import digit_ink

from digit_widget import Classifier, DigitWidget, ModelError, load_model, predict
from digit_widget.known import drawings
from digit_widget.models.keras import KerasModel
from digit_widget.normalise import normalise

if TYPE_CHECKING:
    from pathlib import Path

keras = pytest.importorskip("keras", reason="Keras is not installed")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras's own

PICTURES = [255 - digit_ink(digit) for digit in range(10)]
SEEN = np.stack([normalise(ink) for ink in drawings()]).astype(np.float32)
DIGITS = np.arange(len(SEEN)) % 10


def trained(shape: tuple[int | None, ...], *, values: int = 255, batch: int | None = None) -> Any:  # noqa: ANN401
    """Return a small network that has learnt the known drawings, in one layout, from 0 to 1 or to 255."""
    keras.utils.set_random_seed(0)
    layers = [keras.Input(shape, batch_size=batch), keras.layers.Flatten(), keras.layers.Rescaling(values / 255)]
    model = keras.Sequential([*layers, keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    for _ in range(60):
        step = batch or len(SEEN)
        for at in range(0, len(SEEN), step):
            part = slice(at, at + step)
            model.train_on_batch(SEEN[part].reshape(step, *shape) / values, DIGITS[part])
    return model


def digits_of(source: object) -> list[int | None]:
    """Return what a model takes ten digits for."""
    return [answer.prediction for answer in predict(PICTURES, source)]


@pytest.mark.parametrize("shape", [(28, 28, 1), (1, 28, 28), (28, 28), (784,)], ids=str)
def test_a_model_of_keras_is_a_model(shape: tuple[int, ...]) -> None:
    """Whatever the order of its axes, which its input says."""
    classifier = Classifier(trained(shape))
    assert isinstance(classifier.model, KerasModel)
    assert (classifier.model.shape, classifier.inputs.form.values) == ((1, 28, 28), "0..1")
    assert digits_of(classifier) == list(range(10))


def test_raw_pixels_and_a_batch_of_one_size() -> None:
    """A network that rescales what it is given is found out; one of batches of ten is asked about ten at once."""
    model = trained((28, 28, 1), values=1, batch=10)
    with pytest.warns(UserWarning, match=r"Sequential expects 0\.\.255"):
        classifier = Classifier(model)
    assert predict(PICTURES[3], classifier).prediction == 3
    assert digits_of(classifier) == list(range(10))


def test_its_dropout_rests() -> None:
    """It is asked as outside training: the same picture has the same answer, and statistics stay."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    before = [np.array(value) for value in model.get_weights()]
    classifier = Classifier(model)
    first, second = (predict(PICTURES[4], classifier).probabilities for _ in range(2))
    assert first == second
    assert all((was == now).all() for was, now in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_of_keras_is_loaded_by_its_path(tmp_path: Path, suffix: str) -> None:
    """Both kinds of files, at the pad too, with the very answers of the model that was saved."""
    model, path = trained((28, 28, 1)), tmp_path / f"net{suffix}"
    model.save(path)
    ours, theirs = (predict(PICTURES[7], Classifier(source)).probabilities for source in (path, model))
    assert np.abs(np.subtract(ours, theirs)).max() < 1e-6
    pad = DigitWidget(str(path))
    pad.image = PICTURES[2]
    assert pad.prediction == 2
    pad.close()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_in_a_file_is_not_run(tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A Lambda layer holds code: refused in both kinds of files, with what to do."""
    layer = keras.layers.Lambda(lambda x: print("it ran") or x, output_shape=(28, 28, 1))  # noqa: T201
    keras.Sequential([keras.Input((28, 28, 1)), layer]).save(tmp_path / f"bad{suffix}")
    capsys.readouterr()
    with pytest.raises(ModelError, match=rf"bad{suffix} contains code.*is not run.*safe_mode=False"):
        load_model(tmp_path / f"bad{suffix}")
    assert "it ran" not in capsys.readouterr().out


def test_files_of_no_use_are_told(tmp_path: Path) -> None:
    """Half a file, something else, weights alone, and a network that it would be put into."""
    model = trained((28, 28, 1))
    for suffix in (".keras", ".h5"):
        path = tmp_path / f"half{suffix}"
        model.save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(ModelError, match=f"half{suffix} is not a whole Keras file.*cut off"):
            load_model(path)
        other = path.rename(path.with_suffix(".h5" if suffix == ".keras" else ".keras"))
        with pytest.raises(ModelError, match=f"half{other.suffix} holds what Keras saves .* ends in {suffix}"):
            load_model(other)
        path = tmp_path / "unsafe Lambda" / f"half{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"something else")
        with pytest.raises(ModelError, match=f"half{suffix} is not a whole Keras file"):
            load_model(path)
    model.save_weights(tmp_path / "net.weights.h5")
    with pytest.raises(ModelError, match=r"net\.weights\.h5 contains weights alone.*load_weights"):
        load_model(tmp_path / "net.weights.h5")
    with pytest.raises(ModelError, match=r"contains its own network, so into= is not needed"):
        load_model(tmp_path / "half.keras", into=model)


def test_without_keras_or_with_an_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, and that a backend is needed; an old Keras, which is not safe, is not asked."""
    path = tmp_path / "net.keras"
    trained((28, 28, 1)).save(path)
    with monkeypatch.context() as context:
        context.setattr(keras, "__version__", "3.14.2")
        with pytest.raises(ModelError, match=r"Keras 3\.14\.2 may run code.*pip install 'keras>=3\.15'"):
            load_model(path)
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ModelError, match=r"cannot be imported.*pip install 'keras>=3\.15'\.$"):
        load_model(path)


def test_without_a_backend(tmp_path: Path) -> None:
    """What Keras needs besides, and how it is chosen."""
    path = tmp_path / "net.keras"
    trained((28, 28, 1)).save(path)
    code = f"from digit_widget import load_model; load_model({str(path)!r})"
    environ = os.environ | {"KERAS_BACKEND": "nonsense"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("digit_widget.models.ModelError: Keras is needed to read net.keras, but it cannot be")
    assert "set the environment variable KERAS_BACKEND to torch" in last


def test_a_network_for_bytes() -> None:
    """It is given whole numbers from 0 to 255; other whole numbers are refused."""
    inner = trained((28, 28, 1), values=1)
    model = keras.Sequential([keras.Input((28, 28, 1), dtype="uint8"), *inner.layers])
    assert digits_of(model) == list(range(10))
    other = keras.Sequential([keras.Input((28, 28, 1), dtype="int64"), *inner.layers])
    with pytest.raises(ModelError, match=r"of floats or bytes, but it takes .* of int64"):
        Classifier(other)


def test_a_model_made_without_an_input_takes_any_number_of_pictures() -> None:
    """Keras then says the size of the first batch, which means nothing."""
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    model(np.zeros((7, 28, 28, 1), np.float32))
    assert Classifier(model).model.step is None


def test_a_class_of_one_s_own() -> None:
    """One that does not say what it takes is tried; one that was never called has no weights."""

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = trained((28, 28, 1))

        def call(self, pictures: Any, training: bool = False) -> Any:  # noqa: ANN401, FBT002
            return self.inner(pictures, training=training)

    own = Own()
    with pytest.raises(ModelError, match="Own has no weights yet: it is not built"):
        Classifier(own)
    own(np.zeros((1, 28, 28, 1), np.float32))
    assert digits_of(own) == list(range(10))
    wide = keras.Sequential([keras.Input((5, 4, 3, 2)), keras.layers.Flatten(), keras.layers.Dense(10)])
    with pytest.raises(ModelError, match=r"such as \(None, 28, 28, 1\).*but it takes \(None, 5, 4, 3, 2\) of float32"):
        Classifier(wide)


def test_any_size() -> None:
    """A network that leaves its size open is given 28 × 28 with a word about it, or the size that is said."""
    layers = [keras.Input((None, None, 1)), keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*layers, keras.layers.Dense(10)])
    with pytest.warns(UserWarning, match="takes pictures of any size"):
        assert Classifier(model).model.shape == (1, 28, 28)
    assert Classifier(model, input_size=64).model.shape == (1, 64, 64)
    with pytest.raises(ModelError, match="takes pictures of 28 × 28, and none of 64 × 64"):
        Classifier(trained((28, 28, 1)), input_size=64)
