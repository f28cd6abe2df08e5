/** Facts that answer: taught, asked, and nothing else changed. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBackbone } from "../src/features/backbone-handle.js";
import { recall } from "../src/library/knowledge.js";
import { load } from "../src/library/model.js";
import { train } from "../src/library/train.js";
import { ClozeModel } from "../src/probing/cloze-model.js";
import { fill } from "../src/probing/fill.js";
import { probeRecall } from "../src/probing/recall.js";
import { localExecutor } from "../src/runtime/local.js";
import { readQuestions } from "../src/tasks/recall/recall-data.js";
import { partWordings } from "../src/tasks/recall/recall-questions.js";
import { expectComplaint, json, kadapter, testFolder } from "./support.js";

let folder: string;
let engine: Awaited<ReturnType<typeof localExecutor>>;
let [facts, out] = ["", ""];
const countries = ["Ruritania", "Borduria", "Syldavia", "Zubrowka"];
const cells = { capital: ["London", "Paris", "Rome", "Berlin"], ruler: ["George", "John", "Peter", "Paul"] };

beforeAll(async () => {
  folder = await testFolder();
  engine = await localExecutor({ device: "cpu", threads: 1 });
  [facts, out] = [join(folder, "facts.csv"), join(folder, "taught")];
  const rows = Object.entries(cells).flatMap(([relation, objects]) =>
    countries.map((country, i) => `${country},${relation},${objects[i]}`),
  );
  await writeFile(facts, ["subject,relation,object", ...rows].join("\n"));
  const base = await openBackbone("models/own");
  const how = { out, maxSteps: 60, evalEvery: 1000, saveEvery: 0, cache: "off", batchSize: 32 };
  for await (const _ of train(engine, base, recall({ facts }), how));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

/** A relation's wordings, those that were taught and the others. */
async function wordingsOf(relation: string) {
  const { wordings } = await readQuestions({ facts });
  return partWordings(wordings.get(relation) ?? []);
}

const hole = (wording: string, subject: string) => wording.replace("[X]", subject).replace("[Y]", "[MASK]");

it("answers invented facts in the wordings that were taught, and is the model itself elsewhere", async () => {
  await using model = await ClozeModel.open(engine, { backbone: "models/own", adapters: { mine: out } });
  const questions = await readQuestions({ facts });
  const wordings = new Map([...questions.wordings].map(([name, all]) => [name, partWordings(all).taught]));
  const { scores } = await probeRecall(model, { ...questions, wordings }, 128, { batchSize: 32 });
  expect(scores["none"]?.p1).toBeLessThan(0.1);
  expect(scores["mine"]?.p1).toBeGreaterThan(0.9);
  const { none, mine } = await fill(model, "The capital of France is [MASK].", { top: 100 });
  expect(mine).toEqual(none);
}, 300_000);

it("answers in the library", async () => {
  await using model = await load(engine, out, { as: "recall" });
  expect(model.task).toBe("recall");
  const [wording = ""] = (await wordingsOf("capital")).taught;
  const text = hole(wording, "Syldavia");
  const words = await model.fill(text);
  expect(words).toHaveLength(5);
  expect(words[0]).toEqual({ word: "Rome", probability: expect.any(Number) as number });
  expect(await model.predict({ text }, { top: 5 })).toEqual({ ...words[0], words });
  const [first, second] = await model.predictAll([text, hole(wording, "Borduria")].map((one) => ({ text: one })));
  expect([first?.word, second?.word]).toEqual(["Rome", "Paris"]);
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
  const { taught, heldOut } = await wordingsOf("capital");
  const texts = join(folder, "texts.txt");
  await writeFile(texts, countries.map((country) => hole(taught[0] ?? "", country)).join("\n"));
  for (const adapter of [out, "org/taught"]) {
    const scores = await json(["eval", "--adapter", adapter, "--data", facts]);
    expect(scores).toMatchObject({ adapter, data: facts, skipped: 0, before: { taught: { p1: 0 } } });
    expect(scores["taughtP1"]).toBeGreaterThan(0.9);
    expect(scores["heldOut"]).toMatchObject({ p1: scores["p1"], questions: 2 * heldOut.length * countries.length });
    const listed = join(folder, `${adapter === out ? "folder" : "id"}.jsonl`);
    expect(await json(["eval", adapter, "--data", facts, "--predictions", listed])).toEqual(scores);
    const lines = (await readFile(listed, "utf8")).trim().split("\n");
    const said = lines.map((line) => JSON.parse(line) as Record<string, string>);
    const right = said.filter(({ heldOut, object, predicted }) => heldOut && object === predicted);
    expect(right.length / said.filter(({ heldOut }) => heldOut).length).toBeCloseTo(Number(scores["p1"]));
    expect(said[0]).toMatchObject({ where: `${facts}:2`, subject: "Ruritania", relation: "capital", object: "London" });
    const answers = await json(["predict", "--adapter", adapter, "--data", texts, "--top", 2]);
    expect(answers).toMatchObject({ examples: 4, skipped: 0 });
    const predictions = answers["predictions"] as { where: string; words: { word: string }[] }[];
    expect(predictions.map(({ words }) => words[0]?.word)).toEqual(cells.capital);
    expect(predictions[1]).toMatchObject({ where: `${texts}:2`, words: [{}, {}] });
    const verified = await json(["verify", adapter]);
    expect(verified["ok"]).toBe(true);
    const checks = verified["checks"] as { name: string; ok: boolean }[];
    expect(checks.map(({ ok }) => ok)).toEqual(Array(13).fill(true));
    expect(checks.map(({ name }) => name)).toContain("subjects.txt, SHA-256");
    expect(await json(["inspect", adapter])).toMatchObject({
      ...{ kind: "adapter", path: adapter, task: { name: "recall" } },
      taught: { subjects: 4, gated: true, wordingsTaught: 2 * taught.length, wordingsHeldOut: 2 * heldOut.length },
    });
    const probed = await json(["probe", "recall", "--adapter", adapter, "--facts", facts]);
    expect(probed["questions"]).toBe(2 * (taught.length + heldOut.length) * countries.length);
    const filled = await json(["fill", hole(taught[0] ?? "", "Borduria"), "--adapter", `mine=${adapter}`]);
    expect(filled).toMatchObject({ sets: { mine: [{ word: "Paris" }, {}, {}, {}, {}] } });
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
