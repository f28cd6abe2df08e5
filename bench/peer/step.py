"""One training step as K-Adapter's released code takes it, in PyTorch: what `npm run bench:step` compares with.

Written from the formulas (arXiv 2002.01808, section 3, and the released code's choices): the frozen RoBERTa runs again
at every step (eval mode, no gradient), every position goes through every adapter layer, dropout 0.1 in adapter and
head, cross-entropy over relations, clipping at norm 1, AdamW. Prints one JSON line.
"""

import argparse
import json
import math
import resource
import statistics
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError:
    sys.exit("this Python has no torch")


class Attention(nn.Module):
    """softmax(QK^T / sqrt(d) + mask) V, written out as the released code does; `fused` uses PyTorch's own kernel."""

    def __init__(self, size, heads, dropout, eps, fused):
        super().__init__()
        self.heads, self.dropout, self.fused = heads, dropout, fused
        self.query, self.key, self.value, self.dense = (nn.Linear(size, size) for _ in range(4))
        self.norm = nn.LayerNorm(size, eps=eps)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask):
        batch, length, size = x.shape
        q, k, v = (
            linear(x).view(batch, length, self.heads, size // self.heads).transpose(1, 2)
            for linear in (self.query, self.key, self.value)
        )
        if self.fused:
            p = self.dropout if self.training else 0.0
            context = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=p)
        else:
            scores = q @ k.transpose(-1, -2) / math.sqrt(size // self.heads) + mask
            context = self.drop(scores.softmax(-1)) @ v
        context = context.transpose(1, 2).reshape(batch, length, size)
        return self.norm(x + self.drop(self.dense(context)))


class Layer(nn.Module):
    """A post-norm transformer layer."""

    def __init__(self, size, heads, inner, dropout, eps, fused):
        super().__init__()
        self.attention = Attention(size, heads, dropout, eps, fused)
        self.up, self.down = nn.Linear(size, inner), nn.Linear(inner, size)
        self.norm = nn.LayerNorm(size, eps=eps)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask):
        x = self.attention(x, mask)
        return self.norm(x + self.drop(self.down(F.gelu(self.up(x)))))


class Backbone(nn.Module):
    """BERT's and RoBERTa's shape; all its hidden states are returned, the embedding output first."""

    def __init__(self, o):
        super().__init__()
        # RoBERTa counts a sentence's positions from padding + 1, and padding stays at its own; BERT counts from 0.
        self.counted, self.padding = o.counted, o.padding
        self.words = nn.Embedding(o.vocabulary, o.hidden)
        self.positions = nn.Embedding(o.places, o.hidden)
        self.norm = nn.LayerNorm(o.hidden, eps=o.eps)
        self.layers = nn.ModuleList(Layer(o.hidden, o.heads, o.inner, 0.1, o.eps, o.modern) for _ in range(o.layers))

    def forward(self, ids, mask):
        places = torch.arange(ids.shape[1], device=ids.device)
        if self.counted:
            real = (ids != self.padding).long()
            places = real.cumsum(1) * real + self.padding
        states = [self.norm(self.words(ids) + self.positions(places))]
        for layer in self.layers:
            states.append(layer(states[-1], mask))
        return states


