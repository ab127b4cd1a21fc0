"""The CNN of the article that this project is based on, in torch: to train it, to export it, and to build on it.

`numpy_cnn.py` is the same network without torch, which answers drawings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from digit_widget.models import TORCH, ModelError, bundled

try:
    from safetensors.torch import load_file
    from torch import nn
except ImportError as error:
    _message = f"The network as a torch module needs PyTorch, which cannot be imported ({error}): pip install '{TORCH}'"
    raise ModelError(_message) from error

if TYPE_CHECKING:
    from torch import Tensor


class CNN(nn.Module):
    """Three 5 × 5 convolutions and two fully connected layers; 228,010 parameters with ten classes.

    Parameters
    ----------
    classes
        How many classes it has.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5)
        self.conv2 = nn.Conv2d(32, 32, kernel_size=5)
        self.conv3 = nn.Conv2d(32, 64, kernel_size=5)
        self.fc1 = nn.Linear(64 * 3 * 3, 256)
        self.fc2 = nn.Linear(256, classes)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.2)

    @classmethod
    def pretrained(cls) -> CNN:
        """Return a new network with the bundled weights, in evaluation mode."""
        network = cls()
        network.load_state_dict(load_file(bundled()))
        return network.eval()

    def forward(self, seen: Tensor) -> Tensor:
        """Return logits.

        Parameters
        ----------
        seen
            Shape (n, 1, 28, 28), float32, 0 = paper, 1 = full ink.

        Returns
        -------
        torch.Tensor
            Shape (n, classes), float32.
        """
        x = self.conv1(seen).relu()
        x = self.pool(self.conv2(x).relu())
        x = self.pool(self.conv3(x).relu())
        x = self.fc1(self.dropout(x.flatten(1))).relu()
        logits: Tensor = self.fc2(self.dropout(x))
        return logits
