"""Folders of one model's weights as people have them: in other files, other precisions and under other names."""

import json
import shutil
from collections import OrderedDict

import torch
import transformers
from safetensors.torch import save_file

from make_models import BATCH, MAJOR, MASK, ROOT, model_class, randomise, shortened, write_expected

ENCODER = dict(
    vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24,
    max_position_embeddings=16, layer_norm_eps=1e-5, hidden_act="gelu", pad_token_id=0,
)
GPT2 = dict(vocab_size=40, n_embd=16, n_layer=1, n_head=2, n_inner=24, n_positions=16, eos_token_id=3, bos_token_id=2)
XLNET = dict(vocab_size=40, d_model=16, n_layer=1, n_head=2, d_inner=24, pad_token_id=0)
DISTILBERT = dict(vocab_size=40, dim=16, n_layers=1, n_heads=2, hidden_dim=24, max_position_embeddings=16)


def safetensors(folder, state):
    save_file({name: tensor.contiguous().clone() for name, tensor in state.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})


def binary(folder, state):
    torch.save(OrderedDict(state), folder / "pytorch_model.bin")


def legacy(folder, state):
    torch.save(OrderedDict(state), folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)


def shards(folder, state, stem, suffix, write, named=()):
    """Two files and their index; `named` are tensors that the index has and no file."""
    names = list(state)
    half = len(names) // 2
    parts = {f"{stem}-{i + 1:05d}-of-00002.{suffix}": part for i, part in enumerate((names[:half], names[half:]))}
    for file, part in parts.items():
        write({name: state[name].contiguous().clone() for name in part}, folder / file)
    weight_map = {name: file for file, part in parts.items() for name in part}
    weight_map |= {name: list(parts)[1] for name in named}
    index = {"metadata": {"total_size": sum(t.numel() * t.element_size() for t in state.values())}, "weight_map": weight_map}
    (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps(index, indent=2) + "\n")


def sharded(folder, state):
    shards(folder, state, "model", "safetensors", lambda part, path: save_file(part, path, metadata={"format": "pt"}))


def sharded_binary(folder, state):
    shards(folder, state, "pytorch_model", "bin", torch.save)


def sharded_tied(folder, state):
    """As versions before 4.30 wrote them: the index names the copies of tied tensors, which no shard has."""
    shards(folder, state, "pytorch_model", "bin", torch.save, ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"])


def lightning(folder, state):
    """A checkpoint of Lightning 2 for a module whose model is `self.model`, with what it keeps of the training."""
    moments = {i: {"step": torch.tensor(20.0), "exp_avg": torch.zeros(4), "exp_avg_sq": torch.zeros(4)} for i in range(2)}
    torch.save({
        "epoch": 1, "global_step": 20, "pytorch-lightning_version": "2.4.0",
        "state_dict": OrderedDict((f"model.{name}", tensor) for name, tensor in state.items()),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 2, "completed": 1}, "current": {"ready": 2}}}},
        "callbacks": {"ModelCheckpoint{'monitor': None, 'mode': 'min'}": {"best_model_score": None, "best_model_path": "epoch=1-step=20.ckpt"}},
        "optimizer_states": [{"state": moments, "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0, 1]}]}],
        "lr_schedulers": [], "hparams_name": "kwargs", "hyper_parameters": {"lr": 1e-3, "name": "tiny"},
    }, folder / "epoch=1-step=20.ckpt")


def renamed(write, change):
    return lambda folder, state: write(folder, {change(name): tensor for name, tensor in state.items()})


