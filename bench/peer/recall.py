"""Facts taught to an adapter beside a frozen masked language model, in PyTorch: what `npm run bench:recall` compares with.

The frozen model runs again for every batch under no_grad, as one would write it; the rest is PyTorch at its fastest on
a CPU: fused attention, fused AdamW, the head at the hidden words alone, batches padded to their longest text. First
weights, batches and rates are those that the other side was given. Prints one JSON line.
"""

import json
import math
import time

import torch
import torch.nn.functional as F
from torch import nn

import lm
import pretrain
import step
import weights


class MaskedLm(nn.Module):
    """RoBERTa and its language-model head."""

    def __init__(self, o):
        super().__init__()
        self.backbone, self.lm_head = step.Backbone(o), lm.Head(o)

    def logits(self, rows):
        return self.lm_head(rows, self.backbone.words)

    def forward(self, batch):
        """Logits of the hidden words."""
        return self.logits(batch.rows(self.backbone(batch.ids, batch.mask)[-1]))


def load_masked_lm(o):
    model = MaskedLm(o).eval()
    weights.load_backbone(model.backbone, o.backbone)
    tensors = weights.read(f"{o.backbone}/model.safetensors").items()
    head = {name.removeprefix("lm_head."): tensor for name, tensor in tensors if name.startswith("lm_head.")}
    weights.load(model.lm_head, head)
    return model


class Batch:
    """Texts padded to the longest, and their hidden words: `places` in the flattened texts, and what stood there."""

    def __init__(self, o, texts):
        width = max(len(text["ids"]) for text in texts)
        self.ids = torch.full((len(texts), width), o.padding)
        self.mask = torch.full((len(texts), 1, 1, width), -10000.0)
        for i, text in enumerate(texts):
            count = len(text["ids"])
            self.ids[i, :count] = torch.tensor(text["ids"])
            self.mask[i, :, :, :count] = 0
        self.places = torch.tensor([i * width + at for i, text in enumerate(texts) for at in text["positions"]])
        self.labels = torch.tensor([label for text in texts for label in text["labels"]])
        counts = torch.tensor([len(text["positions"]) for text in texts])
        each = lambda key: torch.tensor([text.get(key, True) for text in texts]).repeat_interleave(counts)
        self.gates = each("open").float()[:, None]
        taught = each("taught")
        self.taught, self.kept = taught.nonzero()[:, 0], (~taught).nonzero()[:, 0]

    def rows(self, states):
        return states.flatten(0, 1)[self.places]


class Taught(nn.Module):
    """An adapter and what of it is added to the last hidden state, W o."""

    def __init__(self, o):
        super().__init__()
        self.adapter, self.join = step.Adapter(o), nn.Linear(o.hidden, o.hidden, bias=False)

    def forward(self, states, batch):
        return self.join(batch.rows(self.adapter(states, batch.mask))) * batch.gates


def loss_of(o, model, taught, batch):
    """Cross-entropy of the taught words, their logits lowered by the margin, and keep * KL(frozen || now) of the others."""
    with torch.no_grad():
        states = model.backbone(batch.ids, batch.mask)
        last = batch.rows(states[-1])
        before = model.logits(last[batch.kept]).log_softmax(-1)
    now = model.logits(last + taught(states, batch))
    loss = now.new_zeros(())
    if len(batch.taught) > 0:
        labels = batch.labels[batch.taught]
        lowered = now[batch.taught].scatter_add(1, labels[:, None], now.new_full((len(labels), 1), -o.margin))
        loss = loss + F.cross_entropy(lowered, labels)
    if len(batch.kept) > 0:
        divergence = F.kl_div(now[batch.kept].log_softmax(-1), before, reduction="sum", log_target=True)
        loss = loss + o.keep * divergence / len(batch.kept)
    return loss


def main():
    o = step.options()
    pretrain.read_shape(o)
    torch.set_num_threads(o.threads)
    with open(o.data, encoding="utf-8") as file:
        taskData = json.load(file)
    vars(o).update(taskData["shape"], dropout=0.0, modern=True)
    model, taught = load_masked_lm(o).requires_grad_(False), Taught(o)
    weights.load(taught, weights.read(o.start))
    parameters = list(taught.parameters())
    join = [one for name, one in taught.named_parameters() if name.startswith("join")]
    adapter = [one for name, one in taught.named_parameters() if not name.startswith("join")]
    groups = [{"params": adapter, "scale": 1.0}, {"params": join, "scale": o.join_scale}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0, fused=True)
    texts = taskData["texts"]
    seconds, losses = [], []
    batches = [Batch(o, [texts[i] for i in batch]) for batch in taskData["batches"]]
    began, used = time.perf_counter(), time.process_time()
    for i, (batch, rate) in enumerate(zip(batches, taskData["rates"])):
        # The released form has epsilon beside the uncorrected root of the second moment.
        for group in optimizer.param_groups:
            group.update(lr=rate * group["scale"], eps=1e-8 / math.sqrt(1 - 0.999 ** (i + 1)))
        start = time.perf_counter()
        losses.append(step.learn(loss_of(o, model, taught, batch), parameters, optimizer))
        seconds.append(time.perf_counter() - start)
    busy = (time.process_time() - used) / (time.perf_counter() - began)
    print(json.dumps({"torch": torch.__version__, "seconds": seconds, "losses": losses, "busy": busy}))


if __name__ == "__main__":
    main()
