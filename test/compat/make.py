"""Writes the folders of this directory with Hugging Face transformers, the peer whose answers stand beside them.

    python -m pip install torch "transformers<5" sentencepiece protobuf    # and once more with transformers 5
    python test/compat/make.py models tokenizers

Everything follows from fixed seeds. What is written goes to models/transformers-N and tokenizers/transformers-N, N the
peer's major version. Each folder is loaded again with the peer's Auto classes before it answers: what they make of
the folder is the answer, not what was meant.
"""

import hashlib
import io
import json
import random
import re
import shutil
import sys
import unicodedata
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
    auto = transformers.AutoModelForCausalLM if kind in ("gpt2", "xlnet") else transformers.AutoModelForMaskedLM
    return auto


def make_model(name, kind, settings, copy):
    folder = ROOT / "models" / f"transformers-{MAJOR}" / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(sum(name.encode()))
    config = transformers.AutoConfig.for_model(kind, **settings)
    model = model_class(kind).from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
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
    rows = [[[float(f"{x:.6g}") for x in token] for token in row] for row in logits.tolist()]
    expected = {"transformers": transformers.__version__, "input_ids": BATCH, "attention_mask": MASK, "logits": rows}
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")



# ---- Tokenizers -----------------------------------------------------------------------------------------------------

WORDS = (
    "the of and to in is was for on that with Paris London capital city born river Wien café naïve Élan ÜBER straße "
    "Ünïted don't it's we'll 1984 3.14 A.B. e-mail snake_case 東京 北京市 한국 déjà-vu ﬁne Ǆ İstanbul ΣΑΣ ﻿mark soft­hyphen "
    "zero​width 😀 👩‍👩‍👧 ½ ² <s> </s> [MASK] <mask> [SEP] <unk> [UNK] new_tok NewTok <ent> </ent> Ent1 xNew_tokx lstrip_tok rstrip_tok "
    "word_tok aword_tokb @@ ## ▁ Ġ \t \u00a0 \u3000 \u0085 \u2028 \r \u0007 \ufffd"
).split(" ")
JOINTS = [" ", " ", " ", " ", "  ", "", "\t", " , ", ".", "\u00a0", "\n"]


def random_lines(count, seed):
    draw = random.Random(seed)
    lines = ["", " ", "the capital of Café", " the  capital ", "[MASK] is a city", "Paris is<mask>, new_tok."]
    while len(lines) < count:
        line = ""
        for _ in range(draw.randint(1, 9)):
            line += draw.choice(WORDS) + draw.choice(JOINTS)
        lines.append(line)
    return lines


def plain_lines(count, seed):
    """Words of Latin letters with single spaces between."""
    draw = random.Random(seed)
    plain = [word for word in WORDS if re.fullmatch(r"[!-;=-~À-ÿ]+", word)] + ["Zürich,", "(ABC)", "x+y=z"]
    return [" ".join(draw.choice(plain) for _ in range(draw.randint(1, 9))) for _ in range(count)]


LINES = random_lines(260, 28) + plain_lines(90, 29)
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def wordpieces():
    """A vocabulary in lower and upper case, with and without accents, so that every setting changes ids."""
    characters = sorted({c for word in WORDS for form in (word, word.lower(), unicodedata.normalize("NFD", word.lower()))
                         for c in form if not c.isspace()})
    words = sorted({part for word in WORDS for form in (word, word.lower()) for part in re.findall(r"\w+", form)})
    words = [word for word in words if len(word) > 1][:40]
    return BERT_SPECIALS + characters + ["##" + c for c in characters] + words


def write(folder, name, content):
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
    (folder / name).write_text(text, encoding="utf-8", newline="")


def token(content, **flags):
    return {"content": content, "lstrip": False, "rstrip": False, "single_word": False, "normalized": True,
            "special": False, **flags}


ADDED = ["new_tok", "NewTok", "<ent>", "</ent>", "lstrip_tok", "rstrip_tok", "word_tok"]


def added_decoder(first):
    flags = {"NewTok": {"normalized": False}, "<ent>": {"special": True, "normalized": False},
             "lstrip_tok": {"lstrip": True}, "rstrip_tok": {"rstrip": True}, "word_tok": {"single_word": True}}
    return {str(first + i): token(name, **flags.get(name, {})) for i, name in enumerate(ADDED)}


def bert_json(lowercase, strip_accents, chinese, added=()):
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    made = Tokenizer(models.WordPiece({t: i for i, t in enumerate(wordpieces())}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(True, chinese, strip_accents, lowercase)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(BERT_SPECIALS)
    for one in added:
        made.add_tokens([AddedToken(one)])
    return json.loads(made.to_str())


def byte_bpe(specials):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=specials, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    made.train_from_iterator([" ".join(WORDS[:40])] * 3, trainer)
    model = json.loads(made.to_str())["model"]
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    return model["vocab"], merges


ROBERTA_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def bpe_json(vocab, merges, add_prefix_space, specials, mask_lstrip=True):
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    made = Tokenizer(models.BPE(vocab, [tuple(m.split(" ")) for m in merges]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, add_prefix_space)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(t, lstrip=mask_lstrip and t == "<mask>", normalized=False) for t in specials])
    return json.loads(made.to_str())


def pieces(folder, name):
    import sentencepiece
    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(WORDS[i % 30:i % 30 + 9]) for i in range(300)]), model_writer=model,
        vocab_size=110, model_type="unigram", normalization_rule_name="identity", character_coverage=1.0,
        hard_vocab_limit=False, minloglevel=2, num_threads=1, **PIECES[name],
    )
    (folder / name).write_bytes(model.getvalue())


