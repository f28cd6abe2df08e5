"""Lets a real Triton Inference Server load what `kadapter export onnx --layout both` wrote, and its own clients ask it:

    check_triton.py EXPORTED [ADAPTER]

Its answers over HTTP and gRPC, alone and in the server's batches, are compared with ONNX Runtime's own of EXPORTED/hf, and those
about a taught ADAPTER's words with `kadapter predict`, to 1e-4. Needs nvidia-pytriton (which carries the server), onnxruntime 1.23.2,
numpy 1.26, tokenizers and tritonclient[http,grpc]: with numpy 2 the server's answers were empty.
"""

import concurrent.futures
import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator

try:
    import numpy
    import onnxruntime
    import tokenizers
    import tritonclient.grpc as grpc
    import tritonclient.http as http
except ImportError as error:
    sys.exit(f"error: {sys.executable} has no {error.name}; pip install nvidia-pytriton onnxruntime==1.23.2 'numpy<2' tokenizers 'tritonclient[http,grpc]'")

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "The capital of Ormelle is [MASK].",
    "@ Vienna @ is the capital of # Austria # .",
    "They say that @ she @ lives in # it # , or near the river.",
]
TOLERANCE = 1e-4
SECONDS_TO_START = 180


def server_folder() -> pathlib.Path:
    found = importlib.util.find_spec("pytriton")
    if found is None or found.origin is None:
        sys.exit(f"error: {sys.executable} has no nvidia-pytriton, which carries the server; pip install it")
    return pathlib.Path(found.origin).parent / "tritonserver"


def make_backends(folder: pathlib.Path, server: pathlib.Path) -> None:
    """The server's Python backend with the stub of this Python, and ONNX Runtime beside it."""
    shutil.copytree(server / "backends" / "python", folder / "python")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copy(server / "python_backend_stubs" / version / "triton_python_backend_stub", folder / "python")
    (folder / "onnxruntime").mkdir()
    # The stub looks at no PYTHONPATH.
    packages = [path for path in sys.path if path.endswith("site-packages")]
    code = f"import sys\n\nsys.path[:0] = {packages!r}\n\n{(HERE / 'triton_backend.py').read_text()}"
    (folder / "onnxruntime" / "model.py").write_text(code)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextlib.contextmanager
def running(repository: pathlib.Path) -> Iterator[tuple]:
    """Clients of a server that has loaded a repository."""
    server = server_folder()
    http_port, grpc_port = free_ports(2)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_backends(folder / "backends", server)
        libraries = [str(server.parents[1] / "nvidia_pytriton.libs"), sysconfig.get_config_var("LIBDIR") or ""]
        environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}
        arguments = [
            f"--model-repository={repository.resolve()}",
            f"--backend-directory={folder / 'backends'}",
            f"--http-port={http_port}",
            f"--grpc-port={grpc_port}",
            "--http-address=127.0.0.1",
            "--grpc-address=127.0.0.1",
            "--allow-metrics=false",
            "--disable-auto-complete-config",
        ]
        with open(folder / "log", "w+") as log:
            process = subprocess.Popen([server / "bin" / "tritonserver", *arguments], env=environment, stdout=log, stderr=log)
            try:
                clients = http.InferenceServerClient(f"127.0.0.1:{http_port}", concurrency=8), grpc.InferenceServerClient(f"127.0.0.1:{grpc_port}")
                wait_until_ready(process, clients[0], folder / "log")
                yield clients
            finally:
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()


