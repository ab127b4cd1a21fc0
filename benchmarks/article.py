"""The article's own way to a prediction, to compare with.

"Digit Emoji Predictor: build a UI for a deep-learning model in a notebook" (2021): each call reads the pickled model
from the disk, and the picture is inverted and resized, nothing more.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import torch
from PIL import Image, ImageOps
from torchvision.transforms import ToTensor

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn


def predict(data_url: str, path: Path) -> int:
    """Return the digit in a drawing.

    Parameters
    ----------
    data_url
        The drawing, dark on light.
    path
        A whole pickled module.
    """
    return ask(load(path), read(data_url))


def load(path: Path) -> nn.Module:
    """Read the model, as was done for every prediction."""
    # A pickle may run anything when it is read. This one was written a moment ago, by the benchmark itself.
    model: nn.Module = torch.load(path, weights_only=False)
    return model.eval()


def read(data_url: str) -> Tensor:
    """Return the drawing as the model was shown it, (1, 1, 28, 28)."""
    raw = base64.b64decode(data_url.split(",")[1])
    picture = ImageOps.invert(Image.open(io.BytesIO(raw)).convert("L")).resize((28, 28))
    tensor: Tensor = ToTensor()(picture)
    return tensor.unsqueeze(0)


def ask(model: nn.Module, seen: Tensor) -> int:
    """Return the model's answer."""
    with torch.no_grad():
        return int(model(seen).argmax())
