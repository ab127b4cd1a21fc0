"""The bundled network for Triton, which asks about several drawings at once: the same graph, its batch left open.

python deploy/triton/prepare.py          writes deploy/triton/models/digits/1/model.onnx; needs the package onnx
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import numpy_helper

from digit_widget.models import bundled

TARGET = Path(__file__).parent / "models" / "digits" / "1" / "model.onnx"


def opened(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a graph for one picture as one for any number: of its input, its output, and where it is reshaped."""
    graph = model.graph
    del graph.value_info[:]  # the shapes in between, which follow from the others
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in shapes:
            lengths = numpy_helper.to_array(tensor).copy()
            lengths[0] = -1
            tensor.CopyFrom(numpy_helper.from_array(lengths, tensor.name))
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Write the file, and say how a pad asks it."""
    model = onnx.load(bundled().with_suffix(".onnx"))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(opened(model), TARGET)
    about = {entry.key: entry.value for entry in model.metadata_props}
    said = f"temperature={about['temperature']}, threshold={about['threshold']}"
    print(f"{TARGET}\nRemote('http://localhost:8000/v2/models/digits', {said})")


if __name__ == "__main__":
    main()