PIECES = {
    "spiece.model": dict(control_symbols=["<cls>", "<sep>", "<pad>", "<mask>", "<eod>"], user_defined_symbols=["<eop>"],
                         unk_id=0, bos_id=1, eos_id=2),
    "sentencepiece.bpe.model": dict(unk_id=0, bos_id=1, eos_id=2),
}


def bert_folder(config=None, files=None):
    def make(folder):
        write(folder, "vocab.txt", "\n".join(wordpieces()) + "\n")
        if config is not None:
            write(folder, "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", **config})
        for name, content in (files or {}).items():
            write(folder, name, content() if callable(content) else content)
    return "bert", make


def json_folder(kind, content, config=None, files=None):
    def make(folder):
        write(folder, "tokenizer.json", content())
        if config is not None:
            write(folder, "tokenizer_config.json", config)
        for name, extra in (files or {}).items():
            write(folder, name, extra() if callable(extra) else extra)
    return kind, make


def bpe_folder(kind, specials, config=None, files=None):
    def make(folder):
        vocab, merges = byte_bpe(specials)
        write(folder, "vocab.json", vocab)
        write(folder, "merges.txt", "#version: 0.2\n" + "\n".join(merges) + "\n")
        if config is not None:
            write(folder, "tokenizer_config.json", config)
        for name, extra in (files or {}).items():
            write(folder, name, extra(vocab) if callable(extra) else extra)
    return kind, make


def piece_folder(kind, model, config=None, files=None):
    def make(folder):
        pieces(folder, model)
        if config is not None:
            write(folder, "tokenizer_config.json", config)
        for name, extra in (files or {}).items():
            write(folder, name, extra)
    return kind, make


N = len(wordpieces())
ROBERTA = lambda prefix: lambda: bpe_json(*byte_bpe(ROBERTA_SPECIALS), prefix, ROBERTA_SPECIALS)
GPT2_SPECIALS = ["<|endoftext|>"]
BERT_CLASS = {"tokenizer_class": "BertTokenizer"}

