/** Downstream data and adapters that do not fit: one clear line and code 2, or a skip that is counted. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoExamples } from "../src/demo/examples.js";
import { writeRandomBackbone } from "../src/testing/random-backbone.js";
import { type DataSet, type layouts, writeDownstreamData } from "./downstream-data.js";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

type Args = (string | number)[];

let world: World;
let sets: Record<(typeof layouts)[number], DataSet>;
beforeAll(async () => {
  world = await makeWorld();
  sets = await writeDownstreamData(world.at("sets"));
});
afterAll(() => world.remove());

let outs = 0;
const finetuning = (task: string, { train, dev }: DataSet, out: string, ...more: Args): Args => [
  ...["finetune", task, "--backbone", world.backbone, "--train", train, "--dev", dev, "--out", out],
  ...["--max-length", 64, "--max-steps", 1, "--threads", 1, "--cache", "off", ...more],
];

/** The line of a fine-tuning that must refuse, when nothing was left behind. */
async function refused(task: string, set: DataSet, ...more: Args): Promise<string> {
  const out = world.at(`out-${outs++}`, "below");
  const line = expectComplaint(await kadapter([...finetuning(task, set, out, ...more), "--json"]));
  expect(existsSync(join(out, ".."))).toBe(false);
  return line;
}

async function write(name: string, text: string): Promise<string> {
  await writeFile(world.at(name), text);
  return world.at(name);
}

type Rows = Record<string, unknown>[];
const rowsOf = async (file: string) => JSON.parse(await readFile(file, "utf8")) as Rows;

