import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { demoExamples } from "../demo/examples.js";
import { openBackbone } from "../features/backbone-handle.js";
import { hashFile } from "../weights/hash.js";
import { writeRandomBackbone } from "./random-backbone.js";

const root = mkdtempSync(join(tmpdir(), "kadapter-backbone-"));
afterAll(() => rmSync(root, { recursive: true }));

const texts = demoExamples("train", { perRelation: { train: 5 } }).map(({ text }) => text);
const sizes = { layers: 2, hiddenSize: 32, vocabSize: 400 };
const files = ["config.json", "model.safetensors", "vocab.json", "merges.txt"];
const hashes = (folder: string) => Promise.all(files.map((name) => hashFile(join(folder, name))));

describe("writeRandomBackbone", () => {
  it("writes a folder that opens as any other model", async () => {
    const made = await writeRandomBackbone(join(root, "a"), texts, { ...sizes, seed: 1 });
    const { config, tokenizer } = await openBackbone(made.folder);
    expect(config).toMatchObject({ modelType: "roberta", layers: 2, hiddenSize: 32, vocabSize: made.vocabSize });
    expect(tokenizer.kind).toBe("byte-level-bpe");
    expect(tokenizer.vocabSize).toBe(made.vocabSize);
    const text = texts[0] ?? "";
    expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
  });

  it("follows from texts and seed alone", async () => {
    const write = (name: string, seed: number) => writeRandomBackbone(join(root, name), texts, { ...sizes, seed });
    await write("b", 1);
    await write("c", 2);
    expect(await hashes(join(root, "b"))).toEqual(await hashes(join(root, "a")));
    expect(await hashFile(join(root, "c", "model.safetensors"))).not.toBe(
      await hashFile(join(root, "a", "model.safetensors")),
    );
  });
});
