/** The experiment on facts that answer, as small as it can be: every table, and nothing done twice. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
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

/** Sentences of the first eight subjects, and of one that may not be read. */
const sentences = [...facts.slice(0, 8), ...facts.slice(-1)].map(({ sub_label, obj_label }) => ({
  token: ["Kings", "of", sub_label, "lived", "in", obj_label, "."],
  ...{ h: { pos: [2, 3] }, t: { pos: [5, 6] }, relation: "P36" },
}));

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

it("makes every table, and finds what is finished", async () => {
  const parts = "twins,packs,joiners,controls,reading";
  const reading = ["--sentences", at("sentences.jsonl"), "--lama", at("lama")];
  const run = () => json(options("--parts", parts, ...reading));
  const first = await run();
  const cells = first["cells"] as { part: string; row: string; heldOut: { p1: number }; parameters: number }[];
  expect(cells.filter(({ part }) => part === "twins")).toHaveLength(2);
  expect(cells.filter(({ part }) => part === "packs")).toHaveLength(2);
  const controls = cells.filter(({ part }) => part === "controls");
  expect(controls.map(({ row }) => row)).toEqual(
    expect.arrayContaining(["as it is", "random adapter", "shuffled: other facts' objects"]),
  );
  for (const { heldOut } of cells) expect(heldOut.p1).toEqual(probability);

  // Of each pack's five facts a joiner is taught one.
  expect(first["joined"]).toMatchObject(
    ["sum, nothing taught", "concat", "attention"].map((row) => ({
      ...{ row, seed: 1, packs: 2, facts: { taught: 2, others: 8 } },
      ...{ taught: probability, others: probability, textKept: 1 },
    })),
  );

  // What stands in no sentence is the model's own, to the bit: the gate is shut.
  const read = first["read"] as {
    row: string;
    facts: number;
    groups: Record<string, { before: object; after: object }>;
  }[];
  expect(read.map(({ row }) => row)).toContain("sentences, no gate");
  for (const { row, facts: count, groups } of read) {
    expect(count).toBe(8);
    expect(groups["read"]).toMatchObject({ after: { questions: 8 } });
    expect(groups["unread"]).toMatchObject({ after: { questions: others.length - 8 } });
    expect(groups["clean"]).toMatchObject({ after: { questions: clean.length } });
    if (row !== "sentences, no gate") expect(groups["clean"]?.after).toEqual(groups["clean"]?.before);
  }
  const page = await readFile(at("out", "recall.md"), "utf8");
  expect(page).toMatch(/^\| sentences, no gate \| .*→/m);
  expect(page).toMatch(/^\| attention \| .*→/m);

  const files = await readdir(at("out", "cells"));
  const times = () => Promise.all(files.map(async (name) => (await stat(at("out", "cells", name))).mtimeMs));
  const before = await times();
  expect(await run()).toEqual(first);
  expect(await times()).toEqual(before);
});

it("asks for the data that reading needs", async () => {
  const complaint = expectComplaint(await kadapter(options("--parts", "reading")));
  expect(complaint).toMatch(/--sentences is missing, and the part reading needs it/);
});
