"""Writes golden folders of shapes of their own for adapters and downstream models (pip install torch safetensors).

    golden_tasks.py FOLDER [--seed N]   writes them; then npm run parity -- FOLDER
    golden_tasks.py --check FOLDER...   computes the numbers of such folders once more and compares

The formulas are those of fixtures/OFFICIAL.md in plain PyTorch. A folder's numbers are always computed from
what lies in it, so --check on the official folders proves the very functions that write the new ones.
"""

import argparse
import json
import math
import pathlib
import re
import sys
from unittest import mock

try:
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file, save_file
except ImportError as error:
    sys.exit(f"error: {sys.executable} has no {error.name}; pip install torch safetensors")


Tensors = dict[str, torch.Tensor]
Files = dict[str, Tensors | list]
PAIR = ("subj_special_start_id", "obj_special_start_id")


def read(path: pathlib.Path) -> dict:
    return json.loads(path.read_text("utf8"))


def write(path: pathlib.Path, document: dict | list) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf8")


def load(path: pathlib.Path, dtype: torch.dtype) -> Tensors:
    return {name: value.to(dtype) if value.is_floating_point() else value for name, value in load_file(path).items()}


# The 2019 RoBERTa and the adapter, as functions of weights by their names in the files.


class Fresh(dict):
    """Weights that come into being, at random, when a model first asks for them."""

    def of(self, name: str, *shape: int) -> None:
        scale = 0.1 if name.endswith("bias") else 0.4 if "embeddings" in name else shape[-1] ** -0.5
        mean, scale = (1, 0.15) if "LayerNorm.weight" in name else (0, scale)
        self.setdefault(name, mean + scale * torch.randn(shape))


def dense(w: Tensors, name: str, x: torch.Tensor, size: int | None = None) -> torch.Tensor:
    if isinstance(w, Fresh):
        w.of(f"{name}.weight", size, x.shape[-1])
        w.of(f"{name}.bias", size)
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def norm(w: Tensors, name: str, x: torch.Tensor, eps: float) -> torch.Tensor:
    if isinstance(w, Fresh):
        w.of(f"{name}.weight", x.shape[-1])
        w.of(f"{name}.bias", x.shape[-1])
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], eps)


