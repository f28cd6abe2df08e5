"""The same facts without an adapter, in PyTorch: the controls of `npm run bench:recall -- --controls`.

Full fine-tuning and LoRA of the whole masked language model (its output matrix is its word embeddings), cross-entropy at
the objects' words alone, AdamW, clipping at norm 1. A course is one or more lessons, learnt in turn by the same
weights; after each, all of the course's questions are asked. LoRA is that of pretrain.py: PEFT's layer computes the
same. Prints one JSON line.
"""

import json
import time

import torch
import torch.nn.functional as F

import pretrain
import recall
import step


@torch.no_grad()
def ask(o, model, texts):
    """The likeliest word for each hidden one, and the log-probability of what stood there, in the texts' order."""
    best, probability = [], []
    for start in range(0, len(texts), 64):
        batch = recall.Batch(o, texts[start : start + 64])
        logits = model(batch).log_softmax(-1)
        best += logits.argmax(-1).tolist()
        # Of neighbours nobody knows what is right.
        labels = batch.labels.clamp(min=0)
        probability += logits.gather(1, labels[:, None])[:, 0].tolist()
    return {"best": best, "logProbability": probability}


def learning(model, method):
    """What learns: everything, or low-rank updates of the model's linear layers of some names."""
    if method["layers"] is None:
        return list(model.parameters())
    model.requires_grad_(False)
    return pretrain.low_rank(model.backbone, method["layers"])


def study(o, method, course):
    torch.manual_seed(o.seed)
    model = recall.load_masked_lm(o)
    parameters = learning(model, method)
    answers, seconds, losses = [], 0.0, []
    for lesson in course["lessons"]:
        texts = lesson["texts"]
        optimizer = torch.optim.AdamW(parameters, weight_decay=0.0, fused=True)
        batches = [recall.Batch(o, [texts[i] for i in batch]) for batch in lesson["batches"]]
        start = time.perf_counter()
        for batch, factor in zip(batches, lesson["factors"]):
            optimizer.param_groups[0]["lr"] = method["rate"] * factor
            losses.append(step.learn(F.cross_entropy(model(batch), batch.labels), parameters, optimizer))
        seconds += time.perf_counter() - start
        answers.append(ask(o, model, course["questions"]))
    count = sum(parameter.numel() for parameter in parameters)
    return {"parameters": count, "seconds": seconds, "losses": losses, "answers": answers}


def main():
    o = step.options()
    pretrain.read_shape(o)
    o.modern = True
    torch.set_num_threads(o.threads)
    with open(o.data, encoding="utf-8") as file:
        taskData = json.load(file)
    model, courses = recall.load_masked_lm(o), taskData["courses"]
    before = {name: ask(o, model, course["questions"]) for name, course in courses.items()}
    methods = [
        {name: study(o, method, course) for name, course in courses.items()} for method in taskData["methods"]
    ]  # fmt: skip
    print(json.dumps({"torch": torch.__version__, "before": before, "methods": methods}))


main()
