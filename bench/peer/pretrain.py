"""Epochs of factual pre-training in PyTorch: what `npm run bench:pretrain`, `bench:small` and `bench:curve` compare with.

`official` is what the released code does: every sentence padded to the same length, the frozen backbone run again for
every batch under no_grad, adapter and head trained, clipping at norm 1, AdamW. `lora` is what one would take today:
rank-8 updates beside the query and value projections of the same backbone (PEFT's defaults), the relation head on its
last states, the gradient through all of the backbone.

Backbone, first weights, sentences and the batches of every epoch are those that the other side was given. Before the
clock runs, one batch goes forward and backward without an update. LoRA's epoch is timed by a few of its batches. Prints
one JSON line.
"""

import json
import math
import time

import torch
import torch.nn.functional as F
from torch import nn

import step
import weights


class LowRank(nn.Module):
    """A frozen linear layer and its low-rank update: W x + (alpha / r) B A x."""

    def __init__(self, linear, rank=8, alpha=8):
        super().__init__()
        self.linear, self.scale = linear, alpha / rank
        self.a = nn.Parameter(torch.empty(rank, linear.in_features))
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, x):
        return self.linear(x) + self.scale * F.linear(F.linear(x, self.a), self.b)


def low_rank(module, names):
    """Freezes a module and puts low-rank updates beside its linear layers of these names; returns what learns."""
    module.requires_grad_(False)
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if name in names and isinstance(child, nn.Linear):
                setattr(parent, name, LowRank(child))
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


class LoraModel(nn.Module):
    def __init__(self, backbone, o):
        super().__init__()
        self.backbone = backbone
        low_rank(backbone, ["query", "value"])
        self.dense, self.out = nn.Linear(2 * o.hidden, o.hidden), nn.Linear(o.hidden, o.labels)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids, mask, select, labels):
        pair = (select @ self.backbone(ids, mask)[-1]).flatten(1)
        return F.cross_entropy(self.out(self.drop(self.dense(pair))), labels)


def read_shape(o):
    """The backbone's sizes from its folder."""
    with open(f"{o.backbone}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    o.vocabulary, o.hidden, o.layers = config["vocab_size"], config["hidden_size"], config["num_hidden_layers"]
    o.heads, o.inner = config["num_attention_heads"], config["intermediate_size"]
    o.eps, o.places, o.padding = config["layer_norm_eps"], config["max_position_embeddings"], config["pad_token_id"]
    o.counted = config["model_type"] == "roberta"


def batch_of(o, rows):
    """Tokens padded to the fixed length."""
    ids = torch.full((len(rows), o.length), o.padding)
    mask = torch.full((len(rows), 1, 1, o.length), -10000.0)
    select = torch.zeros(len(rows), 2, o.length)
    for i, row in enumerate(rows):
        count = len(row["ids"])
        ids[i, :count] = torch.tensor(row["ids"])
        mask[i, :, :, :count] = 0
        select[i, 0, row["subject"]] = select[i, 1, row["object"]] = 1
    return ids, mask, select, torch.tensor([row["label"] for row in rows])


def timed(epochs, run, optimizer, parameters):
    """Seconds of each epoch and the losses of all steps."""
    run(*epochs[0][0]).backward()
    optimizer.zero_grad()
    losses, seconds = [], []
    for batches in epochs:
        start = time.perf_counter()
        for batch in batches:
            losses.append(step.learn(run(*batch), parameters, optimizer))
        seconds.append(time.perf_counter() - start)
    return seconds, losses


def official(o, epochs):
    backbone, model = step.Backbone(o).eval(), step.Model(o).train()
    weights.load_backbone(backbone, o.backbone)
    weights.load(model, weights.read(o.start))
    parameters = list(model.parameters())

    def run(ids, mask, select, labels):
        with torch.no_grad():
            states = backbone(ids, mask)
        # The released adapters attend to padding too.
        return model(states, torch.zeros_like(mask), select, labels)

    seconds, losses = timed(epochs, run, step.AdamW(parameters, o.rate), parameters)
    return {"epochs": seconds, "losses": losses}


def lora(o, epochs):
    backbone = step.Backbone(o)
    weights.load_backbone(backbone, o.backbone)
    model = LoraModel(backbone, o).train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    whole = epochs[0]
    some = whole[: o.lora_batches]
    (seconds,), losses = timed([some], model, torch.optim.AdamW(parameters, o.rate), parameters)
    share = sum(len(batch[0]) for batch in some) / sum(len(batch[0]) for batch in whole)
    return {"epochs": [seconds / share], "losses": losses, "batches": len(some)}


def main():
    o = step.options()
    read_shape(o)
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    with open(o.data, encoding="utf-8") as file:
        taskData = json.load(file)
    rows = taskData["sentences"]
    o.labels = taskData["labels"]
    epochs = [[batch_of(o, [rows[i] for i in batch]) for batch in epoch] for epoch in taskData["epochs"][: o.epochs]]
    result = {"torch": torch.__version__, "threads": torch.get_num_threads(), "official": official(o, epochs)}
    if o.lora_batches > 0:
        result["lora"] = lora(o, epochs)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
