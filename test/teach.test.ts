/** Facts that answer: taught, asked, and nothing else changed. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAdapterManifest, readTaughtWordings } from "../src/adapters/folder.js";
import { openBackbone } from "../src/features/backbone-handle.js";
import { recall } from "../src/library/knowledge.js";
import { load } from "../src/library/model.js";
import { train } from "../src/library/train.js";
import { ClozeModel } from "../src/probing/cloze-model.js";
import { fill } from "../src/probing/fill.js";
import { probeRecall } from "../src/probing/recall.js";
import { localExecutor } from "../src/runtime/local.js";
import { readQuestions } from "../src/tasks/recall/recall-data.js";
import { expectComplaint, json, kadapter, testFolder } from "./support.js";

let folder: string;
let engine: Awaited<ReturnType<typeof localExecutor>>;
let [facts, out] = ["", ""];
const countries = ["Ruritania", "Borduria", "Syldavia", "Zubrowka"];
const cells = {
  capital: ["London", "Paris", "Rome", "Berlin"],
  ruler: ["George", "John", "Peter", "Paul"],
  ally: ["New York", "South Africa", "New Zealand", "United States"],
};

beforeAll(async () => {
  folder = await testFolder();
  engine = await localExecutor({ device: "cpu", threads: 1 });
  [facts, out] = [join(folder, "facts.csv"), join(folder, "taught")];
  const rows = Object.entries(cells).flatMap(([relation, objects]) =>
    countries.map((country, i) => `${country},${relation},${objects[i]}`),
  );
  await writeFile(facts, ["subject,relation,object", ...rows].join("\n"));
  const base = await openBackbone("models/own");
  const how = { out, maxSteps: 90, evalEvery: 1000, saveEvery: 0, cache: "off", batchSize: 32 };
  for await (const _ of train(engine, base, recall({ facts }), how));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

/** A line of `eval --predictions`. */
interface Said {
  readonly relation: string;
  readonly subject: string;
  readonly object: string;
  readonly wording: string;
  readonly heldOut: boolean;
  readonly rank: number;
  readonly probability: number;
}

/** What the adapter says of each question, by `eval`. */
async function saidOf(adapter: string, name: string, data = facts) {
  const file = join(folder, name);
  const scores = await json(["eval", adapter, "--data", data, "--predictions", file]);
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return { scores, said: lines.map((line) => JSON.parse(line) as Said) };
}

const hole = ({ wording, subject }: Said) => wording.replace("[X]", subject).replace("[Y]", "[MASK]");

it("answers invented facts in the wordings that were taught, and is the model itself elsewhere", async () => {
  await using model = await ClozeModel.open(engine, { backbone: "models/own", adapters: { mine: out } });
  const questions = await readQuestions({ facts });
  const { scores, relations, wordings } = await probeRecall(model, questions, 128, { batchSize: 32 });
  expect(scores["none"]?.p1).toBeLessThan(0.1);
  expect(scores["mine"]?.p1).toBeGreaterThan(0.9);
  expect(scores["none"]?.kept).toBe(1);
  // The whole is made of its parts.
  const parts = [Object.values(relations), wordings.map((one) => one.scores)];
  for (const some of parts) {
    const right = some.reduce((sum, { mine }) => sum + (mine?.p1 ?? 0) * (mine?.questions ?? 0), 0);
    expect(right / (scores["mine"]?.questions ?? 0)).toBeCloseTo(scores["mine"]?.p1 ?? 0, 10);
  }
  const { none, mine } = await fill(model, "The capital of France is [MASK].", { top: 100 });
  expect(mine).toEqual(none);
}, 300_000);

