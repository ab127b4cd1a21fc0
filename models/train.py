"""Train the bundled CNN on MNIST and write the weights and the model card beside this file.

    python models/train.py --data ../shared/data

Every digit the network sees has gone through the widget's own ``normalise``: what is learnt is what is drawn.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import MNIST
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as transform
from tqdm import tqdm

from digit_widget.models.cnn import CNN
from digit_widget.normalise import SIDE, Ink, normalise

HERE = Path(__file__).parent
VALIDATION = 5_000
"""How many of the training digits only the temperature is fitted on."""


@dataclass(frozen=True)
class Recipe:
    """What a training run is made of; the defaults are those of the shipped weights."""

    epochs: int = 24
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    average: float = 0.998
    """Decay of the moving average of the weights, which is what is kept."""
    seed: int = 0


class Augment(nn.Module):
    """Slant, turn, bend and thicken a digit, at three times its resolution so that no edge is lost."""

    GRAIN = 3
    BEND = 5
    """Points a side of the coarse random field that bends the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.affine = v2.RandomAffine(
            degrees=12,
            scale=(0.8, 1.0),
            shear=(-18, 18, -8, 8),
            interpolation=v2.InterpolationMode.BILINEAR,
        )

    def forward(self, ink: Tensor) -> Tensor:
        """Return another hand's version of the digit.

        Parameters
        ----------
        ink
            Shape (1, 28, 28), float32, 0 = paper, 255 = full ink.

        Returns
        -------
        torch.Tensor
            Shape (1, 84, 84), the same scale.
        """
        ink = transform.resize(ink, [SIDE * self.GRAIN] * 2, antialias=False)
        ink = self.affine(ink)
        ink = transform.elastic(ink, self._field(ink.shape[-1]))
        return self._contrast(self._thicken(ink)).clamp(0, 255)

    def _field(self, side: int) -> Tensor:
        """Return a smooth random displacement, (1, side, side, 2), in units of half the picture's side."""
        coarse = torch.randn(1, 2, self.BEND, self.BEND) * (0.045 * torch.rand(1))
        return functional.interpolate(coarse, size=(side, side), mode="bicubic").permute(0, 2, 3, 1)

    def _thicken(self, ink: Tensor) -> Tensor:
        """Dilate or erode by up to a pixel of the 28x28 picture, unless that would break the stroke."""
        step = int(torch.randint(-1, 5, ()))
        if step < 0:
            thin = -functional.max_pool2d(-ink, 3, stride=1, padding=1)
            return thin if thin.sum() > ink.sum() * 0.6 else ink
        return functional.max_pool2d(ink, 2 * step - 1, stride=1, padding=step - 1) if step > 1 else ink

    def _contrast(self, ink: Tensor) -> Tensor:
        """Harden the edges: a pad's pen has sharper ones than MNIST's scans."""
        return (ink - 127.5) * (1 + 3 * torch.rand(1)) + 127.5 if torch.rand(()) < 0.5 else ink  # noqa: PLR2004


class Digits(Dataset[tuple[Tensor, int]]):
    """MNIST digits through ``normalise``, augmented first when asked."""

    def __init__(self, images: Tensor, labels: Tensor, augment: Augment | None = None) -> None:
        self.images, self.labels, self.augment = images, labels, augment

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        ink = self.images[index]
        if self.augment is not None:
            ink = self.augment(ink[None].float())[0].round().to(torch.uint8)
        return as_input(normalise(ink.numpy())), int(self.labels[index])


def as_input(seen: Ink) -> Tensor:
    """Return a 28x28 uint8 picture as the network's input, (1, 28, 28) float32 in 0..1."""
    return torch.from_numpy(seen)[None].float() / 255


def train(data: Digits, recipe: Recipe) -> CNN:
    """Train with AdamW under a one-cycle schedule and return the moving average of the weights."""
    torch.manual_seed(recipe.seed)
    loader = DataLoader(
        data,
        batch_size=recipe.batch,
        shuffle=True,
        drop_last=True,
        num_workers=max(1, (os.cpu_count() or 2) - 1),
        persistent_workers=True,
    )
    model, steps = CNN(), recipe.epochs * len(loader)
    kept = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, total_steps=steps, pct_start=0.15)
    model.train()
    with tqdm(total=steps, unit="batch", desc="training") as bar:
        for epoch in range(recipe.epochs):
            for pictures, labels in loader:
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    loss = functional.cross_entropy(model(pictures), labels)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                with torch.no_grad():
                    for mean, now in zip(kept.parameters(), model.parameters(), strict=True):
                        mean.lerp_(now, 1 - min(recipe.average, (bar.n + 1) / (bar.n + 10)))
                bar.update()
            bar.set_postfix(epoch=epoch + 1, loss=f"{loss.item():.3f}")
    return kept.eval()