TOKENIZERS = {
    # vocab.txt
    "bert-plain": bert_folder(),
    "bert-cased": bert_folder({"do_lower_case": False}),
    "bert-cased-no-accents": bert_folder({"do_lower_case": False, "strip_accents": True}),
    "bert-accents": bert_folder({"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False}),
    "bert-added-json": bert_folder({}, {"added_tokens.json": {t: N + i for i, t in enumerate(ADDED)}}),
    "bert-added-decoder": bert_folder({"do_lower_case": False, "added_tokens_decoder": added_decoder(N)}),
    "bert-added-both": bert_folder({"added_tokens_decoder": added_decoder(N)},
                                   {"added_tokens.json": {"@@": N + 3, "new_tok": N + 9}}),
    "bert-additional": bert_folder({"additional_special_tokens": ["<ent>", "</ent>"]}),
    "bert-special-map": bert_folder({}, {"special_tokens_map.json": {
        "mask_token": token("<mask>", lstrip=True, normalized=False), "additional_special_tokens": ["<ent>", "Ent1"]}}),
    # tokenizer.json, and settings beside it
    "bert-json": json_folder("bert", lambda: bert_json(True, None, True), BERT_CLASS),
    "bert-json-cased": json_folder("bert", lambda: bert_json(False, None, True), BERT_CLASS),
    "bert-json-cased-alone": json_folder("bert", lambda: bert_json(False, None, True)),
    "bert-json-cased-generic": json_folder("bert", lambda: bert_json(False, True, False),
                                           {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True}),
    "bert-json-settings": json_folder("bert", lambda: bert_json(True, None, True), {
        **BERT_CLASS, "do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False}),
    "bert-json-added": json_folder("bert", lambda: bert_json(True, None, True, ["new_tok"]), {
        **BERT_CLASS, "do_lower_case": True, "added_tokens_decoder": added_decoder(N)}),
    "bert-json-added-json": json_folder("bert", lambda: bert_json(True, None, True), BERT_CLASS,
                                        {"added_tokens.json": {"new_tok": N, "<ent>": N + 1}}),
    "bert-json-special-map": json_folder("bert", lambda: bert_json(True, None, True), BERT_CLASS, {
        "special_tokens_map.json": {"mask_token": "<mask>", "additional_special_tokens": ["<ent>"]}}),
    "roberta-json-prefix": json_folder("roberta", ROBERTA(True), {"tokenizer_class": "RobertaTokenizer"}),
    "roberta-json-no-prefix": json_folder("roberta", ROBERTA(False), {
        "tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}),
    "roberta-json-alone": json_folder("roberta", ROBERTA(True)),
    "roberta-json-generic": json_folder("roberta", ROBERTA(True), {"tokenizer_class": "PreTrainedTokenizerFast"}),
    "roberta-json-added": json_folder("roberta", ROBERTA(False), {
        "tokenizer_class": "RobertaTokenizer", "add_prefix_space": False, "added_tokens_decoder": {
            **added_decoder(330), "4": token("<mask>", normalized=False, special=True)}, "mask_token": "<mask>"}),
    # vocab.json and merges.txt
    "roberta-plain": bpe_folder("roberta", ROBERTA_SPECIALS),
    "roberta-prefix": bpe_folder("roberta", ROBERTA_SPECIALS, {
        "tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}),
    "roberta-added-json": bpe_folder("roberta", ROBERTA_SPECIALS, {"tokenizer_class": "RobertaTokenizer"}, {
        "added_tokens.json": lambda vocab: {t: len(vocab) + i for i, t in enumerate(ADDED)}}),
    "roberta-mask-no-lstrip": bpe_folder("roberta", ROBERTA_SPECIALS, {
        "tokenizer_class": "RobertaTokenizer", "mask_token": {"__type": "AddedToken", **token("<mask>", normalized=False)}}),
    "roberta-map-mask": bpe_folder("roberta", ROBERTA_SPECIALS, None, {
        "special_tokens_map.json": {"mask_token": token("<mask>", lstrip=False, normalized=False)}}),
    "gpt2-plain": bpe_folder("gpt2", GPT2_SPECIALS),
    "gpt2-prefix-added": bpe_folder("gpt2", GPT2_SPECIALS, {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True}, {
        "added_tokens.json": lambda vocab: {"<ent>": len(vocab), "new_tok": len(vocab) + 1}}),
    "gpt2-pad": bpe_folder("gpt2", GPT2_SPECIALS, {"tokenizer_class": "GPT2Tokenizer", "pad_token": "<pad>"}),
    # SentencePiece
    "xlnet-plain": piece_folder("xlnet", "spiece.model"),
    "xlnet-settings": piece_folder("xlnet", "spiece.model", {
        "tokenizer_class": "XLNetTokenizer", "do_lower_case": True, "keep_accents": True}),
    "xlm-roberta-plain": piece_folder("xlm-roberta", "sentencepiece.bpe.model"),
    "xlm-roberta-added": piece_folder("xlm-roberta", "sentencepiece.bpe.model", {"tokenizer_class": "XLMRobertaTokenizer"}, {
        "special_tokens_map.json": {"additional_special_tokens": ["<ent>"]}}),
}


def make_tokenizer(name, kind, make):
    folder = ROOT / "tokenizers" / name
    if MAJOR == 4:
        shutil.rmtree(folder, ignore_errors=True)
        make(folder)
        write(folder, "config.json", {"model_type": kind})
    try:
        peer = transformers.AutoTokenizer.from_pretrained(folder)
        ids = [peer(line, add_special_tokens=False)["input_ids"] for line in LINES]
        around = peer("x")["input_ids"]
    except Exception as error:  # what the peer cannot load has no right answer
        print(f"{name}: {type(error).__name__}: {str(error)[:150]}")
        return
    digests = [hashlib.sha256(",".join(map(str, line)).encode()).hexdigest()[:8] for line in ids]
    if kind in ("xlnet", "xlm-roberta"):
        # Of other white space, and of spaces before added tokens in XLNet, both versions of the peer make something else
        # than SentencePiece itself, which is followed.
        plain = re.compile(r"[!-~À-ÿ]+( [!-~À-ÿ]+)*" if kind == "xlm-roberta" else r"[!-;=-~À-ÿ]+( [!-;=-~À-ÿ]+)*")
        digests = [digest if plain.fullmatch(line) else "-" * 8 for digest, line in zip(digests, LINES)]
    expected = {"transformers": transformers.__version__, "class": type(peer).__name__, "tokens": len(peer),
                "first": ids[:10] if "-" * 8 not in digests else [], "digests": "".join(digests), "around": around}
    # The two versions differ in roberta-plain, -prefix and -added-json, where 5 forgets that <mask> takes the space before
    # it, as it did while RoBERTa was trained; and where nothing names add_prefix_space, which 5 leaves as the file has it.
    if MAJOR == 4 or name == "roberta-json-generic":
        write(folder, "expected.json", expected)
    elif json.loads((folder / "expected.json").read_text())["digests"] != expected["digests"]:
        print(f"{name}: transformers {transformers.__version__} has other ids")


def make_tokenizers():
    write(ROOT / "tokenizers", "lines.json", LINES)
    for name, (kind, make) in TOKENIZERS.items():
        make_tokenizer(name, kind, make)


def main(parts):
    if "models" in parts:
        for name, (kind, settings, copy) in MODELS.items():
            # Of a newer peer only what it writes or reads in another way.
            if MAJOR == 4 or name in NEWER:
                make_model(name, kind, settings, copy)
    if "tokenizers" in parts:
        make_tokenizers()


if __name__ == "__main__":
    main(sys.argv[1:] or ["models", "tokenizers"])
