"""What `deploy/` holds and nobody starts here, Triton and a cluster: the graph is run, the settings are read."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
from deployed import DEPLOY, KServe, MLServer, Serving, installed

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

FIELDS = """
import sys, yaml
from kubernetes.client import models as kubernetes
from kserve import models as kserve

def check(value, kind, where):
    if kind.startswith(("list[", "dict(")):
        inner = kind[5:-1].rpartition(",")[2].strip()
        for item in value if kind.startswith("list[") else value.values():
            check(item, inner, where)
        return
    found = getattr(kserve, kind, None) or getattr(kubernetes, kind, None)
    if found is None:
        assert isinstance(value, {"str": str, "int": int, "float": (int, float), "bool": bool}.get(kind, object)), where
        return
    names = {said: name for name, said in found.attribute_map.items()}
    for key, inner in value.items():
        assert key in names, f"{kind} has no {where}.{key}"
        check(inner, found.openapi_types[names[key]], f"{where}.{key}")

text = yaml.safe_load(open(sys.argv[1]))
check(text, "V1beta1InferenceService", "InferenceService")
print(text["spec"]["predictor"]["containers"][0]["args"])
"""


def said_by(kind: type[Serving], *arguments: str) -> str:
    """Return what a script prints in the environment of a kind of server."""
    python = installed(kind).environment() / "bin" / "python"
    done = subprocess.run([str(python), "-c", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    found = json.loads(said_by(MLServer, READ, str(CONFIG)))  # Triton's definitions come with MLServer
    for kind, entries in {"input": session.get_inputs(), "output": session.get_outputs()}.items():
        ((said,), (entry,)) = found[kind], entries
        assert (said["name"], said["data_type"]) == (entry.name, "TYPE_FP32")
        assert [int(length) for length in said["dims"]] == entry.shape[1:]
        assert entry.shape[0] == "batch"
    assert found["max_batch_size"] == 64
    assert "dynamic_batching" in found
    assert found["name"] == CONFIG.parent.name


def test_the_service_has_the_fields_of_kserve() -> None:
    """KServe's and Kubernetes's own definitions know each field; the arguments are those that are tested here."""
    printed = said_by(KServe, FIELDS, str(DEPLOY / "kserve" / "inferenceservice.yaml"))
    assert printed.split() == ["['--model_name=digits',", "'--http_port=8080',", "'--enable_grpc=false']"]
