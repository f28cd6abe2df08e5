"""Lets ONNX's own checker (pip install onnx) read the files that export-onnx.js wrote: check_onnx.py FOLDER."""

import pathlib
import sys

try:
    import onnx
except ImportError:
    sys.exit(f"error: {sys.executable} has no onnx; pip install onnx, or name a Python that has it in PEER_PYTHON")


def check(path: pathlib.Path) -> str | None:
    """The checker's complaint, if it has one; shapes are inferred strictly."""
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # Whatever it raises, it refuses the file.
        return str(error).strip()
    kinds = {(node.domain, node.op_type) for node in model.graph.node}
    microsoft = sum(domain == "com.microsoft" for domain, _ in kinds)
    print(f"ok    {path.name}: {len(model.graph.node)} nodes, {len(kinds)} operators, {microsoft} of com.microsoft")
    return None


def main() -> None:
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")) if len(sys.argv) == 2 else []
    if not paths:
        sys.exit("error: no .onnx files; expected check_onnx.py FOLDER")
    failed = 0
    for path in paths:
        complaint = check(path)
        if complaint is not None:
            failed += 1
            print(f"FAIL  {path.name}: {complaint}")
    print(f"onnx {onnx.__version__}: {len(paths)} graphs, {failed} refused")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
