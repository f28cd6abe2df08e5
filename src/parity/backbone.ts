import { join } from "node:path";
import { backboneDefinition, backboneInputs } from "../backbones/index.js";
import { backward, GraphBuilder, toOnnx, type Value } from "../graph/index.js";
import type { Pass } from "../nn/index.js";
import { localExecutor } from "../runtime/index.js";
import { crossEntropy } from "../tasks/index.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../tensor.js";
import type { Tensors } from "../training/executor.js";
import { openSafetensors, strictLoad } from "../weights/index.js";
import { type Fixture, readJson } from "./fixture.js";

/** int64 ids as int32, as this project's graphs take them. */
export function asInt32(tensor: HostTensor | undefined, name: string): HostTensor<"int32"> {
  if (!tensor) throw new Error(`the fixture has no input ${name}`);
  return int32Tensor(tensor.shape, Int32Array.from(tensor.data as ArrayLike<number | bigint>, Number));
}

/** Repeats a `[batch, sequence]` mask for every element of a tensor of shape `[batch, sequence, …]`. */
export function spreadMask(mask: HostTensor<"int32">, length: number): Uint8Array {
  const inner = length / mask.data.length;
  return Uint8Array.from({ length }, (_, i) => mask.data[Math.floor(i / inner)] as number);
}

/** Hidden states, logits, loss and every gradient of a model with its masked-LM head; the inference graph as well. */
export async function compareBackbone(fixture: Fixture): Promise<void> {
  const config = await readJson(join(fixture.folder, "config.json"));
  const definition = backboneDefinition(config, join(fixture.folder, "config.json"));
  const backbone = definition.build(definition.parseConfig(config, "config.json"));
  const weights = await fixture.read("model.safetensors");
  const inputs = await fixture.read("inputs.safetensors");
  const expected = await fixture.read("expected.safetensors");

  const source = await openSafetensors(join(fixture.folder, "model.safetensors"));
  const parameters = [...backbone.parameters, ...backbone.headParameters];
  const loader = strictLoad(new Map(parameters.map(({ name, shape }) => [name, shape])), source, {
    canonicalKey: (key) => definition.canonicalKey(key, true),
  });
  const ids = asInt32(inputs.get("input_ids"), "input_ids");
  const mask = asInt32(inputs.get("attention_mask"), "attention_mask");
  const types = inputs.get("token_type_ids");
  const feeds: Tensors = {
    input_ids: ids,
    attention_mask: mask,
    position_ids: definition.positionIds(ids, mask, backbone.config),
    token_type_ids: types ? asInt32(types, "token_type_ids") : int32Tensor(ids.shape, new Int32Array(ids.data.length)),
    labels: asInt32(inputs.get("labels"), "labels"),
  };
  for (const { name, shape } of parameters) {
    (feeds as Record<string, HostTensor>)[name] = float32Tensor(shape, await loader.read(name));
  }
  await source.close();

  const training = buildGraph(backbone, false);
  const inference = buildGraph(backbone, true);
  const executor = await localExecutor({ device: "cpu" });
  for (const { model, outputs, label } of [training, inference]) {
    const graph = await executor.load({ model });
    const results = await graph.run({ ...feeds }, outputs);
    for (const [name, tensor] of Object.entries(results)) {
      const key = expectedName(name, weights, definition.canonicalKey);
      const data = tensor.data as Float32Array;
      const perToken = name.startsWith("hidden_states.") || name === "logits";
      if (label === "inference")
        compareAgain(fixture, key, expected.get(key), data, perToken ? spreadMask(mask, data.length) : undefined);
      else
        fixture.compare(
          "expected.safetensors",
          key,
          expected.get(key),
          data,
          perToken ? spreadMask(mask, data.length) : undefined,
        );
    }
  }
  await executor.close();
}

/** The fused inference kernels must meet the same tolerances. */
function compareAgain(
  fixture: Fixture,
  key: string,
  expected: HostTensor | undefined,
  data: Float32Array,
  mask?: Uint8Array,
): void {
  const before = fixture.rows.length;
  fixture.compare("expected.safetensors", key, expected, data, mask);
  const row = fixture.rows[before];
  if (row) fixture.rows[before] = { ...row, tensor: `${row.tensor} (fused inference)` };
}

function buildGraph(backbone: ReturnType<ReturnType<typeof backboneDefinition>["build"]>, fused: boolean) {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused };
  const { hiddenStates, last } = backbone.forward(pass, backboneInputs(g));
  const logits = backbone.maskedLmLogits(pass, last);
  const loss = crossEntropy(g, logits, g.input("labels", "int32", ["batch", "sequence"]));
  const outputs: Record<string, Value> = { logits, loss };
  hiddenStates.forEach((state, i) => {
    outputs[`hidden_states.${i}`] = state;
  });
  if (!fused) {
    for (const [parameter, grad] of backward(g, loss, [...backbone.parameters, ...backbone.headParameters])) {
      outputs[`grad.${parameter.name}`] = grad;
    }
  }
  const label = fused ? "inference" : "training";
  return { model: toOnnx(g.build(outputs)), outputs: Object.keys(outputs), label };
}

/** Gradients go under the weight file's own keys. */
function expectedName(
  output: string,
  weights: ReadonlyMap<string, HostTensor>,
  canonicalKey: (key: string, withHead: boolean) => string | null,
): string {
  if (!output.startsWith("grad.")) return output;
  const name = output.slice("grad.".length);
  const key = [...weights.keys()].find((candidate) => canonicalKey(candidate, true) === name);
  return `grad.${key ?? name}`;
}