def logits_of(model: nn.Module, data: Digits) -> tuple[Tensor, Tensor]:
    """Return the logits, (n, classes), and the labels, (n,), of all of a data set in order."""
    pictures, labels = next(iter(DataLoader(data, batch_size=len(data))))
    with torch.no_grad():
        return torch.cat([model(part) for part in pictures.split(500)]), labels


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """Return the one number to divide logits by that makes their softmax honest.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks", ICML 2017.
    """
    log_temperature = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([log_temperature], max_iter=100)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(logits / log_temperature.exp(), labels)
        loss.backward()
        return loss

    optimiser.step(closure)
    return float(log_temperature.detach().exp())


def calibration_error(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    """Return the expected calibration error over bins of equal width of the top probability."""
    confidence, predicted = probabilities.max(dim=1)
    gap = (predicted == labels).float() - confidence
    which = (confidence * bins).long().clamp(max=bins - 1)
    return float(torch.zeros(bins).index_add(0, which, gap).abs().sum() / len(labels))


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (E. B. Wilson, JASA 1927)."""
    z = 1.959964
    centre, spread = right + z * z / 2, z * math.sqrt(right * (n - right) / n + z * z / 4)
    return (centre - spread) / (n + z * z), (centre + spread) / (n + z * z)


def write_weights(model: CNN, temperature: float, folder: Path) -> None:
    """Write digits.safetensors and digits.onnx; both say what they are and carry the temperature."""
    about = {"architecture": "cnn", "classes": str(model.fc2.out_features), "temperature": f"{temperature:.4f}"}
    save_file(model.state_dict(), folder / "digits.safetensors", metadata=about)
    program = torch.onnx.export(
        model,
        (torch.zeros(1, 1, SIDE, SIDE),),
        input_names=["ink"],
        output_names=["logits"],
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None  # noqa: S101 - for the type checker: it is None only when saved straight to a file
    exported = program.model_proto
    onnx.helper.set_model_props(exported, about)
    onnx.save(exported, folder / "digits.onnx")


def write_card(figures: dict[str, str], recipe: Recipe, folder: Path) -> None:
    """Fill the model card's template with what was measured."""
    template = (HERE / "card.md").read_text(encoding="utf-8")
    recipe_rows = "\n".join(f"| {name.replace('_', ' ')} | {value} |" for name, value in asdict(recipe).items())
    (folder / "README.md").write_text(template.format(**figures, recipe=recipe_rows), encoding="utf-8")


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description="Train the bundled CNN and write its weights and model card.")
    parser.add_argument("--data", type=Path, default=HERE.parent / "data", help="folder of MNIST; filled when empty")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: beside this script)")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    arguments = parser.parse_args()
    recipe = Recipe(epochs=arguments.epochs, seed=arguments.seed)

    training, test = (MNIST(arguments.data, train=part, download=True) for part in (True, False))
    started = time.monotonic()
    model = train(Digits(training.data[:-VALIDATION], training.targets[:-VALIDATION], Augment()), recipe)
    minutes = (time.monotonic() - started) / 60

    held_out = Digits(training.data[-VALIDATION:], training.targets[-VALIDATION:])
    temperature = fit_temperature(*logits_of(model, held_out))
    logits, labels = logits_of(model, Digits(test.data, test.targets))
    right = int((logits.argmax(dim=1) == labels).sum())
    low, high = wilson(right, len(labels))
    figures = {
        "right": f"{right / len(labels):.2%}",
        "wrong": str(len(labels) - right),
        "n": f"{len(labels):,}",
        "interval": f"{low:.2%} to {high:.2%}",
        "calibration_error": f"{calibration_error((logits / temperature).softmax(dim=1), labels):.4f}",
        "temperature": f"{temperature:.3f}",
        "parameters": f"{sum(p.numel() for p in model.parameters()):,}",
        "minutes": f"{minutes:.0f}",
        "cores": str(os.cpu_count()),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}",
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_weights(model, temperature, arguments.out)
    write_card(figures, recipe, arguments.out)
    print("\n".join(f"{name}: {figure}" for name, figure in figures.items()))  # noqa: T201


if __name__ == "__main__":
    main()