describe("a label set that differs between files", () => {
  test("relations: the one that training does not have, with its place", async () => {
    const rows = await rowsOf(sets.tacred.dev);
    const dev = await write("dev-relation.json", JSON.stringify(rows.with(2, { ...rows[2], relation: "nemesis" })));
    const line = await refused("relations", { ...sets.tacred, dev });
    expect(line).toMatch(/dev-relation\.json:\d+: the relation "nemesis" is not among the \d+/);
  });

  test("types", async () => {
    const rows = await rowsOf(sets.openentity.dev);
    const dev = await write("dev-type.json", JSON.stringify(rows.with(1, { ...rows[1], labels: ["nemesis"] })));
    const line = await refused("entity-typing", { ...sets.openentity, dev });
    expect(line).toMatch(/dev-type\.json:\d+: the type "nemesis" is not among the \d+/);
  });

  test("a choice beyond the four, or none", async () => {
    const rows = (await readFile(sets["cosmosqa-csv"].dev, "utf8")).split("\r\n");
    for (const label of ["4", "", "B"]) {
      const dev = await write("dev-choice.csv", rows.with(2, rows[2]!.replace(/"\d"$/, `"${label}"`)).join("\r\n"));
      const line = await refused("multiple-choice", { ...sets["cosmosqa-csv"], dev });
      expect(line).toMatch(/dev-choice\.csv:\d+: field "label": .*expected 0 to 3/);
    }
  });

  test("typed markers without types", async () => {
    const line = await refused("relations", sets.wiki80, "--markers", "typed");
    expect(line).toMatch(/train\.jsonl:\d+: typed markers need the entities' types/);
  });
});

describe("questions", () => {
  const lines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
  const paragraph = (text: string) => ({ id: [0, 0], question: ["Who", "?"], document: text.split(" ") });
  const said = "In the year 1815 Ada Lovelace was born here .";
  const other = "There is nothing at all in this one here .";

  async function questions(name: string, all: readonly (readonly [string, readonly string[]])[]): Promise<string> {
    await write(`${name}.json`, lines(all.map(([, paragraphs]) => paragraphs.map(paragraph))));
    return write(`${name}.txt`, lines(all.map(([answer]) => ({ question: "Who ?", answers: [answer] }))));
  }

  test("whose answer no paragraph holds, or without paragraphs, are counted", async () => {
    const train = await questions("skips", [
      ["Ada Lovelace", [other, said]],
      ["Charles Babbage", [said, other]],
      ["Ada Lovelace", []],
      ["Ada Lovelace", ["too short"]],
    ]);
    const out = world.at("skipped");
    const result = await json(finetuning("open-qa", { ...sets.thunlp, train, dev: train }, out));
    expect(result["skippedTrain"]).toEqual({
      "answer-in-no-paragraph": 1,
      "no-paragraphs": 2,
      "paragraph-of-few-words": 1,
    });
    // Where answers are scored, a question that no paragraph answers is wrong, not left out.
    expect(result["skippedDev"]).toEqual({ "no-paragraphs": 2, "paragraph-of-few-words": 1 });
    expect(result["dev"]).toMatchObject({ questions: 2 });
    const told = await json(["predict", "--adapter", out, "--data", train]);
    expect(told).toMatchObject({
      examples: 4,
      skipped: 2,
      skippedBy: { "no-paragraphs": 2, "paragraph-of-few-words": 1 },
    });
  });

  test("none of which can be used is an error", async () => {
    const none = await questions("none", [["Charles Babbage", [said]]]);
    const line = await refused("open-qa", { ...sets.thunlp, train: none });
    expect(line).toMatch(/none\.txt: none of 1 example fits/);
    expect(line).toContain("answer-in-no-paragraph");
    const empty = await questions("empty", [["Ada Lovelace", []]]);
    expect(await refused("open-qa", { ...sets.thunlp, dev: empty })).toMatch(/empty\.txt: none of 1 .*no-paragraphs/);
  });

  test("with fewer lines of paragraphs, without them, or without an answer", async () => {
    const short = await questions("short", [
      ["Ada Lovelace", [said]],
      ["Ada Lovelace", [said]],
    ]);
    await write("short.json", lines([[paragraph(said)]]));
    expect(await refused("open-qa", { ...sets.thunlp, train: short })).toMatch(/short\.txt:2: .*has no line for it/);
    const alone = await write("alone.txt", lines([{ question: "Who ?", answers: ["Ada"] }]));
    expect(await refused("open-qa", { ...sets.thunlp, train: alone })).toMatch(/alone\.txt: there is no .*alone\.json/);
    const mute = await questions("mute", [["", [said]]]);
    expect(await refused("open-qa", { ...sets.thunlp, train: mute })).toMatch(
      /mute\.txt:1: the question has no answer/,
    );
    await mkdir(world.at("folder"));
    const folder = { ...sets.searchqa, train: world.at("folder") };
    expect(await refused("open-qa", folder)).toMatch(/folder: the folder holds no JSON files/);
  });
});

describe("adapters", () => {
  let own: string;
  let strange: string;
  beforeAll(async () => {
    own = world.at("own");
    strange = world.at("strange");
    await json(world.training(own, "--max-steps", 1));
    const texts = demoExamples("train").map(({ text }) => text);
    const sizes = { seed: 2, layers: 3, hiddenSize: 32, heads: 4, vocabSize: 600, initializerRange: 0.2 };
    const { folder } = await writeRandomBackbone(world.at("other-backbone"), texts, sizes);
    await json(world.training(strange, "--max-steps", 1, "--backbone", folder));
  });

  test("for different backbones in one command", async () => {
    const both = ["--adapter", `a=${own}`, "--adapter", `b=${strange}`];
    const line = await refused("relations", sets.wiki80, ...both);
    expect(line).toMatch(/the adapter .*strange was trained beside another backbone: weights/);
    const other = ["--backbone", world.at("other-backbone")];
    expect(await refused("relations", sets.wiki80, ...both, ...other)).toMatch(/the adapter .*own was trained beside/);
  });

  test.each<[string, () => Args, RegExp]>([
    ["of the same name", () => ["--adapter", `a=${own}`, "--adapter", `a=${own}`], /two adapters are called a/],
    ["without a name", () => ["--adapter", own], /--adapter: .* is not valid; expected NAME=DIR/],
    ["that are not there", () => ["--adapter", "a=/nowhere"], /adapter "\/nowhere": there is no such folder/],
    ["that are a backbone", () => ["--adapter", `a=${world.backbone}`], /adapter_config\.json: .*no such file/],
  ])("%s", async (_, more, expected) => {
    expect(await refused("relations", sets.wiki80, ...more())).toMatch(expected);
  });

  test("that are a baseline without one", async () => {
    const baseline = world.at("baseline");
    await json(world.training(baseline, "--max-steps", 1, "--features", "last"));
    expect(await refused("relations", sets.wiki80, "--adapter", `a=${baseline}`)).toMatch(
      /holds a baseline on last, no adapter/,
    );
  });

  test("a fine-tuned model beside another backbone", async () => {
    const out = world.at("tuned");
    await json(finetuning("relations", sets.wiki80, out, "--adapter", `a=${own}`));
    const args = ["eval", "--adapter", out, "--data", sets.wiki80.test, "--backbone", world.at("other-backbone")];
    expect(expectComplaint(await kadapter(args))).toMatch(/was trained beside another backbone: weights/);
  });
});
