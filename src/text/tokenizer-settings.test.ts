import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backboneDefinitions } from "../backbones/index.js";
import { readTokenizerSettings } from "./tokenizer-settings.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-settings-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function familyOf(modelType: string) {
  await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: modelType }));
  return (await readTokenizerSettings(folder)).family;
}

describe("readTokenizerSettings", () => {
  it.each([...backboneDefinitions.keys()])("knows whose tokenizer a model of the kind %s has", async (kind) => {
    expect(await familyOf(kind)).not.toBe("generic");
  });

  it("takes any other kind's for a tokenizer without settings of its own", async () => {
    expect(await familyOf("mamba")).toBe("generic");
  });
});
