"""Writes golden folders of tiny random models of shapes of their own (pip install torch transformers safetensors):
golden_backbones.py FOLDER, then npm run parity -- FOLDER."""

import json
import pathlib
import sys

try:
    import torch
    import transformers
    from safetensors import safe_open
    from safetensors.torch import save_file
except ImportError as error:
    sys.exit(f"error: {sys.executable} has no {error.name}; pip install torch transformers safetensors")

# Name: model class, config class, settings, tokens a sentence, side of the padding.
CASES = {
    "bert-odd": (
        "BertForMaskedLM",
        "BertConfig",
        dict(hidden_size=35, num_attention_heads=7, num_hidden_layers=3, intermediate_size=41, type_vocab_size=4,
             max_position_embeddings=23, hidden_act="gelu_new", layer_norm_eps=1e-6),
        23,
        "right",
    ),
    "bert-left": (
        "BertForMaskedLM",
        "BertConfig",
        dict(hidden_size=16, num_attention_heads=1, num_hidden_layers=5, intermediate_size=16, type_vocab_size=1,
             max_position_embeddings=40, hidden_act="silu", pad_token_id=5),
        13,
        "left",
    ),
    "roberta-odd": (
        "RobertaForMaskedLM",
        "RobertaConfig",
        dict(hidden_size=60, num_attention_heads=5, num_hidden_layers=1, intermediate_size=30, type_vocab_size=1,
             max_position_embeddings=60, pad_token_id=5, layer_norm_eps=1e-5),
        54,
        "right",
    ),
    "roberta-left": (
        "RobertaForMaskedLM",
        "RobertaConfig",
        dict(hidden_size=24, num_attention_heads=2, num_hidden_layers=4, intermediate_size=100, type_vocab_size=3,
             max_position_embeddings=30, pad_token_id=5),
        17,
        "left",
    ),
    "gpt2-plain": ("GPT2LMHeadModel", "GPT2Config", dict(n_embd=36, n_head=3, n_layer=3, n_positions=80), 70, "right"),
    "gpt2-left": ("GPT2LMHeadModel", "GPT2Config", dict(n_embd=32, n_head=2, n_layer=2, n_positions=24), 20, "left"),
    "gpt2-settings": (
        "GPT2LMHeadModel",
        "GPT2Config",
        dict(n_embd=40, n_head=5, n_layer=5, n_positions=33, n_inner=50, activation_function="relu",
             scale_attn_by_inverse_layer_idx=True, layer_norm_epsilon=1e-3),
        33,
        "right",
    ),
    "gpt2-unscaled": (
        "GPT2LMHeadModel",
        "GPT2Config",
        dict(n_embd=24, n_head=1, n_layer=1, n_positions=12, activation_function="gelu", scale_attn_weights=False),
        9,
        "right",
    ),
    "gpt2-deep": (
        "GPT2LMHeadModel",
        "GPT2Config",
        dict(n_embd=56, n_head=7, n_layer=7, n_positions=19, n_inner=13, activation_function="gelu_pytorch_tanh"),
        19,
        "right",
    ),
    "distilbert": (
        "DistilBertForMaskedLM",
        "DistilBertConfig",
        dict(dim=36, n_heads=3, n_layers=2, hidden_dim=50, max_position_embeddings=30),
        25,
        "right",
    ),
    "electra-small": (
        "ElectraForMaskedLM",
        "ElectraConfig",
        dict(embedding_size=20, hidden_size=36, num_attention_heads=3, num_hidden_layers=2, intermediate_size=50,
             max_position_embeddings=30, hidden_act="relu"),
        25,
        "right",
    ),
    "electra-same": (
        "ElectraForMaskedLM",
        "ElectraConfig",
        dict(embedding_size=32, hidden_size=32, num_attention_heads=2, num_hidden_layers=1, intermediate_size=40,
             max_position_embeddings=30),
        12,
        "right",
    ),
    "xlm-roberta": (
        "XLMRobertaForMaskedLM",
        "XLMRobertaConfig",
        dict(hidden_size=36, num_attention_heads=3, num_hidden_layers=2, intermediate_size=50, pad_token_id=5,
             max_position_embeddings=40),
        25,
        "right",
    ),
    "xlnet-long": ("XLNetLMHeadModel", "XLNetConfig", dict(d_model=36, n_head=3, n_layer=2, d_inner=50), 150, "left"),
    "xlnet-right": ("XLNetLMHeadModel", "XLNetConfig", dict(d_model=64, n_head=8, n_layer=3, d_inner=20,
                                                              ff_activation="tanh"), 11, "right"),
    "xlnet-relu": (
        "XLNetLMHeadModel",
        "XLNetConfig",
        dict(d_model=30, n_head=5, n_layer=1, d_inner=33, ff_activation="relu", layer_norm_eps=1e-5),
        7,
        "right",
    ),
}
VOCABULARY = 150


