"""Lets Triton's own clients ask a running `kadapter serve`, over HTTP and gRPC.

    check_serve.py HOST:PORT HOST:GRPC_PORT MODEL [TOKEN FOLDER]

MODEL is an adapter that was taught facts. With a token a folder below the server's root is loaded and unloaded, too.
Needs tritonclient[http,grpc].
"""

import sys

import numpy as np
import tritonclient.grpc as grpc
import tritonclient.http as http

TEXTS = [b"The capital of France is [MASK].", b"Paris is in [MASK]."]


def texts_of(module, texts, **how):
    tensor = module.InferInput("text", [len(texts)], "BYTES")
    tensor.set_data_from_numpy(np.array(texts, dtype=object), **how)
    return tensor


def answers(client, model, tensor, **how):
    found = client.infer(model, [tensor], **how)
    return [text.decode() if isinstance(text, bytes) else text for text in found.as_numpy("label")]


def configured(module, client, model):
    config = client.get_model_config(model)
    if module is http:
        return config["name"], [one["name"] for one in config["input"]]
    return config.config.name, [one.name for one in config.config.input]


def inferences(module, client, model):
    statistics = client.get_inference_statistics(model)
    if module is http:
        return statistics["model_stats"][0]["inference_count"]
    return statistics.model_stats[0].inference_count


def check(module, client, model):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
    client.get_server_metadata()
    client.get_model_metadata(model)
    assert configured(module, client, model) == (model, ["text"])
    asked = inferences(module, client, model)
    labels = answers(client, model, texts_of(module, TEXTS))
    assert inferences(module, client, model) == asked + len(TEXTS)
    assert len(labels) == len(TEXTS) and all(labels), labels
    assert answers(client, model, texts_of(module, TEXTS), request_id="7") == labels
    alone = [answers(client, model, texts_of(module, [text]))[0] for text in TEXTS]
    assert alone == labels, (alone, labels)
    try:
        client.infer("no-such-model", [texts_of(module, TEXTS)])
    except Exception as error:  # each client has its own
        assert "no-such-model" in str(error), error
    else:
        raise AssertionError("a model that is not there answered")
    return labels


def check_loading(client, token, folder):
    headers = {"authorization": f"Bearer {token}"}
    client.load_model(folder, headers=headers)
    assert client.is_model_ready(folder)
    client.unload_model(folder, headers=headers)


def main():
    http_address, grpc_address, model, *loading = sys.argv[1:]
    clients = [
        (http, http.InferenceServerClient(http_address)),
        (grpc, grpc.InferenceServerClient(grpc_address)),
    ]
    said = [check(module, client, model) for module, client in clients]
    assert said[0] == said[1], said
    binary = answers(clients[0][1], model, texts_of(http, TEXTS, binary_data=False))
    assert binary == said[0], (binary, said[0])
    if loading:
        for _, client in clients:
            check_loading(client, *loading)
    print(f"{model} answers {said[0]} over HTTP and gRPC")


main()
