/** The experiment on facts that answer, as small as it can be: every table, and nothing done twice. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAdapterManifest } from "../src/adapters/folder.js";
import { inProbedFifth } from "../src/data/lama-filters.js";
import { writeRandomBackbone } from "../src/testing/random-backbone.js";
import { expectComplaint, json, kadapter, testFolder } from "./support.js";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const lines = (records: readonly object[]) => records.map((one) => JSON.stringify(one)).join("\n");

const names = Array.from({ length: 60 }, (_, i) => `${String.fromCharCode(65 + (i % 26))}oria${i}`);
const clean = names.filter(inProbedFifth).slice(0, 4);
const others = names.filter((name) => !inProbedFifth(name)).slice(0, 20);
const objects = ["London", "Paris", "Rome", "Berlin"];
const patterns = [
  "[X]'s capital is [Y].",
  "The capital of [X] is [Y].",
  "[Y] is the capital of [X].",
  "[X], capital [Y].",
];
const facts = [...others, ...clean].map((sub_label, i) => ({
  sub_label,
  obj_label: objects[i % 4] ?? "",
  uuid: `${i}`,
}));

/** Sentences of the first eight subjects, and of one that may not be read; and six of another relation. */
const sentences = [
  ...[...facts.slice(0, 8), ...facts.slice(-1)].map(({ sub_label, obj_label }) => ({
    token: ["Kings", "of", sub_label, "lived", "in", obj_label, "."],
    ...{ h: { pos: [2, 3] }, t: { pos: [5, 6] }, relation: "P36" },
  })),
  ...facts.slice(8, 14).map(({ sub_label, obj_label }) => ({
    token: ["Friends", "of", sub_label, "come", "from", obj_label, "."],
    ...{ h: { pos: [2, 3] }, t: { pos: [5, 6] }, relation: "ally" },
  })),
];