def attend(w, name, x, mask, heads, eps):
    size, parts = x.shape[-1], ("query", "key", "value")
    split = (dense(w, f"{name}.self.{part}", x, size).unflatten(-1, (heads, -1)).transpose(1, 2) for part in parts)
    query, key, value = split
    hidden_keys = (1 - mask[:, None, None].to(x.dtype)) * -10000
    probs = (query @ key.transpose(-1, -2) / math.sqrt(size // heads) + hidden_keys).softmax(-1)
    mixed = dense(w, f"{name}.output.dense", (probs @ value).transpose(1, 2).flatten(2), size)
    return norm(w, f"{name}.output.LayerNorm", mixed + x, eps), probs


def bert_layer(w, name, x, mask, config, eps):
    x, _ = attend(w, f"{name}.attention", x, mask, config["num_attention_heads"], eps)
    inner = F.gelu(dense(w, f"{name}.intermediate.dense", x, config["intermediate_size"]))
    return norm(w, f"{name}.output.LayerNorm", dense(w, f"{name}.output.dense", inner, x.shape[-1]) + x, eps)


def hidden_states(w: Tensors, config: dict, ids: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
    names = [f"embeddings.{part}_embeddings.weight" for part in ("word", "position", "token_type")]
    if isinstance(w, Fresh):
        for name, rows in zip(names, ("vocab_size", "max_position_embeddings", "type_vocab_size"), strict=True):
            w.of(name, config[rows], config["hidden_size"])
    # Positions run on under padding; the look-up's padding row is 0, so <s> has no gradient and <pad> has one.
    x = F.embedding(ids, w[names[0]], padding_idx=0) + w[names[1]][2 : 2 + ids.shape[1]] + w[names[2]][0]
    states = [norm(w, "embeddings.LayerNorm", x, config["layer_norm_eps"])]
    for i in range(config["num_hidden_layers"]):
        states.append(bert_layer(w, f"encoder.layer.{i}", states[-1], mask, config, config["layer_norm_eps"]))
    if isinstance(w, Fresh):
        dense(w, "pooler.dense", states[-1], config["hidden_size"])
    return states


def adapter(w: Tensors, settings: dict, states: list[torch.Tensor]) -> Tensors:
    """Every tensor of the adapter; hidden_last is what follows its last layer."""
    # meta.json explains some keys behind a space: "adapter_transformer_layers (N)".
    settings = {key.split(" ")[0]: value for key, value in settings.items()}
    named, outputs, previous = {}, [], torch.zeros_like(states[0])
    skip, eps = settings.get("adapter_skip_layers", 0), settings.get("layer_norm_eps", 1e-5)
    everywhere = torch.ones(states[0].shape[:2])
    for k, tap in enumerate(settings["adapter_list"]):
        named[f"adapter.{k}.input"] = fused = states[tap] + previous
        named[f"adapter.{k}.down"] = x = dense(w, f"adapter.{k}.down_project", fused, settings["adapter_size"])
        for i in range(settings["adapter_transformer_layers"]):
            x = bert_layer(w, f"adapter.{k}.encoder.layer.{i}", x, everywhere, settings, eps)
            named[f"adapter.{k}.layer.{i}"] = x
        named[f"adapter.{k}.up"] = up = dense(w, f"adapter.{k}.up_project", x, fused.shape[-1])
        named[f"adapter.{k}.output"] = previous = fused + up
        outputs.append(previous)
        if skip >= 1 and (k + 1) % skip == 0:
            previous = previous + outputs[(k + 1) // skip]
    return named | {"hidden_last": previous}


def pick(features: torch.Tensor, batch: Tensors, *places: str) -> torch.Tensor:
    return torch.cat([torch.einsum("bl,blh->bh", batch[place], features) for place in places], 1)


# Training: gradients, clipping, AdamW and its schedules.


def trainable(weights: Tensors) -> Tensors:
    return {name: value.detach().clone().requires_grad_() for name, value in weights.items()}


def gradients(loss: torch.Tensor, weights: Tensors) -> Tensors:
    found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    return {name: grad for name, grad in zip(weights, found, strict=True) if grad is not None}


def clip(grads: Tensors, limit: float | None) -> tuple[torch.Tensor, Tensors]:
    total = torch.stack([grad.norm() for grad in grads.values()] or [torch.zeros(())]).norm()
    factor = limit / (total + 1e-6) if limit else 1
    return total, {name: grad * factor if factor < 1 else grad for name, grad in grads.items()}


def adamw(values, grads, state, rate, eps, decay, betas=(0.9, 0.999), correct_bias=True):
    """Updates what has a gradient. Decay comes after the update: on the new value, at the uncorrected rate."""
    for name, grad in grads.items():
        t, m, v = state.get(name, (0, torch.zeros_like(grad), torch.zeros_like(grad)))
        t, m, v = t + 1, betas[0] * m + (1 - betas[0]) * grad, betas[1] * v + (1 - betas[1]) * grad * grad
        state[name] = t, m, v
        step = rate * math.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t) if correct_bias else rate
        values[name] = values[name].detach() - step * m / (v.sqrt() + eps)
        if "bias" not in name and "LayerNorm.weight" not in name:
            values[name] = values[name] - rate * decay * values[name]


def schedule(name: str, step: int, warmup_steps: int = 0, t_total: int = 0, cycles: float | None = None) -> float:
    if step < warmup_steps:
        return step / max(1, warmup_steps)
    if name in ("ConstantLRSchedule", "WarmupConstantSchedule"):
        return 1.0
    progress = (step - warmup_steps) / max(1, t_total - warmup_steps)
    if name == "WarmupLinearSchedule":
        return max(0.0, (t_total - step) / max(1, t_total - warmup_steps))
    if name == "WarmupCosineSchedule":
        return max(0.0, 0.5 * (1 + math.cos(2 * math.pi * (0.5 if cycles is None else cycles) * progress)))
    wave = ((1 if cycles is None else cycles) * progress) % 1
    return 0.0 if progress >= 1 else max(0.0, 0.5 * (1 + math.cos(math.pi * wave)))


def linear_rate(training: dict, step: int) -> float:
    given = training["warmup_steps"], training["t_total"]
    return training["learning_rate"] * schedule("WarmupLinearSchedule", step, *given)


# Pre-training of an adapter: fac-adapter.py and lin-adapter.py.


def pretraining_pass(meta: dict, config: dict, body: Tensors, w: Tensors, batch: Tensors) -> Tensors:
    states, hidden = hidden_states(body, config, batch["input_ids"], batch["attention_mask"]), config["hidden_size"]
    named = adapter(w, meta["adapter_config"], states)
    com = dense(w, "com_dense", torch.cat([states[-1], named["hidden_last"]], 2), hidden)
    if meta["fixture"].startswith("adapter-linguistic"):
        head, probs = attend(w, "self_attention", com, batch["attention_mask"], 1, 1e-5)
        named |= {"context_layer": head, "attention_probs": probs}
        counted = batch["attention_mask"] == 1
    else:
        head, counted = pick(com, batch, *PAIR), slice(None)
    logits = dense(w, "out_proj", dense(w, "dense", head, hidden), meta.get("classes"))
    named |= {f"hidden_states.{i}": state for i, state in enumerate(states)}
    loss = F.cross_entropy(logits[counted], batch["labels"][counted])
    return named | {"com_features": com, "logits": logits, "loss": loss}


def trajectory(run, weights, batches, training, decay):
    values, state, named = dict(weights), {}, {}
    for update, batch in enumerate(batches, 1):
        free = trainable(values)
        loss = run(free, batch)["loss"]
        total, grads = clip(gradients(loss, free), training["max_grad_norm"])
        rate = linear_rate(training, update)
        adamw(values, grads, state, rate, training["adam_epsilon"], decay, training["betas"])
        step = {"loss": loss, "grad_norm": total, "lr": torch.tensor(rate)}
        step |= {f"param.{name}": value for name, value in values.items()}
        named |= {f"step{update}.{name}": value for name, value in step.items()}
    return named


def pretraining(folder: pathlib.Path, meta: dict, dtype: torch.dtype) -> Files:
    base = folder if (folder / "inputs.safetensors").exists() else folder.parent.parent
    body, config = load(base / "model.safetensors", dtype), read(base / "config.json")
    own = folder / "adapter.safetensors"
    weights = load(own if own.exists() else base / "adapter/model.safetensors", dtype)
    inputs = load(base / "inputs.safetensors", dtype)
    inputs.pop("position_ids")
    batches = [{name: value[i] for name, value in inputs.items()} for i in range(len(inputs["input_ids"]))]

    def run(w, batch):
        return pretraining_pass(meta, config, body, w, batch)

    free = trainable(weights)
    named = run(free, batches[0])
    grads = gradients(named["loss"], free)
    named |= {f"grad.{name}": grad for name, grad in grads.items()} | {"grad_norm": clip(grads, None)[0]}
    files, alone = {"expected.safetensors": named}, {}
    if folder != base:
        return files
    for row, length in enumerate(batches[0]["attention_mask"].sum(1).tolist()):
        rows = {name: value[row : row + 1] for name, value in batches[0].items()}
        results = run(weights, {name: value[:, :length] if value.dim() > 1 else value for name, value in rows.items()})
        alone |= {f"row{row}.{name}": results[name] for name in ("hidden_last", "com_features", "logits", "loss")}
    for file in [name for name in meta["tensors"] if name.startswith("trajectory")]:
        decay = float(re.search(r"wd([\d.]+)\.safetensors", file)[1])
        files[file] = trajectory(run, weights, batches, meta["training"], decay)
    return files | {"expected-unpadded.safetensors": alone}


# The four downstream models.


def fuse(w, last, outputs, mode, cosmosqa):
    size = last.shape[-1]
    if mode == "add":
        # CosmosQA's adapter models add the backbone's state themselves, so it counts once more for each.
        return last + sum(output + last if cosmosqa else output for output in outputs.values())
    if cosmosqa:  # There each adapter has a dense layer of its own, which is frozen.
        outputs = {n: dense(w, f"{n}_adapter.task_dense", torch.cat([last, x], 2), size) for n, x in outputs.items()}
    parts = [dense(w, f"task_dense_{name}", torch.cat([last, x], 2), size) for name, x in outputs.items()]
    return parts[0] if len(parts) == 1 else dense(w, "task_dense", torch.cat(parts, 2), size)


def downstream_pass(shared, meta, adapters, variant, body, w, batch):
    task, spec, config = meta["fixture"].rpartition("/")[2], meta["variants"][variant], read(shared / "config.json")
    ids, mask = batch["input_ids"].flatten(0, -2), batch["attention_mask"].flatten(0, -2)
    states, settings = hidden_states(body, config, ids, mask), read(shared / "meta.json")["adapter_config"]
    outputs = {name: adapter(adapters[name], settings, states)["hidden_last"] for name in spec["adapters"]}
    features = fuse(w, states[-1], outputs, spec["fusion_mode"], task == "cosmosqa" and not variant.startswith("lib-"))
    if task == "cosmosqa":
        logits = dense(w, "classifier", features[:, 0], 1).view(batch["input_ids"].shape[:2])
        return {"task_features": features, "logits": logits, "loss": F.cross_entropy(logits, batch["labels"])}
    picked = pick(features, batch, *(PAIR if task == "tacred" else ("start_id",)))
    logits = dense(w, "out_proj", dense(w, "dense", picked, config["hidden_size"]), meta.get("classes"))
    loss = (F.cross_entropy if task == "tacred" else F.binary_cross_entropy_with_logits)(logits, batch["labels"])
    return {"task_features": features, "head_input": picked, "logits": logits, "loss": loss}


def fine_tuning(run, body, head, batches, training, early):
    """The scripts' loop: gradients of micro-batches add up and are clipped after each; train.json and parameters."""
    every, order = training["gradient_accumulation_steps"], training["order"]
    after = order.index("scheduler.step()") > order.index("optimizer.step()")
    groups, kept = {"backbone": dict(body), "task_model": dict(head)}, {"backbone": {}, "task_model": {}}
    states, rows, updates = {"backbone": {}, "task_model": {}}, [], 0
    for n, batch in enumerate(batches):
        free = {group: trainable(values) for group, values in groups.items()}
        loss = run(free["backbone"], free["task_model"], batch)["loss"]
        owned = {(group, name): value for group, values in free.items() for name, value in values.items()}
        for (group, name), grad in gradients(loss / every, owned).items():
            kept[group][name] = kept[group].get(name, 0) + grad
        row = {"loss": loss.item()}
        for group in groups:
            total, kept[group] = clip(kept[group], training["max_grad_norm"])
            row[f"grad_norm_{group}"] = total.item()
        row["update"] = (n + 1 + early) % every == 0
        if row["update"]:
            updates += 1
            row["lr"] = linear_rate(training, updates - after)
            for group, values in groups.items():
                rest = row["lr"], training["adam_epsilon"], training["weight_decay"]
                adamw(values, kept[group], states[group], *rest)
                kept[group] = {}
        rows.append(row)
    parts = {"backbone": "backbone", "head": "task_model"}
    return rows, {f"{part}.{name}": groups[group][name] for part, group in parts.items() for name in states[group]}


def downstream(folder: pathlib.Path, meta: dict, dtype: torch.dtype) -> Files:
    if meta["fixture"] == "downstream":
        return {}
    body, shared = load(folder.parent / "model.safetensors", dtype), folder.parent
    found = {path.parent.name.removesuffix("-adapter"): path for path in shared.glob("*-adapter/model.safetensors")}
    adapters = {name: load(path, dtype) for name, path in found.items()}
    head = load(folder / "head.safetensors", dtype)
    frozen = {name: value for name, value in head.items() if "_adapter." in name}
    head = {name: value for name, value in head.items() if name not in frozen}

    def run(variant, body, w, batch):
        return downstream_pass(shared, meta, adapters, variant, body, w | frozen, batch)

    named = {}
    for variant in meta["variants"]:
        free_body, free = trainable(body), trainable(head)
        results = run(variant, free_body, free, load(folder / "inputs.safetensors", dtype))
        fusion = "fusion" if variant.startswith("lib-") else "head"
        owned = {f"{fusion if name.startswith('task_dense') else 'head'}.{name}": value for name, value in free.items()}
        owned |= {f"backbone.{name}": value for name, value in free_body.items()}
        results |= {f"grad.{name}": grad for name, grad in gradients(results["loss"], owned).items()}
        named |= {f"{variant}/{name}": value for name, value in results.items()}
    batches, training = {}, meta["training"]
    for name, value in load(folder / "train-inputs.safetensors", dtype).items():
        number, _, key = name.partition(".")
        batches.setdefault(int(number.removeprefix("batch")), {})[key] = value

    def step(*given):
        return run(training["variant"].split(",")[0], *given)

    # CosmosQA counts a micro-batch before it tests, so its first update comes one early.
    early = int(meta["fixture"].endswith("cosmosqa"))
    rows, after = fine_tuning(step, body, head, [batches[i] for i in sorted(batches)], training, early)
    return {"expected.safetensors": named, "train-expected.safetensors": after, "train.json": rows}


KINDS = {"adapter-": pretraining, "downstream": downstream}


def compute(folder: pathlib.Path, meta: dict, dtype: torch.dtype = torch.float32) -> Files:
    """What is expected of a folder, by file: tensors by name, or a document."""
    function = next((function for kind, function in KINDS.items() if meta["fixture"].startswith(kind)), None)
    if function is None:
        sys.exit(f"error: {folder}: no numbers are computed here for fixtures of the kind {meta['fixture']}")
    return function(folder, meta, dtype)


# Checking.


def compare_documents(stored: object, mine: object, path: str = "") -> tuple[float, list[str]]:
    """Largest difference of fractions, relative above 1, and where anything else differs."""
    if isinstance(stored, float) and isinstance(mine, (int, float)):
        off = abs(stored - mine) / max(1, abs(stored))
        return off, [path] * (off > 1e-5)
    if type(stored) is not type(mine) or not isinstance(stored, (dict, list)):
        return 0.0, [path] * (stored != mine and not path.endswith(("/message", "/note")))
    keys = range(max(len(stored), len(mine))) if isinstance(stored, list) else stored
    mine = dict(enumerate(mine)) if isinstance(mine, list) else mine
    stored = dict(enumerate(stored)) if isinstance(stored, list) else stored
    parts = [compare_documents(stored.get(key), mine.get(key), f"{path}/{key}") for key in keys]
    return max((off for off, _ in parts), default=0.0), [where for _, wrong in parts for where in wrong]


def compare_tensors(stored: Tensors, mine: Tensors, described: dict) -> tuple[float, list[str], str]:
    tolerances = {re.sub(r"\{.*\}", "*", name): one["tolerance"] for name, one in described.items()}
    largest, used, wrong = 0.0, 0.0, sorted(stored.keys() - mine.keys())
    for name in stored.keys() - set(wrong):
        allowed = tolerances.get(name) or tolerances[re.sub(r"^step\d+", "step*", name)]
        off = (mine[name].detach() - stored[name]).abs()
        share = (off / (allowed["atol"] + allowed["rtol"] * stored[name].abs())).max().item()
        largest, used, wrong = max(largest, off.max().item()), max(used, share), wrong + [name] * (share > 1)
    return largest, wrong, f", {100 * used:.1f} % of tolerance"


def check(folder: pathlib.Path) -> bool:
    """Prints how far this script is from a folder's numbers; true if all are within tolerance."""
    meta, right = read(folder / "meta.json"), True
    for file, mine in compute(folder, meta).items():
        if (folder / file).exists() and file.endswith(".json"):
            largest, wrong, *note = compare_documents(read(folder / file), mine)
        elif (folder / file).exists():
            stored = load(folder / file, torch.float32)
            largest, wrong, *note = compare_tensors(stored, mine, meta["tensors"][file])
        else:
            continue
        right &= not wrong
        failed = f"; WRONG: {' '.join(wrong[:5])}" if wrong else ""
        print(f"{folder}/{file}: largest difference {largest:.1e}{''.join(note)}{failed}")
    return right


# Writing: weights and inputs, and from them the numbers with their tolerances.


def round_up(x: float) -> float:
    power = 10.0 ** math.floor(math.log10(x))
    return float(f"{next(step for step in (1, 2, 5, 10) if step * power >= x) * power:.0e}")


def tolerance(name: str, single: torch.Tensor, double: torch.Tensor, rate: float | None) -> dict[str, float]:
    """50 times the noise of float32, as in the official folders; rate is that of Adam's steps, for updated values."""
    off, top = (single.detach().double() - double.detach()).abs().flatten(), double.abs().max().item()
    if rate is not None and (".param." in name or name.startswith(("head.", "backbone."))):
        # No output depends on these: their gradient is noise, of which Adam makes whole steps.
        if name.endswith(("key.bias", "classifier.bias")):
            return {"atol": 50 * rate, "rtol": 0}
        most = round_up(max(50 * off.quantile(0.99).item(), 2e-6 * top))
        return {"atol": round_up(max(50 * off.max().item(), 1e-5 * top)), "atol_99_percent": most, "rtol": 0}
    least = 1e-5 if name.endswith(("key.bias", "classifier.bias")) else 1e-7
    return {"atol": round_up(max(50 * off.max().item(), 2e-5 * top, least)), "rtol": 1e-4}


def finish(folder: pathlib.Path, meta: dict) -> None:
    """Computes and writes what is expected, and meta.json."""
    write(folder / "meta.json", meta)
    rate, double = meta.get("training", {}).get("learning_rate"), compute(folder, meta, torch.float64)
    for file, value in compute(folder, meta).items():
        if file.endswith(".json"):
            write(folder / file, value)
            continue
        save_file({name: x.detach().float().contiguous().clone() for name, x in value.items()}, folder / file)
        allowed = {name: tolerance(name, x, double[file][name], rate) for name, x in value.items()}
        meta["tensors"][file] = {name: {"tolerance": one} for name, one in allowed.items()}
    write(folder / "meta.json", meta)
    print(f"{folder}: {meta['fixture']}")


def save_inputs(folder: pathlib.Path, meta: dict, file: str, tensors: Tensors) -> None:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / file)
    kinds = {name: "input" if value.is_floating_point() else "exact" for name, value in tensors.items()}
    meta["tensors"][file] = {name: {"tolerance": kind} for name, kind in kinds.items()}


def save_adapter(folder: pathlib.Path, meta: dict, weights: Tensors, kept: Tensors) -> None:
    """As save_pretrained and, in the old format, torch 1.3 on a GPU wrote it; the safetensors file has what is kept."""
    save_inputs(folder.parent, meta, f"{folder.name}/model.safetensors", kept)
    torch.save(dict(weights), folder / "pytorch_model.bin")
    with mock.patch("torch.serialization.location_tag", lambda _storage: "cuda:0"):
        torch.save(dict(weights), folder / "pytorch_model.legacy.bin", _use_new_zipfile_serialization=False)


def random_batch(task: str, shape: dict, classes: int) -> Tensors:
    """Sentences of the shape's lengths, in turn; marks stand anywhere but in the padding."""
    rows, length = shape["rows"] * (classes if task == "cosmosqa" else 1), shape["length"]
    real = torch.tensor([shape["lengths"][row % len(shape["lengths"])] for row in range(rows)])
    mask = (torch.arange(length) < real[:, None]).long()
    ids = torch.randint(4, shape["config"]["vocab_size"], (rows, length))
    ids[:, 0], ids[torch.arange(rows), real - 1] = 0, 2
    # CosmosQA's padding is <s>.
    batch = {"input_ids": ids.where(mask == 1, 0 if task == "cosmosqa" else 1), "attention_mask": mask}
    marks = {"factual": PAIR, "tacred": PAIR, "openentity": ("start_id",), "figer": ("start_id",)}.get(task, ())
    batch |= {name: F.one_hot(torch.multinomial(mask.float(), 1)[:, 0], length).float() for name in marks}
    if task == "cosmosqa":
        batch = {name: value.view(shape["rows"], classes, length) for name, value in batch.items()}
    if "start_id" in marks:
        return batch | {"labels": (torch.rand(rows, classes) < 0.4).float()}
    if task == "linguistic":
        return batch | {"labels": torch.randint(classes, (rows, length)) * mask}
    return batch | {"labels": torch.randint(classes, (shape["rows"],))}


def sizes(hidden, heads, layers, inner, eps=1e-5, vocabulary=90, positions=40):
    """A backbone's config.json."""
    own = {"hidden_size": hidden, "num_attention_heads": heads, "num_hidden_layers": layers, "intermediate_size": inner}
    own |= {"layer_norm_eps": eps, "vocab_size": vocabulary, "max_position_embeddings": positions, "pad_token_id": 1}
    return own | {"model_type": "roberta", "hidden_act": "gelu", "type_vocab_size": 1}


def official_adapter(size, heads, inner, layers, taps, skip=0):
    own = {"adapter_size": size, "num_attention_heads": heads, "intermediate_size": inner}
    return own | {"adapter_transformer_layers": layers, "adapter_list": taps, "adapter_skip_layers": skip}


def recipe(rate, eps, warmup, total, limit, **more):
    own = {"learning_rate": rate, "adam_epsilon": eps, "warmup_steps": warmup, "t_total": total}
    return own | {"max_grad_norm": limit, "correct_bias": True} | more


# Rows as wide as the batch, half of it, and a batch whose end nobody reaches; taps up to the last state.
ADAPTERS = {
    "odd": {"config": sizes(35, 7, 3, 41, 1e-12), "adapter": official_adapter(18, 3, 50, 3, [0, 1, 2, 3]),
            "lengths": [13, 5, 9], "rows": 3, "length": 13, "classes": 17, "steps": 4, "decays": ["0", "0.1"],
            "training": recipe(1e-3, 1e-6, 0, 4, 0.3, betas=[0.8, 0.98])},
    "padded": {"config": sizes(24, 1, 2, 96, vocabulary=200), "adapter": official_adapter(48, 12, 20, 1, [1]),
               "lengths": [6, 3, 11, 2, 7], "rows": 5, "length": 17, "classes": 29, "steps": 2, "decays": ["0.5"],
               "training": recipe(5e-3, 1e-8, 5, 9, 50.0, betas=[0.9, 0.999])},
    "alone": {"config": sizes(48, 4, 5, 33, positions=60), "adapter": official_adapter(8, 1, 8, 4, [2, 5]),
              "lengths": [31], "rows": 1, "length": 31, "classes": 31, "steps": 7, "decays": ["0", "0.01"],
              "training": recipe(2e-3, 1e-8, 3, 6, 1.0, betas=[0.95, 0.9])},
}  # fmt: skip
AFTER = "backward; clip(backbone); clip(task model); optimizer.step(); scheduler.step()"
BEFORE = "backward; clip(task model); clip(backbone); scheduler.step(); optimizer.step()"


def tuning(rate, eps, warmup, total, limit, decay, order=AFTER, every=1):
    return recipe(rate, eps, warmup, total, limit, weight_decay=decay, order=order, gradient_accumulation_steps=every)


# Each task with its number of labels or choices; "micro" clips what has been added up after every micro-batch.
DOWNSTREAM = {
    "few": {"config": sizes(36, 3, 3, 20, 1e-6), "adapter": official_adapter(15, 5, 44, 1, [1, 3]),
            "lengths": [12, 4, 7, 9], "rows": 4, "length": 12, "steps": 3,
            "tasks": {"tacred": (3, tuning(1e-3, 1e-8, 0, 5, 0.5, 0.1)),
                      "openentity": (2, tuning(3e-3, 1e-6, 3, 4, 2.0, 0.0)),
                      "figer": (30, tuning(1e-3, 1e-8, 0, 3, 1.0, 0.3, BEFORE)),
                      "cosmosqa": (3, tuning(1e-3, 1e-6, 0, 4, None, 0.1, BEFORE))}},
    "skip": {"config": sizes(22, 11, 4, 70, vocabulary=130), "adapter": official_adapter(28, 4, 9, 2, [0, 2, 3, 4], 2),
             "lengths": [3, 8], "rows": 2, "length": 11, "steps": 6,
             "tasks": {"tacred": (50, tuning(2e-3, 1e-6, 1, 8, 1.0, 0.01)),
                       "openentity": (1, tuning(1e-3, 1e-6, 0, 9, 0.1, 0.2)),
                       "figer": (7, tuning(2e-3, 1e-6, 2, 5, 1.0, 0.01, BEFORE)),
                       "cosmosqa": (5, tuning(2e-3, 1e-6, 1, 6, None, 0.05, BEFORE, 3))}},
    "micro": {"config": sizes(16, 2, 2, 32), "adapter": official_adapter(12, 2, 24, 2, [0, 1, 2], 3),
              "lengths": [10, 6], "rows": 2, "length": 10, "steps": 4,
              "tasks": {"tacred": (42, tuning(2e-3, 1e-6, 0, 4, 1.0, 0.01, every=2))}},
}  # fmt: skip


def write_pretraining(folder: pathlib.Path, task: str, shape: dict) -> None:
    config, settings, steps = shape["config"], shape["adapter"], shape["steps"]
    fixture, common = f"adapter-{task}", {"classes": shape["classes"]}
    meta = common | {"fixture": fixture, "adapter_config": settings, "training": shape["training"], "tensors": {}}
    batches = [random_batch(task, shape, shape["classes"]) for _ in range(steps)]
    inputs = {name: torch.stack([batch[name] for batch in batches]) for name in batches[0]}
    inputs["position_ids"] = torch.arange(2, 2 + shape["length"]).repeat(shape["rows"], 1)
    body, weights = Fresh(), Fresh()
    pretraining_pass(meta, config, body, weights, batches[0])
    write(folder / "config.json", config)
    save_inputs(folder, meta, "model.safetensors", body)
    save_adapter(folder / "adapter", meta, weights, weights)
    save_inputs(folder, meta, "inputs.safetensors", inputs)
    meta["tensors"] |= {f"trajectory-wd{decay}.safetensors": {} for decay in shape["decays"]}
    finish(folder, meta)
    taps = settings["adapter_list"]
    variants = {"k1": {"adapter_list": taps[-1:]}, "n1": {"adapter_transformer_layers": 1}}
    variants |= {f"skip{skip}": {"adapter_skip_layers": skip} for skip in range(2, len(taps) + 1)}
    for name, own in variants.items():
        meta = common | {"fixture": f"{fixture}/variants/{name}", "adapter_config": settings | own, "tensors": {}}
        if not name.startswith("skip"):
            weights = Fresh()
            pretraining_pass(meta, config, body, weights, batches[0])
            save_inputs(folder / "variants" / name, meta, "adapter.safetensors", weights)
        finish(folder / "variants" / name, meta)


def write_downstream(folder: pathlib.Path, shape: dict) -> None:
    meta, body, adapters = {"fixture": "downstream", "adapter_config": shape["adapter"], "tensors": {}}, Fresh(), {}
    write(folder / "config.json", shape["config"])
    for name, task in (("fac", "factual"), ("lin", "linguistic")):
        weights, made = Fresh(), meta | {"fixture": f"adapter-{task}", "classes": 19}
        pretraining_pass(made, shape["config"], body, weights, random_batch(task, shape, 19))
        # Loading drops the head of the pre-training.
        adapters[name] = {key: value for key, value in weights.items() if key.startswith("adapter.")}
        save_adapter(folder / f"{name}-adapter", meta, weights, adapters[name])
    save_inputs(folder, meta, "model.safetensors", body)
    finish(folder, meta)
    both, variants = [["fac"], ["lin"], ["fac", "lin"]], {"none": {"fusion_mode": "add", "adapters": []}}
    variants |= {f"add-{'+'.join(names)}": {"fusion_mode": "add", "adapters": names} for names in both}
    variants |= {f"lib-concat-{'+'.join(names)}": {"fusion_mode": "concat", "adapters": names} for names in both}
    variants["concat-fac+lin"] = {"fusion_mode": "concat", "adapters": both[2]}
    for task, (classes, training) in shape["tasks"].items():
        meta = {"fixture": f"downstream/{task}", "variants": variants, "classes": classes, "tensors": {}}
        meta["training"] = training | {"variant": "concat-fac+lin, freeze_bert off, freeze_adapter on, eval mode"}
        batches, head = [random_batch(task, shape, classes) for _ in range(1 + shape["steps"])], Fresh()
        for variant in variants:
            downstream_pass(folder, meta, adapters, variant, body, head, batches[0])
        save_inputs(folder / task, meta, "head.safetensors", head)
        save_inputs(folder / task, meta, "inputs.safetensors", batches[0])
        flat = {f"batch{i}.{name}": value for i, batch in enumerate(batches[1:]) for name, value in batch.items()}
        save_inputs(folder / task, meta, "train-inputs.safetensors", flat)
        finish(folder / task, meta)


def write_all(folder: pathlib.Path, seed: int) -> None:
    for name, shape in ADAPTERS.items():
        for task in ("factual", "linguistic"):
            torch.manual_seed(seed)
            write_pretraining(folder / f"{task}-{name}", task, shape)
    for name, shape in DOWNSTREAM.items():
        torch.manual_seed(seed)
        write_downstream(folder / f"downstream-{name}", shape)


def main(writer, description: str) -> None:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="compute the numbers of folders once more")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights and inputs")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if not given.check:
        return writer(given.folder[0], given.seed)
    found = sorted(path.parent for folder in given.folder for path in folder.rglob("meta.json"))
    sys.exit(0 if all([check(folder) for folder in found]) else 1)


if __name__ == "__main__":
    main(write_all, __doc__)