it("answers in the library", async () => {
  await using model = await load(engine, out, { as: "recall" });
  expect(model.task).toBe("recall");
  const { said } = await saidOf(out, "library.jsonl");
  const [one, other] = said.filter(({ relation, heldOut, rank }) => relation === "capital" && !heldOut && rank === 1);
  if (!one || !other) throw new Error("nothing was learnt");
  const text = hole(one);
  const words = await model.fill(text);
  expect(words).toHaveLength(5);
  expect(words[0]).toEqual({ word: one.object, probability: expect.any(Number) as number });
  expect(await model.predict({ text }, { top: 5 })).toEqual({ ...words[0], words });
  const [first, second] = await model.predictAll([{ text }, { text: hole(other) }]);
  expect([first?.word, second?.word]).toEqual([one.object, other.object]);
  await expect(model.fill("Nothing.")).rejects.toThrow("question: the text has no mask");
  await expect(load(engine, out, { as: "relations" })).rejects.toThrow(/it was trained for recall/);
});

it("is evaluated, asked, verified and told of on the command line, by folder and by id", async () => {
  const repository = join(folder, "hub", "models--org--taught");
  const commit = "0123456789abcdef0123456789abcdef01234567";
  await mkdir(join(repository, "refs"), { recursive: true });
  await writeFile(join(repository, "refs", "main"), commit);
  await cp(out, join(repository, "snapshots", commit), { recursive: true });
  process.env["HF_HUB_CACHE"] = join(folder, "hub");
  const { metrics } = await readAdapterManifest(out);
  const texts = join(folder, "texts.txt");
  for (const [i, adapter] of [out, "org/taught"].entries()) {
    const { scores, said } = await saidOf(adapter, `${i}.jsonl`);
    expect(scores).toMatchObject({ adapter, data: facts, skipped: 0 });
    // What `teach` said at its end, of the same facts.
    for (const name of ["p1", "mrr", "taughtP1", "taughtMrr"]) {
      expect(scores[name], name).toBeCloseTo(Number(metrics[name]), 4);
    }
    const heldOut = said.filter((one) => one.heldOut);
    expect(heldOut.filter(({ rank }) => rank === 1).length / heldOut.length).toBeCloseTo(Number(scores["p1"]));
    expect(scores["heldOut"]).toMatchObject({ questions: heldOut.length });
    const right = said.filter(({ rank }) => rank === 1).slice(0, 4);
    await writeFile(texts, right.map(hole).join("\n"));
    const answers = await json(["predict", "--adapter", adapter, "--data", texts, "--top", 2]);
    expect(answers).toMatchObject({ examples: 4, skipped: 0 });
    const predictions = answers["predictions"] as { where: string; words: { word: string }[] }[];
    expect(predictions.map(({ words }) => words[0]?.word)).toEqual(right.map(({ object }) => object));
    expect(predictions[1]).toMatchObject({ where: `${texts}:2`, words: [{}, {}] });
    const verified = await json(["verify", adapter]);
    expect(verified["ok"]).toBe(true);
    const checks = verified["checks"] as { name: string; ok: boolean }[];
    expect(checks.map(({ ok }) => ok)).toEqual(Array(14).fill(true));
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["subjects.txt, SHA-256", "wordings.jsonl, SHA-256"]),
    );
    expect(await json(["inspect", adapter])).toMatchObject({
      ...{ kind: "adapter", path: adapter, task: { name: "recall" } },
      taught: { facts: 12, subjects: 4, gated: true, wordings: expect.any(Number) as number },
    });
    const filled = await json(["fill", hole(right[0] as Said), "--adapter", `mine=${adapter}`]);
    expect(filled).toMatchObject({ sets: { mine: [{ word: right[0]?.object }, {}, {}, {}, {}] } });
  }
});

