"""Folders of tiny models, and what the peer computes with each; see make.py."""

import json
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).parent
MAJOR = int(transformers.__version__.split(".")[0])
BATCH = [[2, 9, 17, 30, 11, 8, 3], [2, 21, 6, 3, 0, 0, 0]]
MASK = [[1] * 7, [1] * 4 + [0] * 3]

ENCODER = dict(
    vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
    max_position_embeddings=16, layer_norm_eps=1e-5, hidden_act="gelu",
)
DISTILBERT = dict(vocab_size=32, dim=8, n_layers=1, n_heads=2, hidden_dim=12, max_position_embeddings=16)
GPT2 = dict(vocab_size=32, n_embd=8, n_layer=1, n_head=2, n_inner=12, n_positions=16, eos_token_id=3, bos_token_id=2)
XLNET = dict(vocab_size=32, d_model=8, n_layer=1, n_head=2, d_inner=12, pad_token_id=0)

# Name of the folder: model_type, settings, and what is done to the file afterwards.
MODELS = {
    "bert-untied": ("bert", {**ENCODER, "tie_word_embeddings": False}, None),
    "roberta-untied": ("roberta", {**ENCODER, "tie_word_embeddings": False, "pad_token_id": 0}, None),
    "distilbert-untied": ("distilbert", {**DISTILBERT, "tie_word_embeddings": False}, None),
    "electra-untied": ("electra", {**ENCODER, "embedding_size": 6, "tie_word_embeddings": False}, None),
    "gpt2-untied": ("gpt2", {**GPT2, "tie_word_embeddings": False}, None),
    "xlnet-untied": ("xlnet", {**XLNET, "tie_word_embeddings": False}, None),
    # A copy that differs from the word embedding: version 4 ties by the configuration, 5 takes the copy.
    "bert-other-copy": ("bert", ENCODER, "cls.predictions.decoder.weight"),
    "gpt2-other-copy": ("gpt2", GPT2, "lm_head.weight"),
    "bert-other-settings": ("bert", {**ENCODER, "layer_norm_eps": 1e-2, "hidden_act": "silu", "num_attention_heads": 4}, None),
    "gpt2-scaled": ("gpt2", {**GPT2, "n_layer": 2, "scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True, "layer_norm_epsilon": 1e-3}, None),
}
NEWER = ["bert-untied", "roberta-untied", "electra-untied"]


def model_class(kind):
    return transformers.AutoModelForCausalLM if kind in ("gpt2", "xlnet") else transformers.AutoModelForMaskedLM


def shortened(values):
    return [shortened(value) for value in values] if isinstance(values, list) else float(f"{values:.6g}")


def write_expected(folder, answers):
    expected = {"transformers": transformers.__version__, "input_ids": BATCH, "attention_mask": MASK, **answers}
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


def randomise(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)


def make_model(name, kind, settings, copy):
    folder = ROOT / "models" / f"transformers-{MAJOR}" / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(sum(name.encode()))
    config = transformers.AutoConfig.for_model(kind, **settings)
    model = model_class(kind).from_config(config).eval()
    randomise(model)
    model.save_pretrained(folder)
    for extra in folder.glob("generation_config.json"):
        extra.unlink()
    if copy is not None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        tensors[copy] = torch.randn(*tensors["transformer.wte.weight" if kind == "gpt2" else "bert.embeddings.word_embeddings.weight"].shape)
        save_file(tensors, path, metadata={"format": "pt"})
    # Its fused attention does not know scale_attn_by_inverse_layer_idx.
    loaded = model_class(kind).from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        logits = loaded(input_ids=torch.tensor(BATCH), attention_mask=torch.tensor(MASK)).logits
    write_expected(folder, {"logits": shortened(logits.tolist())})


def make_all():
    import make_layouts
    for name, (kind, settings, copy) in MODELS.items():
        # Of a newer peer only what it writes or reads in another way.
        if MAJOR == 4 or name in NEWER:
            make_model(name, kind, settings, copy)
    make_layouts.make_all()