def gamma_beta(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def with_extras(write, extras, without=()):
    """`extras` are made of the state; names of `without` are left out."""
    return lambda folder, state: write(folder, {n: t for n, t in {**state, **extras(state)}.items() if n not in without})


def pre_training(state):
    """What BERT's published files hold beside the language model: buffers, the pooler, the other head, copies."""
    return {
        "bert.embeddings.position_ids": torch.arange(16)[None],
        "bert.pooler.dense.weight": torch.randn(16, 16), "bert.pooler.dense.bias": torch.randn(16),
        "cls.seq_relationship.weight": torch.randn(2, 16), "cls.seq_relationship.bias": torch.randn(2),
        "cls.predictions.decoder.weight": state["bert.embeddings.word_embeddings.weight"],
        "cls.predictions.decoder.bias": state["cls.predictions.bias"],
    }


def roberta_extras(state):
    return {
        "roberta.embeddings.position_ids": torch.arange(16)[None], "roberta.pooler.dense.weight": torch.randn(16, 16),
        "roberta.pooler.dense.bias": torch.randn(16), "lm_head.decoder.bias": state["lm_head.bias"],
        "lm_head.decoder.weight": state["roberta.embeddings.word_embeddings.weight"],
    }


def gpt2_extras(state):
    """The masks that versions before 4.31 saved, which are no weights."""
    return {"transformer.h.0.attn.bias": torch.ones(16, 16).tril()[None, None], "transformer.h.0.attn.masked_bias": torch.tensor(-1e4)}


def decoder_bias(state):
    return {"cls.predictions.decoder.bias": state["cls.predictions.bias"]}


def sentence_transformers(folder, state):
    """As SentenceTransformer.save writes a model with mean pooling: an encoder without a head over words."""
    safetensors(folder, {name.removeprefix("bert."): tensor for name, tensor in state.items() if name.startswith("bert.")})
    write = lambda name, content: (folder / name).write_text(json.dumps(content, indent=2) + "\n")
    of = lambda name: f"sentence_transformers.models.{name}"
    write("modules.json", [{"idx": 0, "name": "0", "path": "", "type": of("Transformer")},
                           {"idx": 1, "name": "1", "path": "1_Pooling", "type": of("Pooling")},
                           {"idx": 2, "name": "2", "path": "2_Normalize", "type": of("Normalize")}])
    write("sentence_bert_config.json", {"max_seq_length": 16, "do_lower_case": False})
    write("config_sentence_transformers.json", {"__version__": {"sentence_transformers": "3.0.0"}, "prompts": {}})
    (folder / "1_Pooling").mkdir()
    write("1_Pooling/config.json", {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(chr(c) for c in range(ord("a"), ord("z") + 1)), "the", "##s"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    write("tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True})


def classifier(folder, state):
    """Fine-tuned for classes: an encoder with another head, and none over words."""
    binary(folder, {**{n: t for n, t in state.items() if n.startswith("bert.")},
                    "classifier.weight": torch.randn(3, 16), "classifier.bias": torch.randn(3)})


# Name of the folder: model_type, settings, precision of what is stored, how it is written, whether it has a head over words.
LAYOUTS = {
    "bert-bf16": ("bert", ENCODER, torch.bfloat16, safetensors, True),
    "bert-f16": ("bert", ENCODER, torch.float16, safetensors, True),
    "bert-f64": ("bert", ENCODER, torch.float64, safetensors, True),
    "bert-bin-bf16": ("bert", ENCODER, torch.bfloat16, binary, True),
    "bert-bin-f16": ("bert", ENCODER, torch.float16, binary, True),
    "bert-bin-f64": ("bert", ENCODER, torch.float64, binary, True),
    "gpt2-bin-bf16": ("gpt2", GPT2, torch.bfloat16, with_extras(binary, gpt2_extras), True),
    "xlnet-f16": ("xlnet", XLNET, torch.float16, safetensors, True),
    "bert-legacy-bin": ("bert", ENCODER, torch.float32, legacy, True),
    "bert-legacy-bin-f16": ("bert", ENCODER, torch.float16, legacy, True),
    "bert-sharded": ("bert", ENCODER, torch.float32, sharded, True),
    "bert-sharded-bin": ("bert", ENCODER, torch.float32, sharded_binary, True),
    "bert-sharded-tied-named": ("bert", ENCODER, torch.float32, sharded_tied, True),
    "bert-sharded-untied": ("bert", {**ENCODER, "tie_word_embeddings": False}, torch.float32, sharded, True),
    "bert-decoder-bias": ("bert", ENCODER, torch.float32, with_extras(safetensors, decoder_bias, ["cls.predictions.bias"]), True),
    "bert-gamma-beta": ("bert", ENCODER, torch.float32, with_extras(renamed(binary, gamma_beta), pre_training), True),
    "bert-data-parallel": ("bert", ENCODER, torch.float32, renamed(binary, lambda name: f"module.{name}"), True),
    "bert-lightning": ("bert", ENCODER, torch.float32, lightning, True),
    "bert-lightning-parallel": ("bert", ENCODER, torch.float32, renamed(lightning, lambda name: f"module.{name}"), True),
    "bert-classifier": ("bert", ENCODER, torch.float32, classifier, False),
    "roberta-pre-trained": ("roberta", ENCODER, torch.float32, with_extras(legacy, roberta_extras), True),
    "distilbert-bin": ("distilbert", DISTILBERT, torch.float32, with_extras(
        binary, lambda state: {"vocab_projector.weight": state["distilbert.embeddings.word_embeddings.weight"]}), True),
    "gpt2-bare": ("gpt2", GPT2, torch.float32, renamed(with_extras(legacy, gpt2_extras), lambda n: n.removeprefix("transformer.")), True),
    "sentence-transformers": ("bert", ENCODER, torch.float32, sentence_transformers, False),
}


def answers(model, head):
    with torch.no_grad():
        out = model(input_ids=torch.tensor(BATCH), attention_mask=torch.tensor(MASK), output_hidden_states=True)
    found = {"hidden_states": [shortened(state.tolist()) for state in out.hidden_states]}
    return {"logits": shortened(out.logits.tolist()), **found} if head else found


def make_layout(name, kind, settings, dtype, write, head):
    folder = ROOT / "models" / f"transformers-{MAJOR}" / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(sum(name.encode()))
    model = model_class(kind).from_config(transformers.AutoConfig.for_model(kind, **settings)).eval()
    randomise(model)
    model.save_pretrained(folder)
    places = {}
    for key, tensor in model.state_dict().items():
        places.setdefault(tensor.data_ptr(), key)  # Of tied tensors the first.
    state = {key: tensor.to(dtype) for key, tensor in model.state_dict().items() if key in places.values()}
    if dtype == torch.float64:
        # Elements that float32 does not have, so that they must be rounded.
        state = {key: tensor + 1e-9 * torch.randn_like(tensor) for key, tensor in state.items()}
    for old in [*folder.glob("*.safetensors"), *folder.glob("generation_config.json")]:
        old.unlink()
    # Computed in float32 of what is stored. The peer reads neither Lightning's files nor DataParallel's names, and a file
    # in another layout must not say anything else.
    model.load_state_dict({key: tensor.float() for key, tensor in state.items()}, strict=False)
    model.tie_weights()
    wanted = answers(model, head)
    write(folder, state)
    write_expected(folder, wanted)
    try:
        auto = model_class(kind) if head else transformers.AutoModel
        again = answers(auto.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation="eager").eval(), head)
        key = "logits" if head else "hidden_states"
        difference = (torch.tensor(again[key]) - torch.tensor(wanted[key])).abs().max().item()
        if difference > 1e-4:
            print(f"{name}: the peer reads something else from it, by {difference:.2g}")
    except Exception as error:
        print(f"{name}: the peer does not read it: {type(error).__name__}: {str(error)[:100]}")


def make_all():
    if MAJOR == 4:
        for name, layout in LAYOUTS.items():
            make_layout(name, *layout)
