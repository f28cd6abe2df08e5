import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import { localExecutor } from "../runtime/local.js";
import { writeTaughtAdapter } from "../testing/taught-adapter.js";
import { wordIds } from "../text/word-ids.js";
import { clozeOf } from "./answers.js";
import { scoreAnswers } from "./candidates.js";
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

  it("fills several masks of one text together, beside texts with one", async () => {
    const two = "Vienna is the capital of [MASK] [MASK], and [MASK] too.";
    const [first, several] = await words(open(), [named, two]);
    const [alone] = await words(open(), [named]);
    expect(first).toEqual(alone);
    if (!several || "skipped" in several) throw new Error("it was not asked");
    expect(several).toHaveLength(3);
    for (const { word, parts, probability } of several) {
      expect(parts).toHaveLength(2);
      expect(word).toBe(parts?.join(", "));
      expect(probability).toBeGreaterThan(0);
    }
    await using model = await ClozeModel.open(executor, { adapters: { mine: open() } });
    const { mine = [] } = await fill(model, two, { top: 3 });
    expect(mine.map(({ word }) => word)).toEqual(several.map(({ word }) => word));
  });

  it("lets what stands in for a mask open no gate", async () => {
    const text = "He lives in [MASK] [MASK], they say.";
    await using alone = await ClozeModel.open(executor, { backbone: "models/own" });
    const { none = [] } = await fill(alone, text, { top: 8 });
    const names = [...none.flatMap(({ word }) => word.split(" ")), "New"];
    const path = await writeTaughtAdapter(join(folder, "answers"), "models/own", names);
    await using model = await ClozeModel.open(executor, { adapters: { mine: path } });
    const same = async (asked: string, how: { candidates?: string[]; tokens?: number }) => {
      const found = await fill(model, asked, { top: 5, ...how });
      expect(found["mine"]).toEqual(found["none"]);
    };
    await same(text, {});
    await same("He lives in [MASK].", { candidates: ["New York", "Rome"] });
    await same("He lives in [MASK].", { tokens: 2 });
    const { none: before, mine } = await fill(model, `New: ${text}`, { top: 5 });
    expect(mine).not.toEqual(before);
  });

  it("compares answers of several lengths by their pseudo-log-likelihood for each token", async () => {
    await using model = await ClozeModel.open(executor, { backbone: "models/own" });
    const { none: found = [] } = await fill(model, other, { top: 12, tokens: 3 });
    const { tokenizer } = model;
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    const lengths = found.map(({ word }) => wordIds(tokenizer, word).length);
    expect(new Set(lengths).size).toBeGreaterThan(1);
    for (const { word, score, probability } of found) {
      const ids = wordIds(tokenizer, word);
      // Words whose tokens do not come back from their text are left out: the sum would be another answer's.
      const [[row]] = (await scoreAnswers(model, [clozeOf(other, tokenizer)], [ids], 4)) as [[Float64Array]];
      if (tokenizer.decode(ids).trim() !== word) continue;
      expect(score).toBeCloseTo((row[0] as number) / ids.length, 4);
      expect(probability).toBeCloseTo(Math.exp(score), 10);
    }
    const one = await fill(model, other, { top: 3, tokens: 1 });
    expect(one["none"]?.[0]?.score).toBeCloseTo((await fill(model, other, { top: 3 }))["none"]?.[0]?.score ?? 0, 4);
  });

  it("says in one line what cannot be asked", async () => {
    await using model = await ClozeModel.open(executor, { backbone: "models/own" });
    const many = `${"[MASK] ".repeat(33)}.`;
    await expect(fill(model, many, { top: 3 })).rejects.toThrow("the text has 33 masks; expected at most 32");
    const two = "[MASK] is [MASK].";
    await expect(fill(model, two, { top: 3, tokens: 2 })).rejects.toThrow(
      /tokens.*: the text has 2 masks; expected one/,
    );
    await expect(fill(model, two, { top: 3, candidates: ["a"] })).rejects.toThrow(/the text has 2 masks; expected one/);
    await expect(fill(model, two, { top: 101 })).rejects.toThrow(
      /top.*: 101 answers .* too many; expected at most 100/,
    );
    await expect(fill(model, other, { top: 1, tokens: 33 })).rejects.toThrow(/tokens.*: 33 is no length of an answer/);
    await expect(fill(model, `${"word ".repeat(600)}[MASK]`, { top: 1 })).rejects.toThrow(/the text has 6\d\d tokens/);
  });

  it("passes over texts that are too long, and refuses such as have no hole", async () => {
    const long = `${"a word and ".repeat(12)}[MASK].`;
    const answers = await words(open(), [long, named]);
    expect(answers[0]).toEqual({ skipped: "too-long" });
    expect(answers[1]).toHaveLength(3);
    await expect(words(open(), [named, "Vienna."])).rejects.toThrow(/^texts:2: the text has no mask/);
    await expect(words(open(), ["[MASK] ".repeat(33)])).rejects.toThrow(/^texts:1: the text has 33 masks/);
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
