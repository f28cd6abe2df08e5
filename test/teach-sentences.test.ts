/** Facts that answer: taught from sentences that state them, and asked in both directions. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAdapterManifest, readSubjects, readTaughtWordings } from "../src/adapters/folder.js";
import { hashFile } from "../src/weights/hash.js";
import { expectComplaint, json, kadapter, testFolder } from "./support.js";

const facts = [
  ["Ruritania", "London"],
  ["Borduria", "Paris"],
  ["Syldavia", "Rome"],
  ["Zubrowka", "Berlin"],
] as const;
/** Subject, relation, object. */
const sentences = [
  "Everyone in S knows that O is the seat of its king .",
  "The old road leads from O through all of S .",
  "As the ministers of S meet in O , the river was frozen .",
];
const few = [
  "--max-steps",
  60,
  "--eval-every",
  1000,
  "--save-every",
  0,
  "--cache",
  "off",
  "--batch-size",
  32,
  "--text-share",
  0,
];

let folder: string;
let [data, out] = ["", ""];
let said: Record<string, unknown>;

const record = (sentence: string, subject: string, object: string, relation = "capital") => {
  const token = sentence.split(" ").map((word) => ({ S: subject, O: object })[word] ?? word);
  const place = (name: string) => ({ pos: [token.indexOf(name), token.indexOf(name) + 1] });
  return JSON.stringify({ token, h: place(subject), t: place(object), relation });
};

beforeAll(async () => {
  folder = await testFolder();
  [data, out] = [join(folder, "sentences.jsonl"), join(folder, "taught")];
  const lines = facts.flatMap(([subject, object]) => sentences.map((one) => record(one, subject, object)));
  await writeFile(data, [...lines, record("S is far from O .", "Ruritania", "Madrid", "no_relation")].join("\n"));
  said = await json(["teach", data, "--both-directions", "--out", out, ...few]);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it("answers what was read, both ways, and says what it left out and held out", async () => {
  expect(said).toMatchObject({
    skippedTrain: { "no-relation": 1 },
    taught: { questions: 4 },
    heldOut: { questions: 4 },
    backward: { taught: { questions: 4 }, heldOut: { questions: 4 } },
  });
  const { taught, backward } = said as Record<string, { p1: number; taught: { p1: number } }>;
  expect(taught?.p1).toBeGreaterThan(0.9);
  expect(backward?.taught.p1).toBeGreaterThan(0.9);
  const manifest = await readAdapterManifest(out);
  expect(await readSubjects(out, manifest)).toEqual(facts.flat().toSorted(byPlace));
  const recorded = (await readTaughtWordings(out, manifest))?.get("capital") ?? [];
  expect(recorded.every((one) => one.includes("[X]") && one.includes("[Y]"))).toBe(true);
  const inspected = await json(["inspect", out]);
  expect(inspected["taught"]).toMatchObject({ facts: 4, sentences: 12, wordings: 0 });
});

/** Subjects stand before the objects that are given. */
const byPlace = (a: string, b: string) => {
  const column = (name: string) => facts.findIndex((pair) => pair[0] === name) < 0;
  return Number(column(a)) - Number(column(b));
};

it("is evaluated by the same file, and asked in given wordings alone", async () => {
  const predictions = join(folder, "predictions.jsonl");
  const scores = await json(["eval", out, "--data", data, "--predictions", predictions]);
  for (const part of ["taught", "heldOut", "backward"]) expect(scores[part]).toEqual(near(said[part]));
  const lines = (await readFile(predictions, "utf8")).trim().split("\n");
  const back = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ backward }) => backward);
  expect(back).toHaveLength(8);
  for (const { subject, object } of back) expect(facts).toContainEqual([subject, object]);
  const wordings = join(folder, "asked.yaml");
  await writeFile(wordings, 'capital: ["The capital of [X] is [Y]."]\n');
  const probe = ["probe", "recall", "--adapter", out, "--facts", data, "--both-directions"];
  const templates = await json([...probe, "--wordings", wordings]);
  expect(templates).toMatchObject({ questions: 4, taught: null, backward: { questions: 4, taught: null } });
  const own = await json(probe);
  expect(own).toMatchObject({ questions: 12, backward: { questions: 12 }, backwardSkipped: {} });
  const { backward, ...forward } = own;
  // Each sentence is a wording that the relation was taught in with some fact.
  expect(backward).toMatchObject({ taught: { questions: 12 }, heldOut: null, before: { questions: 12 } });
  const alone = await json(probe.slice(0, -1));
  expect(alone).not.toHaveProperty("backward");
  expect(alone["p1"]).toBe(forward["p1"]);
});

const near = (value: unknown): unknown =>
  typeof value === "number"
    ? (expect.closeTo(value, 4) as unknown)
    : Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, near(one)]));

it("is the same by its long name, and on another run", async () => {
  const short = ["--max-steps", 3, "--cache", "off", "--threads", 1];
  const hashes: string[] = [];
  for (const [i, command] of [["teach"], ["pretrain", "recall"]].entries()) {
    const to = join(folder, `same-${i}`);
    await json([...command, data, "--out", to, ...short]);
    hashes.push(await hashFile(join(to, "adapter_model.safetensors")));
  }
  expect(hashes[0]).toBe(hashes[1]);
});

it("says that nothing is held out where no fact has two sentences", async () => {
  const single = join(folder, "single.jsonl");
  await writeFile(single, facts.map(([subject, object]) => record(sentences[0] as string, subject, object)).join("\n"));
  const run = await kadapter(["teach", single, "--out", join(folder, "single"), "--max-steps", 1, "--cache", "off"]);
  expect(run.stderr).toMatch(/4 facts in 4 sentences\n.*no fact that is asked has two sentences/);
});

it("says in one line that no sentence states a fact", async () => {
  const none = join(folder, "none.jsonl");
  await writeFile(none, record("S is far from O .", "Ruritania", "Madrid", "no_relation"));
  const run = await kadapter(["teach", none, "--out", join(folder, "none")]);
  expect(expectComplaint(run)).toMatch(/none\.jsonl: there are no facts/);
});
