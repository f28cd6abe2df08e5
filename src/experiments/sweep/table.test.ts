import { describe, expect, it } from "vitest";
import { type RunOutcome, sweepCsv, sweepMarkdown, sweepTable } from "./table.js";

const run = (row: string, seed: number, scores: Record<string, number> | null, error?: string): RunOutcome => ({
  ...{ name: `${row},seed=${seed}`, setting: { row }, seed, scores },
  ...(error === undefined ? {} : { error }),
});

describe("sweepTable", () => {
  const outcomes = [
    run("a|b", 1, { accuracy: 0.5, loss: 2 }),
    run("c", 1, null, 'x.json:3: "no"'),
    run("a|b", 2, { accuracy: 0.75, loss: 1 }),
    run("c", 2, { accuracy: 1 / 3 }),
  ];

  it("gives means and deviations by setting, and a row for each failure", () => {
    expect(sweepMarkdown(sweepTable(outcomes, []))).toBe(
      [
        "| row | accuracy | loss | runs |",
        "| --- | --- | --- | --- |",
        "| a\\|b | 0.6250 ± 0.1768 | 1.5000 ± 0.7071 | 2 |",
        "| c | 0.3333 |  | 1 of 2 |",
        '| c | failed: x.json:3: "no" |  | c,seed=1 |',
        "",
      ].join("\n"),
    );
  });

  it("gives the same as CSV, in full", () => {
    expect(sweepCsv(sweepTable(outcomes, ["accuracy"]))).toBe(
      [
        "row,accuracy,accuracy sd,finished,runs,failure",
        `a|b,0.625,${Math.SQRT2 / 8},2,2,`,
        `c,${1 / 3},,1,2,`,
        'c,,,0,1,"c,seed=1: x.json:3: ""no"""',
        "",
      ].join("\r\n"),
    );
  });

  it("has no deviation of one value", () => {
    const [row] = sweepTable([run("a", 1, { loss: 3 })], []).rows;
    expect(row?.scores["loss"]).toEqual({ mean: 3, sd: null, count: 1 });
  });
});
