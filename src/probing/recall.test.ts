import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Fact } from "../data/fact.js";
import type { Wordings } from "../data/wordings.js";
import type { Executor } from "../engine/executor.js";
import { localExecutor } from "../runtime/local.js";
import { writeTaughtAdapter } from "../testing/taught-adapter.js";
import { ClozeModel } from "./cloze-model.js";
import { probeRecall, type RecallScoresBySet } from "./recall.js";

let folder = "";
let executor: Executor;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-recall-"));
  executor = await localExecutor({ device: "cpu", threads: 1 });
  await writeTaughtAdapter(join(folder, "adapter"), "models/own", ["Vienna", "Graz"]);
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

const fact = (subject: string, relation: string, object: string): Fact => ({
  ...{ subject, relation, object, aliases: [], where: "facts.csv:2" },
});
const facts = [
  fact("Vienna", "in", "Austria"),
  fact("Graz", "in", "New Zealand"),
  fact("Rome", "in", "Italy"),
  fact("Vienna", "by", "the river"),
];
const known = "[X] is a city of [Y].";
const other = "In [Y] lies [X].";
const wordings = new Map([
  ["in", [known, other]],
  ["by", ["[X] lies by [Y]."]],
]);

async function probe(taught?: Wordings) {
  await using model = await ClozeModel.open(executor, { adapters: { mine: join(folder, "adapter") } });
  return await probeRecall(model, { facts, wordings, ...(taught ? { taught } : {}) }, 24, { batchSize: 4 });
}

const questions = (scores: RecallScoresBySet | null) => scores?.["mine"]?.questions ?? 0;

it("tells taught wordings from others, and answers of one token from those of several", async () => {
  const { scores, parts, wordings: each, ranks } = await probe(new Map([["in", [known, "[X] [Y]"]]]));
  expect(questions(scores)).toBe(7);
  expect([questions(parts.taught), questions(parts.heldOut)]).toEqual([3, 4]);
  expect([questions(parts.one), questions(parts.several)]).toEqual([4, 3]);
  expect(each.map(({ relation, pattern, taught }) => [relation, pattern, taught])).toEqual([
    ["in", known, true],
    ["in", other, false],
    ["by", "[X] lies by [Y].", false],
  ]);
  // Both ways to part the questions leave none out.
  for (const [one, two] of [
    [parts.taught, parts.heldOut],
    [parts.one, parts.several],
  ]) {
    const sum = [one, two].reduce((total, some) => total + (some?.["mine"]?.mrr ?? 0) * questions(some ?? null), 0);
    expect(sum / 7).toBeCloseTo(scores["mine"]?.mrr ?? 0, 10);
  }
  const mrr = (ranks["mine"] ?? []).reduce((sum, rank) => sum + 1 / rank, 0) / 7;
  expect(mrr).toBeCloseTo(scores["mine"]?.mrr ?? 0, 10);
});

it("cannot tell without the taught wordings, nor agreement where no fact is asked twice", async () => {
  const { parts, wordings: each, relations } = await probe();
  expect([parts.taught, parts.heldOut]).toEqual([null, null]);
  expect(each.map(({ taught }) => taught)).toEqual([null, null, null]);
  expect(relations["by"]?.["mine"]?.consistency).toBeNull();
  expect(relations["in"]?.["none"]?.consistency).toEqual(expect.any(Number));
});

it("asks subjects from objects, where they are the only ones, apart from the others", async () => {
  await using model = await ClozeModel.open(executor, { adapters: { mine: join(folder, "adapter") } });
  const more = [...facts, fact("Linz", "in", "Austria")];
  const asked = { facts: more, wordings, taught: new Map([["in", [known]]]), backward: true };
  const { scores, parts, wordings: each, skipped } = await probeRecall(model, asked, 24, { batchSize: 4 });
  expect(questions(scores)).toBe(5);
  expect([questions(parts.taught), questions(parts.heldOut)]).toEqual([2, 3]);
  expect(each.map(({ pattern }) => pattern)).toEqual([known, other, "[X] lies by [Y]."]);
  expect(skipped).toEqual({ "several-subjects": 2 });
});

it("asks facts in their sentences, and tells different facts of one subject apart", async () => {
  await using model = await ClozeModel.open(executor, { adapters: { mine: join(folder, "adapter") } });
  const stated = (object: string, ...sentences: readonly string[]) => ({ ...fact("Vienna", "in", object), sentences });
  const some = [stated("Austria", "See [X] , [Y] .", "[X] is in [Y] ."), stated("Europe", "[X] , in [Y] .")];
  const { wordings: each, scores } = await probeRecall(model, { facts: some, wordings: new Map() }, 24, {
    batchSize: 4,
  });
  expect(each.map(({ pattern }) => pattern)).toEqual(some.flatMap(({ sentences }) => sentences));
  const agreed = scores["mine"]?.consistency;
  expect([0, 1]).toContain(agreed);
});

it("keeps the model's own answers about subjects that were not taught", async () => {
  await using model = await ClozeModel.open(executor, { adapters: { mine: join(folder, "adapter") } });
  const asked = { facts: [fact("Rome", "in", "Italy"), fact("Paris", "in", "France")], wordings };
  const { scores } = await probeRecall(model, asked, 24, { batchSize: 4 });
  expect(scores["mine"]).toEqual(scores["none"]);
  expect(scores["mine"]?.kept).toBe(1);
});
