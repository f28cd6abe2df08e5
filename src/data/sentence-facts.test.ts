import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noSkips } from "../testing/no-skips.js";
import type { Fact } from "./fact.js";
import { readFacts } from "./facts.js";
import { stands } from "./sentence-facts.js";
import { SkipCounter } from "./skips.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-sentences-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(path: string) {
  const skips = new SkipCounter();
  const facts: Fact[] = [];
  for await (const fact of readFacts(path, { onSkip: skips.onSkip })) facts.push(fact);
  return { facts, skipped: skips.counts };
}

let files = 0;
async function readText(text: string) {
  const path = join(folder, `${files++}`);
  await writeFile(path, text);
  return read(path);
}

/** A line of Wiki80's form: subject between asterisks, object between underscores. */
function line(sentence: string, relation = "capital"): string {
  const token = sentence.replace(/[*_]/g, "").split(" ");
  const words = sentence.split(" ");
  const place = (mark: string) => {
    const at = [...words.keys()].filter((i) => words[i]?.includes(mark));
    return { pos: [at[0], (at.at(-1) as number) + 1] };
  };
  return JSON.stringify({ token, h: place("*"), t: place("_"), relation });
}

const readLines = (...lines: readonly string[]) => readText(lines.join("\n"));
const austria = { subject: "Austria", object: "Vienna", aliases: [], sentences: ["[Y] is the capital of [X]."] };

describe("facts of sentences", () => {
  it.each([
    ["wiki80.jsonl", "[Y] is the capital of [X] ."],
    ["fewrel.json", "[Y] is the capital of [X] ."],
    ["tacred.json", "[Y] is the capital of [X] ."],
    ["trex-rc.json", "[Y] is the capital of [X] ."],
    ["trex.json", "[Y] is the capital of [X]."],
  ])("reads %s", async (name, sentence) => {
    const { facts } = await read(join("examples/data", name));
    expect(facts).toContainEqual(expect.objectContaining({ ...austria, sentences: [sentence] }));
  });

  it("reads SemEval's, a folder of T-REx, and passes over pairs without a relation", async () => {
    const block = (id: number, relation: string) =>
      `${id}\t"<e2>Vienna</e2> is the capital of <e1>Austria</e1>."\n${relation}\nComment: none\n\n`;
    const { facts, skipped } = await readText(block(1, "capital") + block(2, "Other"));
    expect(facts).toEqual([{ ...austria, relation: "capital", where: expect.any(String) as string }]);
    expect(skipped).toEqual({ "no-relation": 1 });
    const none = await readLines(line("*Austria and _Italy ."), line("*Austria and _Italy .", "no_relation"));
    expect([none.facts.length, none.skipped]).toEqual([1, { "no-relation": 1 }]);
  });

  it("holds each fact once, with its sentences, in the order of the file", async () => {
    const { facts, skipped } = await readLines(
      line("_Vienna is in *Austria ."),
      line("*Italy has _Rome ."),
      line("*Austria has _Vienna ."),
      line("*Austria has _Vienna ."),
      line("*Austria has _Graz ."),
    );
    expect(facts.map(({ subject, object, sentences }) => [subject, object, sentences])).toEqual([
      ["Austria", "Vienna", ["[Y] is in [X] .", "[X] has [Y] ."]],
      ["Italy", "Rome", ["[X] has [Y] ."]],
      ["Austria", "Graz", ["[X] has [Y] ."]],
    ]);
    expect(skipped).toEqual({ repeated: 1 });
  });

  it("leaves out what is no question, and says why", async () => {
    const same = JSON.stringify({
      token: ["New", "York", "."],
      h: { pos: [0, 2] },
      t: { pos: [1, 2] },
      relation: "in",
    });
    const { facts, skipped } = await readLines(
      line("*Austria has _Vienna ; Vienna is large ."),
      line("*Austria has _Vienna ; the Viennese like it ."),
      line("*Austria has _Vienna [MASK] ."),
      line("*[X] has _Vienna ."),
      line(`*Austria ${"very ".repeat(1000)}_Vienna .`),
      same,
    );
    expect(facts.map(({ sentences }) => sentences)).toEqual([["[X] has [Y] ; the Viennese like it ."]]);
    expect(skipped).toEqual({
      ...{ "object-told": 1, "placeholder-in-sentence": 1, "unusable-name": 1, "too-long": 1 },
      "overlapping-spans": 1,
    });
  });

  it("keeps a sentence in one line, and white space out of names", async () => {
    const text = "So  Vienna\nis the\tcapital of Austria \u0007now.";
    const at = (from: string, to: string) => [text.indexOf(from), text.indexOf(to)] as const;
    const entity = (boundaries: readonly [number, number]) => ({ uri: "Q1", boundaries });
    const { facts } = await readText(
      JSON.stringify([
        {
          ...{ docid: "1", text, sentences_boundaries: [[0, text.length]] },
          triples: [
            {
              subject: entity(at("Austria", "\u0007")),
              predicate: { uri: "P36" },
              object: entity(at(" Vienna", "is the")),
              sentence_id: 0,
            },
          ],
        },
      ]),
    );
    expect(facts[0]).toMatchObject({ subject: "Austria", object: "Vienna" });
    expect(facts[0]?.sentences).toEqual(["So [Y] is the capital of [X] now."]);
  });

  it("says what it expects where there is none", async () => {
    await expect(readLines('{"name": "Austria"}')).rejects.toThrow(/neither "subject" nor "obj_label" nor "token"/);
    await expect(readLines(line("*Austria and _Italy .", "no_relation"))).rejects.toThrow(/there are no facts/);
    await expect(readText('[{"a": 1}]')).rejects.toThrow(/the first record has neither/);
    const broken = async () => {
      for await (const _ of readFacts(folder, { onSkip: noSkips })) break;
    };
    await expect(broken()).rejects.toThrow(/no .json, .json.gz or .zip files in the folder/);
  });
});

it("knows a name as whole words", () => {
  expect(stands("Rome", "In Rome.")).toBe(true);
  expect(stands("Rome", "Romeo saw Jerome, romeing in Rome2")).toBe(false);
  expect(stands("Rome", "Romeo in Rome")).toBe(true);
});
