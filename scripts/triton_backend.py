"""ONNX Runtime behind Triton's Python backend, under the name that configurations ask for (`backend: "onnxruntime"`).

NVIDIA's own image has one in C++; the server in PyPI's nvidia-pytriton has the Python backend alone. It does the same: what the
server's batcher has put together is one run of the graph.
"""

import json
import pathlib

import numpy
import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, given: dict) -> None:
        config = json.loads(given["model_config"])
        self.inputs = [one["name"] for one in config["input"]]
        self.outputs = [one["name"] for one in config["output"]]
        path = pathlib.Path(given["model_repository"], given["model_version"], "model.onnx")
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def execute(self, requests: list) -> list:
        asked = [[triton.get_input_tensor_by_name(one, name).as_numpy() for name in self.inputs] for one in requests]
        together = {name: numpy.concatenate(parts) for name, parts in zip(self.inputs, zip(*asked))}
        found = self.session.run(self.outputs, together)
        ends = numpy.cumsum([len(first) for first, *_ in asked])[:-1]
        shares = zip(*(numpy.split(one, ends) for one in found))
        tensors = ([triton.Tensor(*named) for named in zip(self.outputs, share)] for share in shares)
        return [triton.InferenceResponse(output_tensors=one) for one in tensors]