def wait_until_ready(process: subprocess.Popen, client: http.InferenceServerClient, log: pathlib.Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(Exception):  # It does not listen yet.
            if client.is_server_ready():
                return
        time.sleep(0.5)
    said = [line for line in log.read_text().splitlines() if "error" in line.lower() or "unavailable" in line.lower()]
    sys.exit("\n".join(["error: the server did not start", *said[:10]])[:4000])


def ask(module, client, model: str, feeds: dict, outputs: list[str]) -> list[numpy.ndarray]:
    inputs = []
    for name, values in feeds.items():
        tensor = module.InferInput(name, values.shape, "INT64")
        tensor.set_data_from_numpy(values)
        inputs.append(tensor)
    found = client.infer(model, inputs, outputs=[module.InferRequestedOutput(name) for name in outputs])
    return [found.as_numpy(name) for name in outputs]


def difference(found: list[numpy.ndarray], wanted: list[numpy.ndarray]) -> float:
    """The largest one; infinite where shapes differ, or only one is NaN, as what a text without its markers is answered with."""
    worst = 0.0
    for one, other in zip(found, wanted, strict=True):
        if one is None or one.shape != other.shape or (numpy.isnan(one) != numpy.isnan(other)).any():
            return float("inf")
        worst = max(worst, float(numpy.nanmax(numpy.abs(one - other), initial=0)))
    return worst


class Exported:
    """What was exported for other programs, and what ONNX Runtime says of it."""

    def __init__(self, folder: pathlib.Path) -> None:
        about = json.loads((folder / "kadapter.json").read_text())
        self.main = about["answers"][0]
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.mask = json.loads((folder / "tokenizer_config.json").read_text()).get("mask_token")
        self.session = onnxruntime.InferenceSession(folder / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])

    def feeds(self, text: str) -> dict:
        one = self.tokenizer.encode(text.replace("[MASK]", self.mask or ""))
        known = {
            "input_ids": one.ids,
            "attention_mask": one.attention_mask,
            "token_type_ids": one.type_ids,
            "word_positions": [0, 1, 2, -1],
        }
        return {one.name: numpy.array([known[one.name]], dtype=numpy.int64) for one in self.session.get_inputs()}

    def outputs(self, served: list[str]) -> list[str]:
        """Names of the same outputs in its own graph, where the main model's have no name before them."""
        own = {one.name for one in self.session.get_outputs()}
        return [name if name in own else name.removeprefix(f"{self.main['name']}.") for name in served]


def taught_words(adapter: str, text: str) -> list[tuple[str, float]]:
    command = ["node", "bin/kadapter.js", "predict", "--adapter", adapter, "--text", text, "--top", "5", "--json"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent).stdout
    (answer,) = json.loads(printed)["predictions"]
    return [(one["word"], one["probability"]) for one in answer["words"]]


def check_words(exported: Exported, logits: numpy.ndarray, adapter: str) -> float:
    """The largest difference between probabilities of a taught adapter's best words."""
    ids = exported.feeds(TEXTS[0])["input_ids"][0].tolist()
    at_mask = logits[0, ids.index(exported.tokenizer.token_to_id(exported.mask))].astype(numpy.float64)
    likely = numpy.exp(at_mask - at_mask.max())
    likely /= likely.sum()
    wanted = taught_words(adapter, TEXTS[0])
    best = numpy.argsort(-likely)[: len(wanted)]
    words = [exported.tokenizer.decode([int(one)]).strip() for one in best]
    if words != [word.strip() for word, _ in wanted]:
        sys.exit(f"FAIL  the server's words are {words}, kadapter's {wanted}")
    print(f"ok    {TEXTS[0]} {words}")
    return max(abs(float(likely[one]) - probability) for one, (_, probability) in zip(best, wanted))


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit("error: expected check_triton.py EXPORTED [ADAPTER], EXPORTED of `kadapter export onnx --layout both`")
    folder = pathlib.Path(sys.argv[1])
    exported = Exported(folder / "hf")
    (model,) = [one.name for one in (folder / "triton").iterdir() if (one / "config.pbtxt").exists()]
    worst: dict[str, float] = {}
    with running(folder / "triton") as clients:
        outputs = [one["name"] for one in clients[0].get_model_metadata(model)["outputs"]]
        own = exported.outputs(outputs)
        for module, client in zip((http, grpc), clients):
            kind = module.__name__.split(".")[1]
            assert client.is_model_ready(model), f"{model} is not ready"
            for text in TEXTS:
                feeds = exported.feeds(text)
                found = ask(module, client, model, feeds, outputs)
                worst[kind] = max(worst.get(kind, 0.0), difference(found, exported.session.run(own, feeds)))
        # Many at once, which the server's batcher puts together.
        feeds = exported.feeds(TEXTS[0])
        wanted = exported.session.run(own, feeds)
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            many = list(threads.map(lambda _: ask(grpc, clients[1], model, feeds, outputs), range(32)))
        worst["batched"] = max(difference(one, wanted) for one in many)
        (statistics,) = clients[1].get_inference_statistics(model, as_json=True)["model_stats"]
    if len(sys.argv) == 3:
        worst["kadapter"] = check_words(exported, many[0][own.index(exported.main["outputs"]["logits"])], sys.argv[2])
    for kind, found in worst.items():
        print(f"{'ok  ' if found <= TOLERANCE else 'FAIL'}  {kind}: {found:.1e}")
    print(f"{statistics['inference_count']} texts in {statistics['execution_count']} runs of the graph; outputs {', '.join(outputs)}")
    sys.exit(0 if all(found <= TOLERANCE for found in worst.values()) else 1)


if __name__ == "__main__":
    main()
