"""What `npm run bench:serve` compares with: a FastAPI server with PyTorch in which every adapter is a model of its own, that
is, has a backbone of its own beside it.

    serve.py SETUP.json

The setup has the backbone's folder, the adapters' and the number of threads. Prints its address when it is ready. A request names
models and has texts whose entities are marked; each answer is the most likely relation and its probability.
"""

import json
import pathlib
import re
import socket
import sys
import types

try:
    import fastapi
    import tokenizers
    import torch
    import uvicorn
    from torch import nn
except ImportError as error:
    sys.exit(f"this Python has no {error.name}")

import step
import weights


class Relations(nn.Module):
    """Backbone, adapter and relation head."""

    def __init__(self, o):
        super().__init__()
        self.backbone, self.head = step.Backbone(o), step.Model(o)

    def forward(self, ids, places):
        mask = torch.zeros(1, 1, 1, ids.shape[1])
        states = self.backbone(ids, mask)
        combined = self.head.com(torch.cat([states[-1], self.head.adapter(states, mask)], dim=-1))
        pair = combined[:, places].flatten(1)
        return self.head.out(self.head.dense(pair)).softmax(-1)[0]


def shape(config, manifest):
    """As step.py names it."""
    adapter = manifest["architecture"]
    return types.SimpleNamespace(
        hidden=config["hidden_size"], layers=config["num_hidden_layers"], heads=config["num_attention_heads"],
        inner=config["intermediate_size"], vocabulary=config["vocab_size"], places=config["max_position_embeddings"],
        eps=config.get("layer_norm_eps", 1e-5), padding=config.get("pad_token_id", 1), counted=True,
        taps=adapter["layers"], adapter=adapter["size"], adapter_layers=adapter["transformerLayers"],
        adapter_heads=adapter["heads"], adapter_inner=adapter["intermediateSize"],
        labels=len(manifest["task"]["labels"]), dropout=0.0, modern=True,
    )  # fmt: skip


def opened(backbone, adapter):
    manifest = json.loads((adapter / "adapter_config.json").read_text())
    model = Relations(shape(json.loads((backbone / "config.json").read_text()), manifest)).eval()
    weights.load_backbone(model.backbone, backbone)
    files = ("adapter_model.safetensors", "head.safetensors")
    weights.load(model.head, {name: tensor for file in files for name, tensor in weights.read(adapter / file).items()})
    return model, manifest["task"]["labels"]


def marked(tokenizer, text):
    """Ids of a text whose signs are tokens of their own, and what stands between them words inside a sentence."""
    ids, places = [tokenizer.token_to_id("<s>")], {}
    for part in re.split(r"\s*([@#])\s*", text):
        if part in ("@", "#"):
            places.setdefault(part, len(ids))
            ids.append(tokenizer.token_to_id(part))
        elif part:
            ids.extend(tokenizer.encode(part).ids)
    return [*ids, tokenizer.token_to_id("</s>")], [places["@"], places["#"]]


def application(setup):
    torch.set_num_threads(setup["threads"])
    backbone = pathlib.Path(setup["backbone"])
    models = [opened(backbone, pathlib.Path(folder)) for folder in setup["adapters"]]
    files = (str(backbone / name) for name in ("vocab.json", "merges.txt"))
    tokenizer = tokenizers.ByteLevelBPETokenizer(*files, add_prefix_space=True)
    app = fastapi.FastAPI()

    @app.post("/predict")
    async def predict(asked: dict = fastapi.Body()):
        # One after the other: two at once would only share the cores.
        answers = []
        for text in asked["texts"]:
            ids, places = marked(tokenizer, text)
            row = torch.tensor([ids])
            with torch.inference_mode():
                scores = [(models[i][0](row, places), models[i][1]) for i in asked["models"]]
            best = [(int(one.argmax()), one, labels) for one, labels in scores]
            answers.append([{"relation": labels[i], "probability": float(one[i])} for i, one, labels in best])
        return {"answers": answers}

    return app


def main():
    app = application(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])


if __name__ == "__main__":
    main()
