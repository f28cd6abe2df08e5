import { join } from "node:path";
import { type Backbone, type BackboneDefinition, backboneDefinition, backboneInputs } from "../backbones/index.js";
import type { Tensors } from "../engine/executor.js";
import { backward, GraphBuilder, toOnnx, type Value } from "../graph/index.js";
import type { Pass } from "../nn/index.js";
import { localExecutor } from "../runtime/local.js";
import { crossEntropy, nextTokenLabels } from "../tasks/losses.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../tensor.js";
import { openSafetensors } from "../weights/safetensors.js";
import { shapesOf, strictLoad } from "../weights/strict-load.js";
import { type Fixture, readJson } from "./fixture.js";

/** int64 ids as int32, as this project's graphs take them. */
export function asInt32(tensor: HostTensor | undefined, name: string): HostTensor<"int32"> {
  if (!tensor) throw new Error(`the fixture has no input ${name}`);
  return int32Tensor(tensor.shape, Int32Array.from(tensor.data as ArrayLike<number | bigint>, Number));
}

/** Repeats a `[batch, sequence]` mask for every element of a tensor of shape `[batch, sequence, …]`. */
function spreadMask(mask: HostTensor<"int32">, length: number): Uint8Array {
  const inner = length / mask.data.length;
  return Uint8Array.from({ length }, (_, i) => mask.data[Math.floor(i / inner)] as number);
}

/** A model with its golden weights. */
interface Subject {
  readonly definition: BackboneDefinition;
  readonly backbone: Backbone;
  /** Keys of the weight file. */
  readonly keys: readonly string[];
  readonly weights: Tensors;
}

/**
 * Hidden states, logits, loss and every gradient of a model with its language-model head; the inference graph as well.
 * A folder may hold several batches: `inputs-NAME.safetensors` beside `expected-NAME.safetensors`.
 */
export async function compareBackbone(fixture: Fixture): Promise<void> {
  const subject = await readSubject(fixture);
  const executor = await localExecutor({ device: "cpu" });
  for (const file of fixture.files.filter((name) => name.startsWith("expected"))) {
    const inputs = await fixture.read(file.replace("expected", "inputs"));
    const expected = await fixture.read(file);
    const feeds = { ...Object.fromEntries(inputs), ...subject.weights, ...feedsOf(subject, inputs) };
    for (const fused of [false, true]) {
      const { model, outputs } = buildGraph(subject, expected, fused);
      const graph = await executor.load({ model });
      const results = await graph.run({ ...feeds }, outputs);
      compareResults(fixture, file, subject, expected, results, feeds.attention_mask, fused);
    }
  }
  await executor.close();
}

async function readSubject(fixture: Fixture): Promise<Subject> {
  const path = join(fixture.folder, "config.json");
  const config = await readJson(path);
  const definition = backboneDefinition(config, path);
  const backbone = definition.build(definition.parseConfig(config, path));
  const keys = [...(await fixture.read("model.safetensors")).keys()];
  const parameters = [...backbone.parameters, ...backbone.headParameters, ...(backbone.targets?.parameters ?? [])];
  const source = await openSafetensors(join(fixture.folder, "model.safetensors"));
  const loader = strictLoad(shapesOf(parameters), source, {
    canonicalKey: (key) => definition.canonicalKey(key, true, backbone.config.tiedWords),
  });
  const weights: Record<string, HostTensor> = {};
  for (const { name, shape } of parameters) weights[name] = float32Tensor(shape, await loader.read(name));
  await source.close();
  return { definition, backbone, keys, weights };
}

function feedsOf({ definition, backbone }: Subject, inputs: ReadonlyMap<string, HostTensor>) {
  const ids = asInt32(inputs.get("input_ids"), "input_ids");
  const mask = asInt32(inputs.get("attention_mask"), "attention_mask");
  const types = inputs.get("token_type_ids");
  const labels = asInt32(inputs.get("labels"), "labels");
  return {
    input_ids: ids,
    attention_mask: mask,
    position_ids: definition.positionIds(ids, mask, backbone.config),
    token_type_ids: types ? asInt32(types, "token_type_ids") : int32Tensor(ids.shape, new Int32Array(ids.data.length)),
    labels: backbone.config.causal ? nextTokenLabels(labels) : labels,
  };
}

function compareResults(
  fixture: Fixture,
  file: string,
  { definition, keys }: Subject,
  expected: ReadonlyMap<string, HostTensor>,
  results: Tensors,
  mask: HostTensor<"int32">,
  fused: boolean,
): void {
  for (const [name, tensor] of Object.entries(results)) {
    const key = expectedName(name, keys, definition.canonicalKey);
    const data = tensor.data as Float32Array;
    const perToken = name.startsWith("hidden_states.") || name === "logits";
    const before = fixture.rows.length;
    fixture.compare(file, key, expected.get(key), data, perToken ? spreadMask(mask, data.length) : undefined);
    const row = fixture.rows[before];
    // The fused inference kernels must meet the same tolerances.
    if (row && fused) fixture.rows[before] = { ...row, tensor: `${row.tensor} (fused inference)` };
  }
}

/** The graph of what a file of golden tensors holds; the fused one has no gradients. */
function buildGraph({ backbone }: Subject, expected: ReadonlyMap<string, HostTensor>, fused: boolean) {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused };
  const inputs = backboneInputs(g);
  const { hiddenStates, last } = backbone.forward(pass, inputs);
  const logits = backbone.lmLogits(pass, last);
  const loss = crossEntropy(g, logits, g.input("labels", "int32", ["batch", "sequence"]));
  const outputs: Record<string, Value> = { logits, loss };
  hiddenStates.forEach((state, i) => {
    outputs[`hidden_states.${i}`] = state;
  });
  if (backbone.targets && expected.has("perm.logits")) {
    const hidden = g.input("perm_mask", "float32", ["batch", "sequence", "sequence"]);
    const mapping = g.input("target_mapping", "float32", ["batch", "targets", "sequence"]);
    const predicted = backbone.targets.forward(pass, inputs, hidden, mapping);
    outputs["perm.logits"] = backbone.lmLogits(pass, predicted);
  }
  if (!fused && [...expected.keys()].some((name) => name.startsWith("grad."))) {
    for (const [parameter, grad] of backward(g, loss, [...backbone.parameters, ...backbone.headParameters])) {
      outputs[`grad.${parameter.name}`] = grad;
    }
  }
  return { model: toOnnx(g.build(outputs)), outputs: Object.keys(outputs) };
}

/** Gradients go under the weight file's own keys. */
function expectedName(
  output: string,
  keys: readonly string[],
  canonicalKey: (key: string, withHead: boolean) => string | null,
): string {
  if (!output.startsWith("grad.")) return output;
  const name = output.slice("grad.".length);
  const key = keys.find((candidate) => canonicalKey(candidate, true) === name);
  return `grad.${key ?? name}`;
}
