"""A network for KServe: the bundled one, or any file that `digit_widget.load_model` reads.

MODEL=net.onnx python deploy/kserve/model.py --model_name=digits --http_port=8080
"""

from __future__ import annotations

import argparse
import os

import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server
from kserve.errors import InvalidInput
from kserve.utils.utils import generate_uuid

from digit_widget import load_model


class Network(Model):
    """Pictures, (n, channels, height, width), 0 = paper, 1 = full ink, to logits, (n, classes)."""

    def load(self) -> bool:
        """Load the file that MODEL names; without one, the bundled network."""
        self.network = load_model(os.environ.get("MODEL") or None)
        # A pad divides by the temperature, and says 🤔 below the threshold.
        said = {"temperature": self.network.temperature, "threshold": self.network.threshold}
        self.calibration = {name: value for name, value in said.items() if np.isfinite(value)}
        self.ready = True
        return self.ready

    def get_input_types(self) -> list[dict]:
        """Say what it takes."""
        return [{"name": "pictures", "datatype": "FP32", "shape": [-1, *self.network.shape]}]

    def get_output_types(self) -> list[dict]:
        """Say what it returns."""
        return [{"name": "logits", "datatype": "FP32", "shape": [-1, self.network.classes or -1]}]

    def predict(self, payload: InferRequest, *_headers: dict) -> InferResponse:
        """Ask the network about a batch."""
        pictures = payload.inputs[0].as_numpy()
        if pictures.shape[1:] != tuple(self.network.shape):
            message = f"Expected a batch of pictures of {self.network.shape}, but got the shape {pictures.shape}."
            raise InvalidInput(message)
        logits = self.network(pictures.astype(np.float32))
        output = InferOutput("logits", list(logits.shape), "FP32")
        output.set_data_from_numpy(logits, binary_data=False)
        return InferResponse(payload.id or generate_uuid(), self.name, [output], parameters=self.calibration)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(parents=[model_server.parser]).parse_args()
    network = Network(arguments.model_name)
    network.load()
    ModelServer().start([network])
