"""What `deploy/triton` holds, without Triton, which no registry has: the graph is run, the settings are read."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
from deployed import DEPLOY, MLServer, installed

from digit_widget.known import drawings
from digit_widget.models import load_model
from digit_widget.normalise import normalise

CONFIG = DEPLOY / "triton" / "models" / "digits" / "config.pbtxt"
READ = """
import sys
from google.protobuf.json_format import MessageToJson
from google.protobuf.text_format import Parse
from tritonclient.grpc.model_config_pb2 import ModelConfig
print(MessageToJson(Parse(open(sys.argv[1]).read(), ModelConfig()), preserving_proto_field_name=True))
"""


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    """Return the network as Triton runs it."""
    done = subprocess.run(
        [sys.executable, str(DEPLOY / "triton" / "prepare.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ours = load_model()
    assert f"temperature={ours.temperature}, threshold={ours.threshold}" in done.stdout
    return onnxruntime.InferenceSession(CONFIG.parent / "1" / "model.onnx", providers=["CPUExecutionProvider"])


def test_the_graph_takes_any_batch(session: onnxruntime.InferenceSession) -> None:
    """Its logits are the bundled network's, for one picture and for fifty."""
    pictures = np.stack([normalise(ink) for ink in drawings()])[:, None].astype(np.float32) / 255
    for count in (1, 7, 50):
        (logits,) = session.run(None, {"ink": pictures[:count]})
        np.testing.assert_allclose(logits, load_model()(pictures[:count]), atol=1e-4)


def test_the_settings_are_those_of_the_graph(session: onnxruntime.InferenceSession) -> None:
    """Triton's own definition of its settings reads them; names, types and shapes are the graph's."""
    python = installed(MLServer).environment() / "bin" / "python"  # its environment has Triton's definitions
    done = subprocess.run([str(python), "-c", READ, str(CONFIG)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for kind, entries in {"input": session.get_inputs(), "output": session.get_outputs()}.items():
        ((said,), (entry,)) = found[kind], entries
        assert (said["name"], said["data_type"]) == (entry.name, "TYPE_FP32")
        assert [int(length) for length in said["dims"]] == entry.shape[1:]
        assert entry.shape[0] == "batch"
    assert found["max_batch_size"] == 64
    assert "dynamic_batching" in found
    assert found["name"] == CONFIG.parent.name
