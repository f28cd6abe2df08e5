import { describe, expect, it } from "vitest";
import type { LamaReport } from "../probing/lama.js";
import { toldScores } from "./downstream-tasks.js";
import type { LamaResult } from "./lama-plan.js";
import { lamaTables } from "./lama-report.js";
import { linguisticTable } from "./linguistic.js";
import { pairedDifference, precisionTable } from "./precision.js";
import { markdownTable, shownSpread } from "./tables.js";

it("shows a mean with its deviation where there are several numbers, and keeps bars out of cells", () => {
  expect(shownSpread([1, 2])).toBe("1.5 ± 0.7");
  expect(shownSpread([1.25], 2)).toBe("1.25");
  expect(markdownTable(["a", "b"], [["x|y", ""]])).toBe("| a | b |\n| --- | --- |\n| x\\|y |  |");
});

it("linguisticTable has a row for each kind of features, over seeds", () => {
  const cell = (seed: number, uas: number) => ({
    ...{ row: "random" as const, seed, dev: { uas, uasNoPunct: 0.5 } },
    test: { uas: uas / 2, uasNoPunct: uas / 4 },
  });
  expect(linguisticTable([cell(1, 0.8), cell(2, 0.6), { ...cell(1, 0.4), row: "adapter" }]).split("\n")).toEqual([
    "| features | UAS dev | UAS test | without punctuation | seeds |",
    "| --- | --- | --- | --- | --- |",
    "| random adapter | 70.0 ± 14.1 | 35.0 ± 7.1 | 17.5 ± 3.5 | 2 |",
    "| trained adapter | 40.0 | 20.0 | 10.0 | 1 |",
  ]);
});

describe("precision", () => {
  const cell = (precision: "float32" | "float16 states" | "float16 states, int8 backbone", right: boolean[]) => ({
    ...{ precision, seed: 1, right },
  });
  const reference = cell("float32", [true, true, false, false]);

  it("pairs examples: the mean of differences, and an interval by their spread", () => {
    expect(pairedDifference([reference], [reference])).toEqual({ middle: 0, half: 0 });
    const { middle, half } = pairedDifference([cell("float16 states", [true, false, false, false])], [reference]);
    expect(middle).toBe(-0.25);
    // Differences 0, −1, 0, 0 have a sample deviation of 1/2.
    expect(half).toBeCloseTo((1.96 * 0.5) / 2, 12);
  });

  it("compares every precision with the first", () => {
    const others = [
      cell("float16 states", [true, true, true, false]),
      cell("float16 states, int8 backbone", [false, true, false, false]),
    ];
    expect(precisionTable([reference, ...others]).split("\n")).toEqual([
      "| precision | accuracy, % | difference | interval |",
      "| --- | --- | --- | --- |",
      "| float32 | 50.00 |  |  |",
      "| float16 states | 75.00 | +25.00 | −24.00 … +74.00 |",
      "| float16 states, int8 backbone | 25.00 | −25.00 | −74.00 … +24.00 |",
    ]);
  });
});

it("a downstream table tells the scores that its task is known by", () => {
  const told = (...names: string[]) => toldScores("relations", [{ scores: null }, { scores: namesOf(names) }]);
  const namesOf = (names: string[]) => Object.fromEntries(names.map((name) => [name, 0]));
  expect(told("test.microF1", "test.accuracy")).toEqual(["test.microF1", "test.accuracy"]);
  expect(told("test.microF1", "test.f1")).toEqual(["test.f1", "test.accuracy"]);
  expect(told("test.microF1", "test.officialMacroF1")).toEqual(["test.officialMacroF1", "test.accuracy"]);
  expect(toldScores("open-qa", [])).toEqual(["test.exactMatch", "test.f1"]);
});

it("lamaTables has the heads, every probe by part, and relations of those that were asked", () => {
  const scores = (p1: number) => ({ p1, p10: p1, p100: 1, mrr: p1, questions: 4 });
  const report = (seed: number, none: number, facts: number): LamaReport => {
    const macro = { none: scores(none), [`random-${seed}`]: scores(0), [`facts-${seed}`]: scores(facts) };
    const relation = { relation: "P19", facts: 9, skipped: {}, answers: 3, scores: macro };
    return { relations: [relation], macro, skipped: { "too-long": 5 }, facts: 9, uncased: false };
  };
  const own: LamaReport = { ...report(1, 0, 0), macro: { own: scores(0.75) } };
  const head = (perplexity: number) => ({ perplexity, accuracy: perplexity / 10 });
  const result: LamaResult = {
    heads: [1, 2].map((seed) => ({ seed, sets: { none: head(seed), [`facts-${seed}`]: head(seed + 1) } })),
    trainTexts: 7,
    devTexts: 3,
    cells: [
      { seed: 1, probe: "fifth", reports: { trex: report(1, 0.5, 0.5) } },
      { seed: 2, probe: "fifth", reports: { trex: report(2, 0.5, 1) } },
      { seed: null, probe: "fifth", reports: { trex: own } },
      { seed: 1, probe: "rest", reports: { trex: report(1, 0.25, 0.25) } },
    ],
  };
  expect(lamaTables(result).split("\n")).toEqual([
    "Heads: 7 texts, tested on 3",
    "",
    "| set | perplexity | masked accuracy |",
    "| --- | --- | --- |",
    "| none | 1.5 ± 0.7 | 15.0 ± 7.1 |",
    "| facts | 2.5 ± 0.7 | 25.0 ± 7.1 |",
    "",
    "trex, fifth: 4 of 9 facts asked (too-long 5)",
    "",
    "| set | P@1 | P@10 | P@100 | MRR | seeds |",
    "| --- | --- | --- | --- | --- | --- |",
    "| own head | 75.0 | 75.0 | 100.0 | 0.750 | 1 |",
    "| none | 50.0 ± 0.0 | 50.0 ± 0.0 | 100.0 ± 0.0 | 0.500 ± 0.000 | 2 |",
    "| random | 0.0 ± 0.0 | 0.0 ± 0.0 | 100.0 ± 0.0 | 0.000 ± 0.000 | 2 |",
    "| facts | 75.0 ± 35.4 | 75.0 ± 35.4 | 100.0 ± 0.0 | 0.750 ± 0.354 | 2 |",
    "",
    "P@1 by relation, trex, fifth",
    "",
    "| relation | facts | none | random | facts |",
    "| --- | --- | --- | --- | --- |",
    "| P19 | 4 | 50.0 ± 0.0 | 0.0 ± 0.0 | 75.0 ± 35.4 |",
    "",
    "trex, rest: 4 of 9 facts asked (too-long 5)",
    "",
    "| set | P@1 | P@10 | P@100 | MRR | seeds |",
    "| --- | --- | --- | --- | --- | --- |",
    "| none | 25.0 | 25.0 | 100.0 | 0.250 | 1 |",
    "| random | 0.0 | 0.0 | 100.0 | 0.000 | 1 |",
    "| facts | 25.0 | 25.0 | 100.0 | 0.250 | 1 |",
  ]);
});
