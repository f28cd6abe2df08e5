import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkedWeights } from "../features/backbone-handle.js";
import { GraphBuilder, type Value } from "../graph/index.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { toFloat32 } from "../weights/float32.js";
import { openWeights } from "../weights/open.js";
import { backboneDefinition, backboneInputs, parameterKeys } from "./index.js";

const root = fileURLToPath(new URL("../../test/compat/models/", import.meta.url));
const folders = readdirSync(root).flatMap((peer) => readdirSync(join(root, peer)).map((name) => join(peer, name)));

type Rows = readonly (readonly (readonly number[])[])[];

/** What the peer said, written by test/compat/make.py. */
interface Expected {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  /** None where the folder has no head over words. */
  readonly logits?: Rows;
  readonly hidden_states?: readonly Rows[];
}

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

/** Scores (`logits`) and hidden states (`hidden.0` …) of a folder's model for the peer's batch, as far as the peer gave them. */
async function outputsOf(
  folder: string,
  { input_ids, attention_mask, logits, hidden_states }: Expected,
  fused: boolean,
) {
  const path = join(folder, "config.json");
  const json = await readJson(path);
  const definition = backboneDefinition(json, path);
  const config = definition.parseConfig(json, path);
  const source = await openWeights(folder);
  const { backbone, loader } = checkedWeights(definition, config, source);
  const g = new GraphBuilder();
  const pass = { g, dropout: null, fused };
  const states = backbone.forward(pass, backboneInputs(g));
  const outputs: Record<string, Value> = {};
  for (const i of hidden_states?.keys() ?? []) outputs[`hidden.${i}`] = states.hiddenStates[i]!;
  if (logits) outputs["logits"] = backbone.lmLogits(pass, states.last);
  const shape = [input_ids.length, input_ids[0]!.length];
  const ids = int32Tensor(shape, Int32Array.from(input_ids.flat()));
  const mask = int32Tensor(shape, Int32Array.from(attention_mask.flat()));
  const feeds: Record<string, HostTensor> = {
    input_ids: ids,
    attention_mask: mask,
    position_ids: definition.positionIds(ids, mask, config),
    token_type_ids: int32Tensor(shape, new Int32Array(ids.data.length)),
  };
  for (const { name, shape: own } of backbone.parameters) feeds[name] = float32Tensor(own, await loader.read(name));
  const keys = parameterKeys(definition, config, source.keys());
  for (const { name, shape: own } of logits ? backbone.headParameters : [])
    feeds[name] = float32Tensor(own, toFloat32(await source.read(keys.get(name) as string)));
  await source.close();
  const found = await runGraph(g, outputs, feeds);
  return (name: string) => floatsOf(found, name);
}

/** The largest difference at a real token, and the largest score. */
function compared(expected: Rows, found: Float32Array, mask: Expected["attention_mask"]) {
  const real = mask.flat();
  const wanted = expected.flat();
  const size = wanted[0]!.length;
  const errors = wanted.flatMap((row, token) =>
    row.map((value, i) => (real[token] === 1 ? Math.abs(value - found[token * size + i]!) : 0)),
  );
  return { error: Math.max(...errors), largest: Math.max(...wanted.flat().map(Math.abs)) };
}

describe.each(folders)("%s", (name) => {
  it.each([true, false])("computes what transformers does at every token (fused: %s)", async (fused) => {
    const expected = (await readJson(join(root, name, "expected.json"))) as Expected;
    const found = await outputsOf(join(root, name), expected, fused);
    const { logits, hidden_states: states = [], attention_mask: mask } = expected;
    const outputs = [...states.entries()].map(([i, rows]) => [`hidden.${i}`, rows] as const);
    for (const [output, rows] of logits ? [...outputs, ["logits", logits] as const] : outputs) {
      const { error, largest } = compared(rows, found(output), mask);
      expect(error, output).toBeLessThan(1e-4);
      // Far from zero: a matrix or setting that was missed would show.
      expect(largest, output).toBeGreaterThan(0.5);
    }
    expect(logits ?? states).not.toHaveLength(0);
  });
});