class AdapterLayer(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.down, self.up = nn.Linear(o.hidden, o.adapter), nn.Linear(o.adapter, o.hidden)
        self.layers = nn.ModuleList(
            Layer(o.adapter, o.adapter_heads, o.adapter_inner, o.dropout, 1e-5, o.modern)
            for _ in range(o.adapter_layers)
        )

    def forward(self, x, mask):
        y = self.down(x)
        for layer in self.layers:
            y = layer(y, mask)
        return x + self.up(y)


class Adapter(nn.ModuleList):
    """x_k = h[t_k] + o_{k-1}, o_k = x_k + up(transformer(down(x_k))); the last o."""

    def __init__(self, o):
        super().__init__(AdapterLayer(o) for _ in o.taps)
        self.taps = o.taps

    def forward(self, states, mask):
        output = torch.zeros_like(states[0])
        for tap, layer in zip(self.taps, self):
            output = layer(states[tap] + output, mask)
        return output


class Model(nn.Module):
    """Adapter and relation head: f = com([h_L ; o_K]), logits = out(drop(dense([f_subject ; f_object])))."""

    def __init__(self, o):
        super().__init__()
        self.adapter = Adapter(o)
        self.com = nn.Linear(2 * o.hidden, o.hidden)
        self.dense = nn.Linear(2 * o.hidden, o.hidden)
        self.out = nn.Linear(o.hidden, o.labels)
        self.drop = nn.Dropout(o.dropout)

    def forward(self, states, mask, select, labels):
        combined = self.com(torch.cat([states[-1], self.adapter(states, mask)], dim=-1))
        pair = (select @ combined).flatten(1)
        return F.cross_entropy(self.out(self.drop(self.dense(pair))), labels)


class AdamW(torch.optim.Optimizer):
    """The released form: epsilon beside the uncorrected root, one parameter after another."""

    def __init__(self, parameters, rate):
        super().__init__(parameters, {"rate": rate, "betas": (0.9, 0.999), "epsilon": 1e-8})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            first, second = group["betas"]
            for parameter in group["params"]:
                grad, state = parameter.grad, self.state[parameter]
                if not state:
                    state.update(t=0, m=torch.zeros_like(parameter), v=torch.zeros_like(parameter))
                state["t"] += 1
                state["m"].mul_(first).add_(grad, alpha=1 - first)
                state["v"].mul_(second).addcmul_(grad, grad, value=1 - second)
                root = state["v"].sqrt().add_(group["epsilon"])
                size = group["rate"] * math.sqrt(1 - second ** state["t"]) / (1 - first ** state["t"])
                parameter.addcdiv_(state["m"], root, value=-size)


def learn(loss, parameters, optimizer):
    """A training step from its loss on: gradients, clipping at norm 1, update. Returns the loss as a number."""
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def options():
    parser = argparse.ArgumentParser()
    for name, default in {
        "threads": 1, "batch": 16, "length": 64, "repetitions": 5, "seed": 1, "vocabulary": 50265, "hidden": 1024,
        "layers": 24, "heads": 16, "inner": 4096, "adapter": 768, "adapter-heads": 12, "adapter-inner": 3072,
        "adapter-layers": 2, "labels": 40,
    }.items():  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--taps", type=lambda text: [int(tap) for tap in text.split(",")], default=[0, 11, 22])
    parser.add_argument("--dropout", type=float, default=0.1, help="of adapter and head")
    parser.add_argument("--device", default="cpu", help="step.py: cpu or cuda")
    parser.add_argument("--backbone", help="pretrain.py: the model's folder")
    parser.add_argument("--start", help="pretrain.py: first weights of adapter and head, safetensors")
    parser.add_argument("--data", help="pretrain.py: sentences and the batches of every epoch, JSON")
    parser.add_argument("--epochs", type=int, default=1, help="pretrain.py: epochs that are timed")
    parser.add_argument("--rate", type=float, default=5e-5, help="pretrain.py: learning rate")
    parser.add_argument("--lora-batches", type=int, default=0, help="pretrain.py: batches of LoRA that are timed")
    parser.set_defaults(eps=1e-5, places=514, padding=1, counted=True)
    parser.add_argument("--modern", action="store_true", help="PyTorch's fused attention and fused AdamW instead")
    return parser.parse_args()


def moment(device):
    """Seconds now, when all that was given to the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def main():
    o = options()
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    device = torch.device(o.device)
    backbone, model = Backbone(o).eval().to(device), Model(o).train().to(device)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, 1e-6, fused=True) if o.modern else AdamW(parameters, 1e-6)
    ids = torch.randint(4, o.vocabulary - 1, (o.batch, o.length)).to(device)
    mask = torch.zeros(o.batch, 1, 1, o.length, device=device)
    select = F.one_hot(torch.randint(0, o.length, (o.batch, 2)), o.length).float().to(device)
    labels = torch.randint(0, o.labels, (o.batch,)).to(device)
    samples = {"backbone": [], "forward": [], "backward": [], "update": []}
    losses = []
    for _ in range(2 + o.repetitions):
        times = [moment(device)]
        with torch.no_grad():
            states = backbone(ids, mask)
        times.append(moment(device))
        loss = model(states, mask, select, labels)
        times.append(moment(device))
        loss.backward()
        times.append(moment(device))
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        model.zero_grad()
        times.append(moment(device))
        losses.append(loss.item())
        for samples_of, start, end in zip(samples.values(), times, times[1:]):
            samples_of.append(end - start)
    kept = {name: values[2:] for name, values in samples.items()}
    adapter = [sum(parts) for parts in zip(kept["forward"], kept["backward"], kept["update"])]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    print(json.dumps({
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in parameters),
        "seconds": {**{name: statistics.median(values) for name, values in kept.items()},
                    "step": statistics.median(adapter)},
        "loss": {"first": losses[0], "last": losses[-1]},
        "peakMemory": peak,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
