/** The paper's set of facts, made of T-REx's dump on the command line. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRelations } from "../src/data/relation-data.js";
import type { RelationExample } from "../src/data/relation-example.js";
import { madeTrexDocument } from "../src/testing/made-trex.js";
import { noSkips } from "../src/testing/no-skips.js";
import { zipOf } from "../src/testing/zip-writer.js";
import { bytesBelow } from "./align-world.js";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

let world: World;
let dump = "";
beforeAll(async () => {
  world = await makeWorld();
  dump = world.at("TREx.zip");
  const part = (from: number) =>
    JSON.stringify(Array.from({ length: 100 }, (_, i) => madeTrexDocument(from + i)).concat(from === 0 ? [{}] : []));
  await writeFile(
    dump,
    zipOf([
      { name: "re-nlg_0-100.json", content: part(0) },
      { name: "re-nlg_100-200.json", content: part(100) },
    ]),
  );
});
afterAll(() => world.remove());

const command = (out: string, ...more: (string | number)[]) => [
  ...["data", "trex", dump, "--out", world.at(out), "--min-entity-pairs", 20],
  ...["--dev", 0.1, "--test", 0.2, ...more],
];

async function read(path: string): Promise<RelationExample[]> {
  const examples: RelationExample[] = [];
  for await (const one of readRelations(path, { onSkip: noSkips })) examples.push(one);
  return examples;
}

describe("data trex", () => {
  test("keeps relations with enough entity pairs, and says what is missing to the paper's set", async () => {
    const result = await json(command("set"));
    expect(result).toMatchObject({
      paper: { relations: 430, examples: 5_500_000 },
      skipped: { "broken-document": 1, "no-sentence": 200, "repeated-triple": 400 },
    });
    const { examples, relations, skipped } = result as unknown as {
      examples: Record<string, number>;
      relations: { relation: string; examples: number }[];
      skipped: Record<string, number>;
    };
    // Eight different triples of each document.
    const all = Object.values(examples).reduce((sum, count) => sum + count, 0);
    expect(all + (skipped["too-few-entity-pairs"] ?? 0)).toBe(1600);
    expect(all).toBeGreaterThan(200);
    expect(all).toBe(relations.reduce((sum, one) => sum + one.examples, 0));
    const parts = await Promise.all(["set", "set/dev", "set/test"].map((name) => read(world.at(name))));
    expect(parts.map(({ length }) => length)).toEqual([examples["train"], examples["dev"], examples["test"]]);
    const subjects = parts.map((part) => new Set(part.map(({ subjectId }) => subjectId)));
    for (const one of subjects[1] ?? []) expect([subjects[0]?.has(one), subjects[2]?.has(one)]).toEqual([false, false]);
    const emoji = parts.flat().find(({ text }) => text.startsWith("Vellmar 😀")) as RelationExample;
    expect(emoji.text.slice(emoji.subject.start, emoji.subject.end)).toBe("Vellmar 😀");
    const counts = JSON.parse(await readFile(world.at("set", "pair-counts.json"), "utf8")) as {
      relations: { relation: string; pairs: number }[];
    };
    const enough = counts.relations.filter(({ pairs }) => pairs >= 20).map(({ relation }) => relation);
    expect(new Set(enough)).toEqual(new Set(relations.map(({ relation }) => relation)));
    const { stdout } = await kadapter(command("said"));
    expect(stdout).toMatch(/here +paper\nrelations +\d+ +430\nexamples +\d+ +5500000\n/);
    expect(await bytesBelow(world.at("said"))).toEqual(await bytesBelow(world.at("set")));
  });

  test("is what a training makes of the dump itself, beside the file of pairs or without", async () => {
    const training = (train: string, out: string, ...more: (string | number)[]) => [
      ...["pretrain", "factual", "--backbone", world.backbone, "--train", train, "--out", world.at(out)],
      ...["--layers", "0,1,3", "--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1],
      ...["--max-steps", 2, "--batch-size", 8, "--threads", 1, "--max-length", 128, ...more],
    ];
    const { trainExamples, devExamples } = await json([
      ...training(dump, "direct", "--min-entity-pairs", 20),
      ...["--pair-counts", world.at("pairs.json")],
    ]);
    const all = (await json(command("whole", "--dev", 0, "--test", 0)))["examples"] as Record<string, number>;
    expect(Number(trainExamples) + Number(devExamples)).toBe(all["train"]);
    const again = await json(training(world.at("whole"), "made"));
    expect([again["trainExamples"], again["devExamples"]]).toEqual([trainExamples, devExamples]);
    const pairs = (path: string) => readFile(path, "utf8");
    expect(await pairs(world.at("pairs.json"))).toBe(await pairs(world.at("whole", "pair-counts.json")));
  });

  test("ends in one line where too much is wrong, or nothing is left", async () => {
    const none = await kadapter([...command("none").slice(0, 5), "--min-entity-pairs", 100_000]);
    expect(expectComplaint(none)).toContain("no example is left; expected relations with at least 100000 entity pairs");
    const strict = await kadapter([...command("strict"), "--most-bad", 0]);
    expect(expectComplaint(strict)).toMatch(
      /1 of \d+ triples are wrong \(1: broken-document\); the first is .*re-nlg_0/,
    );
    expect(expectComplaint(await kadapter(command("set")))).toContain("the folder is not empty");
  });
});
