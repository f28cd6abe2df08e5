import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Fact } from "../../data/fact.js";
import { loadTokenizer } from "../../text/tokenizer.js";
import { drawFacts, permuted, readRecallPool } from "./pool.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-recall-pool-"));
});
afterAll(() => rm(folder, { recursive: true }));

const facts: readonly Fact[] = Array.from({ length: 40 }, (_, i) => ({
  ...{ subject: `Place ${i % 30}`, relation: i < 30 ? "capital" : "ruler", object: `Name ${i % 7}` },
  ...{ aliases: [], where: `facts.csv:${i + 2}` },
}));

it("draws the same facts for a seed, and others about subjects that are none of theirs", () => {
  const drawn = drawFacts(facts, 1, 10, 5);
  expect(drawn).toEqual(drawFacts(facts, 1, 10, 5));
  expect(drawn.facts).not.toEqual(drawFacts(facts, 2, 10, 5).facts);
  const subjects = new Set(drawn.facts.map(({ subject }) => subject));
  expect([drawn.facts.length, drawn.others.length]).toEqual([10, 5]);
  expect(drawn.others.some(({ subject }) => subjects.has(subject))).toBe(false);
});

it("permutes objects within each relation", () => {
  const twin = permuted(facts, 1);
  expect(twin).not.toEqual(permuted(facts, 2));
  expect(twin.map(({ subject, relation }) => [subject, relation])).toEqual(
    facts.map(({ subject, relation }) => [subject, relation]),
  );
  const objects = (all: readonly Fact[], name: string) =>
    all.flatMap(({ relation, object }) => (relation === name ? [object] : [])).sort();
  for (const name of ["capital", "ruler"]) expect(objects(twin, name)).toEqual(objects(facts, name));
});

it("holds out two wordings of each relation, and leaves out what cannot be asked", async () => {
  const [file, wordings] = [join(folder, "facts.csv"), join(folder, "wordings.jsonl")];
  const rows = ["A,capital,London", "A,capital,Paris", "B,capital,New York", "C,ruler,John"];
  await writeFile(file, ["subject,relation,object", ...rows].join("\n"));
  const patterns = ["a [X] [Y]", "b [X] [Y]", "c [X] [Y]", "d [X] [Y]", "e [X] [Y]"];
  const lines = [
    ...patterns.map((pattern) => ["capital", pattern]),
    ...patterns.slice(0, 3).map((one) => ["ruler", one]),
  ];
  await writeFile(wordings, lines.map(([relation, pattern]) => JSON.stringify({ relation, pattern })).join("\n"));
  const pool = await readRecallPool({ facts: file, wordings }, await loadTokenizer("models/own"));
  expect(pool.single.map(({ object }) => object)).toEqual(["London"]);
  expect(pool.several.map(({ object }) => object)).toEqual(["New York"]);
  expect(pool.skipped).toEqual({ "another-object": 1, "too-few-wordings": 1 });
  const parts = [pool.taught.get("capital"), pool.heldOut.get("capital")] as const;
  expect(parts.map((part) => part?.length)).toEqual([3, 2]);
  expect(parts.flatMap((part) => part ?? []).sort()).toEqual(patterns);
});