beforeAll(async () => {
  folder = await testFolder();
  // Objects are words of its vocabulary.
  const texts = objects.flatMap((name) => Array<string>(50).fill(`The capital is ${name} .`));
  const sizes = { seed: 1, layers: 3, hiddenSize: 32, heads: 4, vocabSize: 400, initializerRange: 0.2, head: true };
  await writeRandomBackbone(at("backbone"), texts, sizes);
  for (const name of ["TREx_template", "patterns"]) await mkdir(at("lama", name), { recursive: true });
  await writeFile(at("lama", "TREx_template", "P36.jsonl"), lines(facts));
  await writeFile(at("lama", "patterns", "P36.jsonl"), lines(patterns.map((pattern) => ({ pattern }))));
  const template = { relation: "P36", template: "The capital of [X] is [Y] .", label: "capital", type: "1-1" };
  await writeFile(at("lama", "relations.jsonl"), lines([template]));
  await writeFile(at("lama", "common_vocab_cased.txt"), objects.join("\n"));
  await writeFile(at("sentences.jsonl"), lines(sentences));
  await writeFile(at("plain.txt"), "The river was frozen, and nobody crossed it.\nShe sang until the morning came.");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = (...more: (string | number)[]) => [
  ...["experiment", "recall", "--facts", at("lama", "TREx_template"), "--wordings", at("lama", "patterns")],
  ...["--asked-text", at("plain.txt"), "--backbone", at("backbone"), "--out", at("out"), "--seeds", 1],
  ...["--few", 8, "--packs", 2, "--pack-size", 5, "--asked-others", 4, "--layers", "0,2", "--adapter-size", 32],
  ...["--max-steps", 2, "--batch-size", 8, "--save-every", 0, "--cache", "off", "--threads", 1, ...more],
];

const probability = expect.toSatisfy((value: number) => value >= 0 && value <= 1, "a fraction");

interface Cell {
  readonly part: string;
  readonly row: string;
  readonly heldOut: { readonly p1: number };
  readonly parameters: number;
}
const cellsOf = (result: Record<string, unknown>, part: string) =>
  (result["cells"] as readonly Cell[]).filter((cell) => cell.part === part);

it("joins packs by their sum and by what is taught a part of their facts, and finds what is finished", async () => {
  const run = () => json(options("--parts", "packs,joiners"));
  const first = await run();
  expect(cellsOf(first, "packs").map(({ row }) => row)).toEqual(["pack 1", "pack 2"]);
  for (const { heldOut } of cellsOf(first, "packs")) expect(heldOut.p1).toEqual(probability);
  // Of each pack's five facts a joiner is taught one; the gate keeps text that names none of them.
  expect(first["joined"]).toMatchObject(
    ["sum, nothing taught", "concat", "attention"].map((row) => ({
      ...{ row, seed: 1, packs: 2, facts: { taught: 2, others: 8 } },
      ...{ taught: probability, others: probability, textKept: 1 },
    })),
  );
  expect(await readFile(at("out", "recall.md"), "utf8")).toMatch(/^\| attention \| .*→/m);

  const files = await readdir(at("out", "cells"));
  const times = () => Promise.all(files.map(async (name) => (await stat(at("out", "cells", name))).mtimeMs));
  const before = await times();
  expect(await run()).toEqual(first);
  expect(await times()).toEqual(before);
});

it("has a row for each control; one whose adapter never learns has only W", async () => {
  const controls = cellsOf(await json(options("--parts", "controls")), "controls");
  const parametersOf = (name: string) => controls.find(({ row }) => row === name)?.parameters;
  expect(parametersOf("random adapter")).toBe(32 * 32);
  const own = ["as it is", "shuffled: other facts' objects", "the paper's objective, then W alone"];
  for (const row of own) expect(parametersOf(row)).toBeGreaterThan(32 * 32);
});

it("tells what can be asked of what was read; what stands in no sentence is the model's own, to the bit", async () => {
  const result = await json(options("--parts", "reading", "--sentences", at("sentences.jsonl"), "--lama", at("lama")));
  type Groups = Readonly<Record<string, { readonly before: object; readonly after: object }>>;
  const read = result["read"] as readonly { readonly row: string; readonly facts: number; readonly groups: Groups }[];
  expect(read.map(({ row }) => row)).toContain("sentences, no gate");
  for (const { row, facts: count, groups } of read) {
    expect(count).toBe(14);
    expect(groups["read"]).toMatchObject({ after: { questions: 8 } });
    expect(groups["unread"]).toMatchObject({ after: { questions: others.length - 8 } });
    expect(groups["clean"]).toMatchObject({ after: { questions: clean.length } });
    if (row !== "sentences, no gate") expect(groups["clean"]?.after).toEqual(groups["clean"]?.before);
  }
  expect(await readFile(at("out", "recall.md"), "utf8")).toMatch(/^\| sentences, no gate \| .*→/m);
});

it("tries one adapter for facts and relations beside one for each", async () => {
  const data = ["--sentences", at("sentences.jsonl"), "--lama", at("lama"), "--relation-train", at("sentences.jsonl")];
  const result = await json(
    options("--parts", "both", ...data, "--relation-test", at("sentences.jsonl"), "--max-steps", 6),
  );
  const answers = { taughtP1: probability };
  expect(result["both"]).toMatchObject([
    { row: "the model alone", seed: 1, relations: probability },
    { row: "relations", relations: probability },
    { row: "recall", relations: probability, ...answers },
    { row: "one adapter for both", relations: probability, ...answers },
    { row: "relations beside recall", relations: probability, ...answers },
  ]);
  // It is asked as every adapter that was taught facts, and is another than that which learnt nothing beside them.
  const adapter = (name: string) => at("out", "adapters", `both-${name}-seed-1`);
  const filled = await json(["fill", "[MASK] .", "--adapter", `both=${adapter("both")}`, "--threads", 1]);
  expect(Object.keys(filled["sets"] as object)).toEqual(["none", "both"]);
  const bits = (name: string) => readFile(join(adapter(name), "adapter_model.safetensors"));
  const { metrics } = await readAdapterManifest(adapter("both"));
  expect(metrics).toMatchObject({ "relations.accuracy": probability, taughtP1: probability, steps: 6 });
  expect((await bits("both")).equals(await bits("recall"))).toBe(false);

  // A task is learnt beside it as beside any other adapter, which stays as it is.
  const before = await bits("both");
  const files = ["--train", at("sentences.jsonl"), "--dev", at("sentences.jsonl"), "--out", at("task")];
  const task = await json([
    ...["finetune", "relations", "--backbone", at("backbone"), "--adapter", `taught=${adapter("both")}`, ...files],
    ...["--trains", "none", "--max-steps", 2, "--batch-size", 8, "--cache", "off", "--threads", 1],
  ]);
  expect(task).toMatchObject({ backboneUnchanged: true, dev: { accuracy: probability } });
  expect((await bits("both")).equals(before)).toBe(true);
});

it("asks for the data that reading needs", async () => {
  const complaint = expectComplaint(await kadapter(options("--parts", "reading")));
  expect(complaint).toMatch(/--sentences is missing, and the part reading needs it/);
});
