"""Epochs of factual pre-training in PyTorch: what `npm run bench:pretrain` compares with.

`official` is what the released code does: every sentence padded to the same length, the frozen backbone run again for
every batch under no_grad, adapter and head trained, clipping at norm 1, AdamW. `lora` is what one would take today:
rank-8 updates beside the query and value projections of the same backbone (PEFT's defaults), the relation head on its
last states, the gradient through all of the backbone. Every epoch costs the same, so one is timed, after a warm-up
step; LoRA's from a few of its batches. Prints one JSON line.
"""

import json
import math
import time

import torch
import torch.nn.functional as F
from torch import nn

import step


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


class LoraModel(nn.Module):
    def __init__(self, backbone, o):
        super().__init__()
        self.backbone = backbone.requires_grad_(False)
        for layer in backbone.layers:
            layer.attention.query = LowRank(layer.attention.query)
            layer.attention.value = LowRank(layer.attention.value)
        self.dense, self.out = nn.Linear(2 * o.hidden, o.hidden), nn.Linear(o.hidden, o.labels)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids, mask, select, labels):
        pair = (select @ self.backbone(ids, mask)[-1]).flatten(1)
        return F.cross_entropy(self.out(self.drop(self.dense(pair))), labels)


def batches(o):
    """The sentences' real tokens, padded to the fixed length."""
    with open(o.data, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for start in range(0, len(rows), o.batch):
        part = rows[start : start + o.batch]
        ids = torch.full((len(part), o.length), 1)
        mask = torch.full((len(part), 1, 1, o.length), -10000.0)
        select = torch.zeros(len(part), 2, o.length)
        for i, row in enumerate(part):
            count = len(row["ids"])
            ids[i, :count] = torch.tensor(row["ids"])
            mask[i, :, :, :count] = 0
            select[i, 0, row["subject"]] = select[i, 1, row["object"]] = 1
        yield ids, mask, select, torch.tensor([row["label"] for row in part])


def timed(data, run, optimizer, parameters):
    """Seconds of the batches after the first, and the losses of all."""
    losses, seconds = [], 0.0
    for i, batch in enumerate([data[0], *data]):
        start = time.perf_counter()
        loss = run(*batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if i > 0:
            seconds += time.perf_counter() - start
            losses.append(loss.item())
    return seconds, losses


def official(o, data):
    backbone, model = step.Backbone(o).eval(), step.Model(o).train()
    parameters = list(model.parameters())

    def run(ids, mask, select, labels):
        with torch.no_grad():
            states = backbone(ids, mask)
        # The released adapters attend to padding too.
        return model(states, torch.zeros_like(mask), select, labels)

    seconds, losses = timed(data, run, step.AdamW(parameters, o.rate), parameters)
    return {"epoch": seconds, "losses": losses}


def lora(o, data):
    model = LoraModel(step.Backbone(o), o).train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    some = data[: o.lora_batches]
    seconds, losses = timed(some, model, torch.optim.AdamW(parameters, o.rate), parameters)
    share = sum(len(batch[0]) for batch in some) / sum(len(batch[0]) for batch in data)
    return {"epoch": seconds / share, "losses": losses, "batches": len(some)}


def main():
    o = step.options()
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    data = list(batches(o))
    result = {"torch": torch.__version__, "threads": torch.get_num_threads(), "official": official(o, data)}
    if o.lora_batches > 0:
        result["lora"] = lora(o, data)
    print(json.dumps(result))


main()