def batch(length: int, side: str, segments: int) -> dict[str, torch.Tensor]:
    """Three sentences of different lengths with labels on some tokens."""
    lengths = [length, length - length // 3, 1 + length // 2]
    ids = torch.randint(10, VOCABULARY, (3, length))
    mask = torch.zeros(3, length, dtype=torch.long)
    for row, real in enumerate(lengths):
        mask[row, length - real :] = 1
        if side == "right":
            mask[row] = mask[row].flip(0)
    labels = torch.where((mask == 1) & (torch.rand(3, length) < 0.5), ids, -100)
    inputs = {"input_ids": torch.where(mask == 1, ids, 5), "attention_mask": mask, "labels": labels}
    return inputs | ({"token_type_ids": torch.randint(0, segments, (3, length))} if segments else {})


def permutation(length: int, targets: int) -> dict[str, torch.Tensor]:
    """Words that are predicted, for XLNet's second stream: no position sees them, and some see less still."""
    mapping = torch.zeros(3, targets, length)
    mask = (torch.rand(3, length, length) < 0.2).float()
    for row in range(3):
        # Each stands in the longest and in the shortest sentence, whatever the side of the padding.
        places = torch.randperm(max(targets, length // 4))[:targets] + length // 2 - length // 8
        for target, place in enumerate(places):
            mapping[row, target, place] = 1
            mask[row, :, place] = 1
    return {"perm_mask": mask, "target_mapping": mapping}


def write(folder: pathlib.Path, name: str) -> None:
    model_class, config_class, settings, length, side = CASES[name]
    torch.manual_seed(len(name))
    config = getattr(transformers, config_class)(vocab_size=VOCABULARY, **settings)
    model = getattr(transformers, model_class)(config).eval()
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    kind = config.model_type
    inputs = batch(length, side, {"xlnet": 3}.get(kind, getattr(config, "type_vocab_size", 0) or 0))
    output = model(**inputs, output_hidden_states=True)
    output.loss.backward()
    expected = {"logits": output.logits, "loss": output.loss}
    expected |= {f"hidden_states.{i}": state for i, state in enumerate(output.hidden_states)}
    if kind == "xlnet":
        permuted = permutation(length, 1 + len(name) % 3)
        inputs |= permuted
        given = {key: inputs[key] for key in ("input_ids", "attention_mask", "token_type_ids")}
        expected["perm.logits"] = model(**given, **permuted).logits
    model.save_pretrained(folder)
    # Under the file's keys: a tied matrix has several names in the model.
    with safe_open(folder / "model.safetensors", "pt") as file:
        gradients = {key: model.get_parameter(key).grad for key in file.keys()}
    expected |= {f"grad.{key}": gradient for key, gradient in gradients.items() if gradient is not None}
    expected = {key: value.detach().contiguous().clone() for key, value in expected.items()}
    save_file(inputs, folder / "inputs.safetensors")
    save_file(expected, folder / "expected.safetensors")
    tolerance = {
        key: {"tolerance": {"atol": max(1e-6, 1e-4 * value.abs().max().item()), "rtol": 1e-4}}
        for key, value in expected.items()
    }
    given = {key: {"tolerance": "exact"} for key in inputs}
    tensors = {"inputs.safetensors": given, "expected.safetensors": tolerance}
    (folder / "meta.json").write_text(json.dumps({"fixture": f"backbones/{kind}", "tensors": tensors}, indent=1))


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("error: expected golden_backbones.py FOLDER")
    for name in CASES:
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, name)
        print(f"{folder}: {name}")


if __name__ == "__main__":
    main()
