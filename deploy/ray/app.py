"""A network on Ray Serve: several drawings at once, more replicas when more people draw, the v2 route of the others."""

# Without `from __future__ import annotations`: FastAPI could not resolve them in a class that Ray has sent elsewhere.
from typing import Annotated, Any

import numpy as np
from fastapi import Body, FastAPI, HTTPException
from ray import serve

from digit_widget import load_model

api = FastAPI()


@serve.deployment(max_ongoing_requests=256)
@serve.ingress(api)
class Network:
    """Pictures, (n, channels, height, width), 0 = paper, 1 = full ink, to logits, (n, classes)."""

    def __init__(self, path: str) -> None:
        self.network = load_model(path or None)
        # A pad divides by the temperature, and says 🤔 below the threshold.
        said = {"temperature": self.network.temperature, "threshold": self.network.threshold}
        self.calibration = {name: value for name, value in said.items() if np.isfinite(value)}

    @api.get("/v2/models/digits")
    async def about(self) -> dict[str, Any]:
        """Say what it takes and returns."""
        inputs = [{"name": "pictures", "datatype": "FP32", "shape": [-1, *self.network.shape]}]
        outputs = [{"name": "logits", "datatype": "FP32", "shape": [-1, self.network.classes or -1]}]
        return {"name": "digits", "inputs": inputs, "outputs": outputs, "parameters": self.calibration}

    @api.post("/v2/models/digits/infer")
    async def infer(self, question: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """Answer a question, together with those that come in the same few milliseconds."""
        try:
            tensor = question["inputs"][0]
            pictures = np.asarray(tensor["data"], np.float32).reshape(tensor["shape"])
            is_right = pictures.shape[1:] == self.network.shape
        except (KeyError, IndexError, TypeError, ValueError):
            is_right = False
        if not is_right:
            raise HTTPException(400, f"Expected a batch of pictures of {self.network.shape}.")
        logits = await self.asked(pictures)
        output = {"name": "logits", "datatype": "FP32", "shape": list(logits.shape), "data": logits.ravel().tolist()}
        return {"model_name": "digits", "outputs": [output], "parameters": self.calibration}

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.002)
    async def asked(self, questions: list[np.ndarray]) -> list[np.ndarray]:
        """Ask the network about the pictures of several questions."""
        ends = np.cumsum([len(pictures) for pictures in questions])
        return np.split(self.network(np.concatenate(questions)), ends[:-1])


def build(arguments: dict[str, str]) -> serve.Application:
    """Return the application; ``model`` is the path of a network, the bundled one if empty."""
    return Network.bind(arguments.get("model", ""))
