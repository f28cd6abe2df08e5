import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../graph/index.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { toFloat32 } from "../weights/float32.js";
import { openWeights } from "../weights/open.js";
import { backboneDefinition, backboneInputs, parameterKeys } from "./index.js";

const root = fileURLToPath(new URL("../../test/compat/models/", import.meta.url));
const folders = readdirSync(root).flatMap((peer) => readdirSync(join(root, peer)).map((name) => join(peer, name)));

/** What the peer said, written by test/compat/make.py. */
interface Expected {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  readonly logits: readonly (readonly (readonly number[])[])[];
}

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

/** Logits of a folder's model for the peer's batch, and the file's keys that decided them. */
async function logitsOf(folder: string, { input_ids, attention_mask }: Expected, fused: boolean) {
  const path = join(folder, "config.json");
  const json = await readJson(path);
  const definition = backboneDefinition(json, path);
  const config = definition.parseConfig(json, path);
  const backbone = definition.build(config);
  const g = new GraphBuilder();
  const pass = { g, dropout: null, fused };
  const logits = backbone.lmLogits(pass, backbone.forward(pass, backboneInputs(g)).last);
  const shape = [input_ids.length, input_ids[0]!.length];
  const ids = int32Tensor(shape, Int32Array.from(input_ids.flat()));
  const mask = int32Tensor(shape, Int32Array.from(attention_mask.flat()));
  const feeds: Record<string, HostTensor> = {
    input_ids: ids,
    attention_mask: mask,
    position_ids: definition.positionIds(ids, mask, config),
    token_type_ids: int32Tensor(shape, new Int32Array(ids.data.length)),
  };
  const source = await openWeights(folder);
  const keys = parameterKeys(definition, config, source.keys());
  for (const { name, shape: own } of [...backbone.parameters, ...backbone.headParameters])
    feeds[name] = float32Tensor(own, toFloat32(await source.read(keys.get(name) as string)));
  await source.close();
  return floatsOf(await runGraph(g, { logits }, feeds), "logits");
}

describe.each(folders)("%s", (name) => {
  it.each([true, false])("has the logits of transformers at every token (fused: %s)", async (fused) => {
    const expected = (await readJson(join(root, name, "expected.json"))) as Expected;
    const found = await logitsOf(join(root, name), expected, fused);
    const real = expected.attention_mask.flat();
    const wanted = expected.logits.flat();
    const size = wanted[0]!.length;
    const errors = wanted.flatMap((row, token) =>
      row.map((value, i) => (real[token] === 1 ? Math.abs(value - found[token * size + i]!) : 0)),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-4);
    // Scores that are far from zero: a matrix or setting that was missed would show.
    expect(Math.max(...wanted.flat().map(Math.abs))).toBeGreaterThan(0.5);
  });
});
