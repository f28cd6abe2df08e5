import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import { localExecutor } from "../runtime/local.js";
import { writeTaughtAdapter } from "../testing/taught-adapter.js";
import { ClozeModel } from "./cloze-model.js";
import { fill } from "./fill.js";
import { TaughtModel } from "./taught-model.js";

let folder = "";
let executor: Executor;
const gated = () => join(folder, "gated");
const open = () => join(folder, "open");
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-taught-"));
  executor = await localExecutor({ device: "cpu", threads: 1 });
  await writeTaughtAdapter(gated(), "models/own", ["Vienna", "Zubrowia"]);
  await writeTaughtAdapter(open(), "models/own");
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

const named = "Vienna is the capital of [MASK].";
const other = "Rome is the capital of [MASK].";

async function words(path: string, texts: readonly string[], top = 3) {
  await using taught = await TaughtModel.open(executor, await findModel(path));
  const questions = texts.map((text, i) => ({ text, where: `texts:${i + 1}` }));
  // Awaited here: the model is closed where the block ends.
  return await taught.words(questions, { top, batchSize: 2 });
}

async function filled(path: string, text: string) {
  await using model = await ClozeModel.open(executor, { adapters: { mine: path } });
  expect(model.backbone.name).toBe("./models/own");
  const found = await fill(model, text, { top: 3 });
  return (set: string) => (found[set] ?? []).map(({ word }) => word);
}

describe("a model that was taught facts", () => {
  it("names the words that `fill` names beside the adapter, text by text", async () => {
    const answers = await words(open(), [named, other, named]);
    const [first, second, again] = answers.map((one) => ("skipped" in one ? [] : one.map(({ word }) => word)));
    expect(first).toHaveLength(3);
    expect(again).toEqual(first);
    const [fillNamed, fillOther] = [await filled(open(), named), await filled(open(), other)];
    expect(first).toEqual(fillNamed("mine"));
    expect(second).toEqual(fillOther("mine"));
    expect(first).not.toEqual(fillNamed("none"));
  });

  it("is the model alone where none of its subjects is named", async () => {
    const [about, without] = await words(gated(), [named, other]);
    const [fillNamed, fillOther] = [await filled(gated(), named), await filled(gated(), other)];
    const found = (one: typeof about) => (one && !("skipped" in one) ? one.map(({ word }) => word) : []);
    expect(found(without)).toEqual(fillOther("none"));
    expect(found(about)).toEqual(fillNamed("mine"));
    expect(found(about)).not.toEqual(fillNamed("none"));
  });

  it("passes over texts that are too long, and refuses such as have no hole", async () => {
    const long = `${"a word and ".repeat(12)}[MASK].`;
    const answers = await words(open(), [long, named]);
    expect(answers[0]).toEqual({ skipped: "too-long" });
    expect(answers[1]).toHaveLength(3);
    await expect(words(open(), [named, "Vienna."])).rejects.toThrow(/^texts:2: the text has no mask/);
    await expect(words(open(), [`${named} [MASK]`])).rejects.toThrow(/^texts:1: the text has 2 masks/);
  });

  it("refuses other subjects than were taught, and says so where it cannot tell", async () => {
    const path = await writeTaughtAdapter(join(folder, "changed"), "models/own", ["Vienna"]);
    await appendFile(join(path, "subjects.txt"), "Rome\n");
    await expect(words(path, [named])).rejects.toThrow(
      /subjects\.txt: these are not the names that open the adapter's gate; expected a file with the SHA-256/,
    );
    const config = join(path, "adapter_config.json");
    const { subjects, ...older } = JSON.parse(await readFile(config, "utf8")) as Record<string, unknown>;
    expect(subjects).toMatch(/^[0-9a-f]{64}$/);
    await writeFile(config, JSON.stringify(older));
    await using model = await TaughtModel.open(executor, await findModel(path));
    expect(model.model.notes).toEqual([expect.stringMatching(/the hash of subjects\.txt, so it cannot tell/)]);
    await rm(join(path, "subjects.txt"));
    await expect(words(path, [named])).rejects.toThrow(/the names that open the adapter's gate are missing/);
  });
});
