import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { openWeights } from "../weights/open.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { openBackbone } from "./backbone-handle.js";

const sentences = fileURLToPath(
  new URL("../../test/compat/models/transformers-4/sentence-transformers", import.meta.url),
);
let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-backbone-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A copy of the folder that sentence-transformers writes, with other weights. */
async function changed(name: string, change: (tensors: Map<string, HostTensor>) => void): Promise<string> {
  const folder = join(root, name);
  await cp(sentences, folder, { recursive: true });
  const source = await openWeights(sentences);
  const tensors = new Map<string, HostTensor>();
  for (const key of source.keys()) tensors.set(key, await source.read(key));
  await source.close();
  change(tensors);
  await writeSafetensors(join(folder, "model.safetensors"), [...tensors]);
  return folder;
}

async function refusal(folder: string): Promise<string> {
  const error: unknown = await openBackbone(folder).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain("\n");
  return (error as UserError).message;
}

describe("openBackbone", () => {
  it("opens what sentence-transformers writes, also where its names are wrapped", async () => {
    const { config, hash } = await openBackbone(sentences);
    expect(config.hiddenSize).toBe(16);
    const wrapped = await changed("wrapped", (tensors) => {
      for (const [key, tensor] of [...tensors]) {
        tensors.delete(key);
        tensors.set(`module.${key}`, tensor);
      }
    });
    expect((await openBackbone(wrapped)).hash).toBe(hash);
  });

  it("says in which folder older versions of it put the model", async () => {
    const folder = join(root, "older");
    await mkdir(folder);
    await cp(sentences, join(folder, "0_Transformer"), { recursive: true });
    await rename(join(folder, "0_Transformer", "modules.json"), join(folder, "modules.json"));
    const modules = [{ idx: 0, name: "0", path: "0_Transformer", type: "sentence_transformers.models.Transformer" }];
    await writeFile(join(folder, "modules.json"), JSON.stringify(modules));
    expect(await refusal(folder)).toMatch(/the model is in the folder "0_Transformer"; name that folder/);
    expect((await openBackbone(join(folder, "0_Transformer"))).config.layers).toBe(1);
  });

  it.each<[string, (tensors: Map<string, HostTensor>) => void, RegExp]>([
    [
      "a wrapper around a part of the weights",
      (tensors) => {
        const key = "embeddings.LayerNorm.bias";
        tensors.set(`module.${key}`, tensors.get(key)!);
        tensors.delete(key);
      },
      /1 missing: "embeddings\.LayerNorm\.bias"; 1 unexpected: "module\.embeddings\.LayerNorm\.bias"/,
    ],
    [
      "an adapter of another library beside the weights",
      (tensors) =>
        tensors.set("encoder.layer.0.output.adapters.x.down.weight", float32Tensor([1], new Float32Array(1))),
      /1 unexpected: "encoder\.layer\.0\.output\.adapters\.x\.down\.weight"/,
    ],
    [
      "weights that were quantised",
      (tensors) => tensors.set("embeddings.LayerNorm.weight", { dtype: "int8", shape: [16], data: new Int8Array(16) }),
      /1 misshaped: "embeddings\.LayerNorm\.weight" is int8, not floating/,
    ],
  ])("refuses %s in one line", async (name, change, expected) => {
    expect(await refusal(await changed(name, change))).toMatch(expected);
  });
});
