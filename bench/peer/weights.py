"""Weights from safetensors files under Hugging Face's and the released adapters' names, for the modules of step.py."""

import json
import mmap

import torch

TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

# A part of a name there, and what it is called in step.py; the first that fits counts.
NAMES = [
    ("embeddings.word_embeddings.", "words."),
    ("embeddings.position_embeddings.", "positions."),
    ("embeddings.LayerNorm.", "norm."),
    ("encoder.layer.", "layers."),
    (".attention.self.", ".attention."),
    (".attention.output.dense.", ".attention.dense."),
    (".attention.output.LayerNorm.", ".attention.norm."),
    (".intermediate.dense.", ".up."),
    (".output.dense.", ".down."),
    (".output.LayerNorm.", ".norm."),
    ("down_project.", "down."),
    ("up_project.", "up."),
    ("com_dense.", "com."),
    ("out_proj.", "out."),
]


def read(path):
    """All tensors of numbers in a file, as they lie in it."""
    with open(path, "rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, info in json.loads(data[8:start]).items():
        dtype = TYPES.get(info.get("dtype"))
        if dtype is None:
            continue
        begin, end = info["data_offsets"]
        count = (end - begin) // dtype.itemsize
        tensors[name] = torch.frombuffer(data, dtype=dtype, count=count, offset=start + begin).view(info["shape"])
    return tensors


def renamed(name):
    for theirs, ours in NAMES:
        name = name.replace(theirs, ours)
    return name


def load(module, tensors):
    """Fills every parameter of the module; other tensors (poolers, language-model heads) are left out."""
    known = {renamed(name): tensor for name, tensor in tensors.items()}
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(known[name])


def load_backbone(backbone, folder):
    tensors = read(f"{folder}/model.safetensors")
    tensors = {name.removeprefix("roberta.").removeprefix("bert."): tensor for name, tensor in tensors.items()}
    # There is one token type, so its embedding is part of every position's.
    types = tensors.get("embeddings.token_type_embeddings.weight")
    if types is not None:
        positions = "embeddings.position_embeddings.weight"
        tensors[positions] = tensors[positions].float() + types[0].float()
    load(backbone, tensors)
