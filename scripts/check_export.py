"""Lets ONNX's checker and ONNX Runtime read what `kadapter export onnx` wrote: check_export.py FOLDER...

Needs onnx, onnxruntime and tokenizers (pip install). Each graph is checked, strict shape inference included, and asked about
texts one by one and in one padded batch, which must say the same, but for int8 weights.
"""

import json
import pathlib
import sys

try:
    import numpy
    import onnx
    import onnxruntime
    import tokenizers
except ImportError as error:
    sys.exit(f"error: {sys.executable} has no {error.name}; pip install onnx onnxruntime tokenizers")

TEXTS = ["@ Vienna @ is the capital of # Austria # .", "They say that @ she @ lives in # it # , or near the river."]


def feeds(session: onnxruntime.InferenceSession, encoded: list, padding: int) -> dict:
    """int64 [batch, sequence] for the inputs that a tokenizer gives, and some words for trees."""
    width = max(len(one.ids) for one in encoded)
    padded = lambda rows, value: numpy.array([row + [value] * (width - len(row)) for row in rows], dtype=numpy.int64)
    known = {
        "input_ids": padded([one.ids for one in encoded], padding),
        "attention_mask": padded([one.attention_mask for one in encoded], 0),
        "token_type_ids": padded([one.type_ids for one in encoded], 0),
        "word_positions": numpy.array([[0, 1, 2, -1]] * len(encoded), dtype=numpy.int64),
    }
    return {one.name: known[one.name] for one in session.get_inputs()}


def largest_difference(session: onnxruntime.InferenceSession, tokenizer: tokenizers.Tokenizer, padding: int) -> float:
    """Between what is said of texts alone and together."""
    encoded = [tokenizer.encode(text) for text in TEXTS]
    together = session.run(None, feeds(session, encoded, padding))
    worst = 0.0
    for row, one in enumerate(encoded):
        alone = session.run(None, feeds(session, [one], padding))
        for whole, part in zip(together, alone):
            same = whole[row][tuple(slice(0, size) for size in part[0].shape)]
            worst = max(worst, float(numpy.abs(same - part[0]).max()))
    return worst


def check(path: pathlib.Path, tokenizer: tokenizers.Tokenizer, padding: int) -> str | None:
    """The complaint about a graph, if there is one."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
        model = onnx.load(path, load_external_data=False)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        difference = largest_difference(session, tokenizer, padding)
    except Exception as error:  # Whatever it raises, it refuses the file.
        return str(error).strip()
    own = sorted({node.op_type for node in model.graph.node if node.domain})
    print(f"ok    {path}: {len(model.graph.node)} nodes, not ONNX's: {', '.join(own) or 'none'}; batch by {difference:.1e}")
    exact = "quantized" not in path.name
    return f"a text says something else in a batch ({difference:.1e})" if exact and difference > 1e-3 else None


def main() -> None:
    folders = [pathlib.Path(name) for name in sys.argv[1:]]
    graphs = [(folder, path) for folder in folders for path in sorted(folder.glob("onnx/*.onnx"))]
    if not graphs:
        sys.exit("error: no graphs; expected check_export.py FOLDER... with FOLDER/onnx/model.onnx")
    failed = 0
    for folder, path in graphs:
        tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        names = json.loads((folder / "tokenizer_config.json").read_text())
        complaint = check(path, tokenizer, tokenizer.token_to_id(names["pad_token"]))
        if complaint is not None:
            failed += 1
            print(f"FAIL  {path}: {complaint}")
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: {len(graphs)} graphs, {failed} refused")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
