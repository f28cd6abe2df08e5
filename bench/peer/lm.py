"""A RoBERTa trained from scratch on hidden words, in PyTorch: what `npm run bench:lm` compares with.

PyTorch at its fastest on a CPU: fused attention, fused AdamW, the head at the hidden words alone. First weights and the
masked batches are those that the other side was given. Prints one JSON line.
"""

import json
import time
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

import step
import weights

class Head(nn.Module):
    """RoBERTa's language-model head; its output matrix is the word embeddings."""

    def __init__(self, o):
        super().__init__()
        self.dense, self.layer_norm = nn.Linear(o.hidden, o.hidden), nn.LayerNorm(o.hidden, eps=o.eps)
        self.bias = nn.Parameter(torch.zeros(o.vocabulary))

    def forward(self, rows, words):
        return F.linear(self.layer_norm(F.gelu(self.dense(rows))), words.weight, self.bias)


class LanguageModel(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.backbone = step.Backbone(o)
        self.types = nn.Embedding(1, o.hidden)
        self.lm_head = Head(o)

    def forward(self, ids, picked, labels):
        backbone = self.backbone
        # No text is padded, so positions are counted straight through.
        places = torch.arange(ids.shape[1]) + backbone.padding + 1
        x = backbone.norm(backbone.words(ids) + backbone.positions(places) + self.types.weight)
        for layer in backbone.layers:
            x = layer(x, None)
        return F.cross_entropy(self.lm_head(x.flatten(0, 1)[picked], backbone.words), labels)


def renamed(name):
    if name.startswith("lm_head."):
        return name
    if name.startswith("embeddings.token_type_embeddings."):
        return name.replace("embeddings.token_type_embeddings.", "types.")
    return f"backbone.{weights.renamed(name)}"


def batch_of(rows):
    ids = torch.tensor([row["ids"] for row in rows])
    width = ids.shape[1]
    picked = [i * width + position for i, row in enumerate(rows) for position in row["positions"]]
    return ids, torch.tensor(picked), torch.tensor([target for row in rows for target in row["targets"]])


def main():
    o = step.options()
    torch.set_num_threads(o.threads)
    with open(o.data, encoding="utf-8") as file:
        taskData = json.load(file)
    model = LanguageModel(SimpleNamespace(**taskData["shape"], counted=True, modern=True)).eval()
    tensors = {renamed(name): tensor for name, tensor in weights.read(o.start).items()}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[name])
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, o.rate, weight_decay=0.0, fused=True)
    seconds, losses = [], []
    for batch in map(batch_of, taskData["batches"]):
        start = time.perf_counter()
        losses.append(step.learn(model(*batch), parameters, optimizer))
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"torch": torch.__version__, "seconds": seconds, "losses": losses}))


if __name__ == "__main__":
    main()