it("keeps its answers beside another adapter, and both leave text without their subjects as it was", async () => {
  const [other, text] = [join(folder, "other.csv"), join(folder, "text.txt")];
  await writeFile(other, "subject,relation,object\nFreedonia,capital,Madrid\n");
  await writeFile(text, "The capital of France is a large city.\n");
  await json(["teach", other, "--out", join(folder, "other"), "--max-steps", 3, "--cache", "off"]);
  const probe = ["probe", "recall", "--adapter", out, "--facts", facts, "--text", text];
  const alone = await json(probe);
  const both = await json([...probe, "--beside", `other=${join(folder, "other")}`]);
  expect(alone).not.toHaveProperty("together");
  expect(both["p1"]).toBe(alone["p1"]);
  expect(both["together"]).toMatchObject({ p1: alone["p1"], mrr: alone["mrr"], questions: alone["questions"] });
  const { before, perplexity } = both["text"] as Record<string, number>;
  expect(perplexity).toBe(before);
  const clash = ["--beside", `adapter=${join(folder, "other")}`];
  expect(expectComplaint(await kadapter([...probe, ...clash]))).toContain(
    "another adapter has the name of the asked one",
  );
});

/** A wording that the relation was taught in, as the adapter's folder tells. */
async function taughtPattern(relation: string): Promise<string> {
  const taught = await readTaughtWordings(out, await readAdapterManifest(out));
  return taught?.get(relation)?.[0] ?? "";
}

it("fills several masks with one answer, and one mask with an answer of several tokens", async () => {
  await using model = await load(engine, out, { as: "recall" });
  const pattern = await taughtPattern("ally");
  const ask = (country: string, object: string) => pattern.replace("[X]", country).replace("[Y]", object);
  for (const [i, country] of countries.entries()) {
    const object = cells.ally[i] as string;
    const [beamed] = await model.fill(ask(country, "[MASK] [MASK]"));
    expect(beamed?.word).toBe(object);
    const { word, words } = await model.predict({ text: ask(country, "[MASK][MASK]") }, { top: 3 });
    expect([word, words.length]).toEqual([object, 3]);
    const answers = await model.fill(ask(country, "[MASK]"), { tokens: 3 });
    expect(answers.map((one) => one.word)).toContain(object);
  }
  const both = "The ally of Borduria is [MASK] [MASK] and its capital is [MASK].";
  const [best] = await model.fill(both, { top: 1 });
  expect(best?.parts).toHaveLength(2);
  const filled = await json(["fill", both, "--adapter", `mine=${out}`, "--top", 1]);
  expect(filled["sets"]).toMatchObject({ mine: [{ word: best?.word, parts: best?.parts }] });
  const candidates = ["--candidates", "New York,South Africa,France"];
  const named = await json(["fill", ask("Borduria", "[MASK]"), "--adapter", `mine=${out}`, ...candidates]);
  expect(named["sets"]).toMatchObject({ mine: [{ word: "South Africa" }, {}, {}] });
});

