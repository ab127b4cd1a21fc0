"""A network for MLServer: the bundled one, or any file that `digit_widget.load_model` reads."""

from __future__ import annotations

import os

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import (
    InferenceRequest,
    InferenceResponse,
    MetadataModelResponse,
    MetadataTensor,
    Parameters,
)
from mlserver.utils import get_model_uri

from digit_widget import load_model


class Network(MLModel):
    """Pictures, (n, channels, height, width), 0 = paper, 1 = full ink, to logits, (n, classes)."""

    async def load(self) -> bool:
        """Load the file that ``parameters.uri`` in model-settings.json names; without one, the bundled network."""
        place = await get_model_uri(self.settings)  # the folder of the settings if they name nothing
        self.network = load_model(None if os.path.isdir(place) else place)  # noqa: ASYNC240, PTH112 - nobody asks yet
        # A pad divides by the temperature, and says 🤔 below the threshold.
        said = {"temperature": self.network.temperature, "threshold": self.network.threshold}
        self.calibration = Parameters(**{name: value for name, value in said.items() if np.isfinite(value)})
        self.inputs = [MetadataTensor(name="pictures", datatype="FP32", shape=[-1, *self.network.shape])]
        self.outputs = [MetadataTensor(name="logits", datatype="FP32", shape=[-1, self.network.classes or -1])]
        return True

    async def metadata(self) -> MetadataModelResponse:
        """Say the calibration with the rest."""
        return (await super().metadata()).model_copy(update={"parameters": self.calibration})

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Ask the network about a batch."""
        pictures = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        if pictures.shape[1:] != tuple(self.network.shape):
            message = f"Expected a batch of pictures of {self.network.shape}, but got the shape {pictures.shape}."
            raise InferenceError(message)
        logits = self.network(pictures.astype(np.float32))
        output = NumpyCodec.encode_output("logits", logits)
        return InferenceResponse(model_name=self.name, outputs=[output], parameters=self.calibration)