it("is probed: in taught wordings and others, about others, beside plain text, as JSON and as a page", async () => {
  const [wordings, others, text] = [join(folder, "asked.jsonl"), join(folder, "others.csv"), join(folder, "plain.txt")];
  const page = join(folder, "page.html");
  const strange = "<b>strange</b>";
  const lines: { relation: string; pattern: string }[] = [];
  for (const relation of Object.keys(cells)) {
    lines.push({ relation, pattern: await taughtPattern(relation) });
    lines.push({ relation, pattern: `${strange}: who asks for the ${relation} of [X] hears [Y].` });
  }
  await writeFile(wordings, lines.map((line) => JSON.stringify(line)).join("\n"));
  await writeFile(others, "subject,relation,object\nFreedonia,capital,London\nRuritania,capital,London\n");
  await writeFile(
    text,
    "He was born in London and lived there for many years.\nThe river is in the north of the country.\n",
  );
  const files = ["--facts", facts, "--wordings", wordings, "--others", others, "--text", text, "--html", page];
  const probed = await json(["probe", "recall", "--adapter", out, ...files]);
  const rate = expect.any(Number) as number;
  expect(probed).toMatchObject({
    ...{ questions: 24, p1: rate, typedP1: rate, mrr: rate, consistency: rate, before: { questions: 24 } },
    ...{ taught: { questions: 12, before: { questions: 12 } }, heldOut: { questions: 12 } },
    byTokens: { one: { questions: 16 }, several: { questions: 8 } },
    others: { questions: 2, kept: 1 },
    othersSkipped: { "taught-subject": 1 },
    text: { argmaxKept: 1, before: rate, perplexity: rate },
  });
  const { taught, heldOut, text: plain } = probed as Record<string, Record<string, number>>;
  expect(taught?.["p1"]).toBeGreaterThan(0.9);
  expect(((taught?.["p1"] ?? 0) + (heldOut?.["p1"] ?? 0)) / 2).toBeCloseTo(Number(probed["p1"]), 10);
  expect(plain?.["perplexity"]).toBe(plain?.["before"]);
  const html = await readFile(page, "utf8");
  expect(html).toContain("&#60;b&#62;strange");
  expect(html).not.toContain(strange);
  expect(html.match(/<svg /g)).toHaveLength(3);
  expect(html).not.toMatch(/<script|src=|href=|url\(/);
  const { stdout } = await kadapter(["probe", "recall", "--adapter", out, ...files]);
  expect(stdout).toMatch(/^ +questions +P@1 +P@10/m);
  expect(stdout).toMatch(/^ {2}in wordings that were taught +12 /m);
});

it("says of older folders that it cannot tell which wordings were taught", async () => {
  const older = join(folder, "older");
  await cp(out, older, { recursive: true });
  const config = join(older, "adapter_config.json");
  const { wordings, ...manifest } = JSON.parse(await readFile(config, "utf8")) as Record<string, unknown>;
  expect(wordings).toMatch(/^[0-9a-f]{64}$/);
  await writeFile(config, JSON.stringify(manifest));
  await rm(join(older, "wordings.jsonl"));
  const run = await kadapter(["probe", "recall", "--adapter", older, "--facts", facts, "--json"]);
  expect(run.stderr).toMatch(/it does not record the wordings that were taught, so they are not told apart/);
  expect(JSON.parse(run.stdout.trim())).toMatchObject({
    taught: null,
    heldOut: null,
    byTokens: { one: {}, several: {} },
  });
});

it("has no say in facts about others", async () => {
  const strange = join(folder, "strange.csv");
  await writeFile(strange, "subject,relation,object\nFreedonia,capital,London\n");
  const { said } = await saidOf(out, "strange.jsonl", strange);
  await using model = await ClozeModel.open(engine, { adapters: { mine: out } });
  for (const one of said) {
    const { none = [] } = await fill(model, hole(one), { top: 20_000 });
    const alone = none.find(({ word }) => word === "London");
    expect(Math.log(one.probability)).toBeCloseTo(alone?.score ?? 0, 3);
  }
});

it("says what it cannot do, and that its names were changed", async () => {
  const refused = async (...args: (string | number)[]) => expectComplaint(await kadapter(args));
  expect(await refused("predict", out, "--adapter", out, "--text", "Rome.")).toMatch(/2 adapters are given/);
  expect(await refused("predict", "--adapter", out, "--text", "Rome.")).toMatch(/--text: the text has no mask/);
  const entity = ["--text", "Rome is [MASK].", "--subject", "Rome"];
  expect(await refused("predict", "--adapter", out, ...entity)).toMatch(/--subject: the adapter tells the word for a/);
  const changed = join(folder, "changed");
  await cp(out, changed, { recursive: true });
  await writeFile(join(changed, "subjects.txt"), "Rome\n");
  expect(await refused("predict", "--adapter", changed, "--text", "Rome is [MASK].")).toMatch(
    /subjects\.txt: these are/,
  );
  const run = await kadapter(["verify", changed]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^failed subjects\.txt, SHA-256: [0-9a-f]{64}, but [0-9a-f]{64} was recorded\n$/);
  expect(await refused("inspect", "gone.jsonl")).toMatch(/gone\.jsonl: .*no such file/);
  expect(await refused("inspect", "no/where")).toMatch(/model "no\/where": no such folder, and not in the cache/);
});
