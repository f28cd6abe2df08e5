import { describe, expect, it } from "vitest";
import type { ContinualCell } from "./continual.js";
import { continualChanges, continualTable, continualVerdicts } from "./continual-report.js";
import type { TransferCell } from "./transfer-plan.js";
import { transferLines, transferTable, verdict } from "./transfer-report.js";

const cell = (row: TransferCell["row"], accuracies: number[], view = "o"): TransferCell[] =>
  accuracies.map((accuracy, i) => ({
    ...{ row, view, accuracy, measure: "m", seed: i },
    relations: ["last", "taps", "random"].includes(row) ? null : ("all" as const),
  }));

describe("transfer", () => {
  const linesOf = (...cells: TransferCell[][]) => transferLines({ cells: cells.flat(), measures: ["m", "other"] });
  const controls = [cell("last", [0.3, 0.31, 0.29], "h"), cell("random", [0.4, 0.42, 0.38])];

  it("shows means and deviations in the ladder's order, and what was not run", () => {
    const lines = linesOf(cell("contrastive", [0.6, 0.62, 0.58]), ...controls);
    expect(transferTable(lines, ["m", "other"]).split("\n")).toEqual([
      "| features | m | other |",
      "| --- | --- | --- |",
      "| h[L] | 30.0 ± 1.0 | not run |",
      "| random adapter: o | 40.0 ± 2.0 | not run |",
      "| F, contrastive: o | 60.0 ± 2.0 | not run |",
    ]);
  });

  it("says that knowledge arrives only beyond two deviations of every control", () => {
    expect(verdict(linesOf(cell("contrastive", [0.6, 0.62, 0.58]), ...controls), "m")).toMatch(
      /^m: the knowledge arrives/,
    );
    const near = linesOf(cell("contrastive", [0.44, 0.46, 0.42]), ...controls);
    expect(verdict(near, "m")).toMatch(/^m: ahead, but within .*best control: random adapter: o 40.0 ± 2.0/);
    // The best control is beaten clearly, another one is so spread that it is not.
    const spread = linesOf(cell("contrastive", [0.6, 0.62, 0.58]), ...controls, cell("taps", [0.1, 0.38, 0.66], "h"));
    expect(verdict(spread, "m")).toMatch(/ahead, but within/);
    expect(verdict(linesOf(cell("contrastive", [0.3, 0.3]), ...controls), "m")).toMatch(/no gain/);
    expect(verdict(linesOf(cell("contrastive", [0.6]), ...controls), "m")).toMatch(/one seed says nothing/);
    expect(verdict(linesOf(...controls), "m")).toMatch(/nothing to compare/);
  });
});

describe("continual", () => {
  const at = (
    system: ContinualCell["system"],
    step: number,
    kind: string,
    metric: number,
    bits = "x",
  ): ContinualCell => ({
    ...{ system, step, kind, metric, seed: 1, metrics: {}, examples: 9, logits: bits, tensors: "t" },
  });
  const cells = [
    at("own-adapters", 1, "facts", 0.5),
    at("own-adapters", 2, "facts", 0.5),
    at("own-adapters", 2, "trees", 0.8),
    at("shared-adapter", 1, "facts", 0.5),
    at("shared-adapter", 2, "facts", 0.4, "y"),
    at("shared-adapter", 2, "trees", 0.7),
  ];

  it("tells what changed, by logits even where the score is the same", () => {
    expect(continualChanges(cells).map(({ system, unchanged }) => [system, unchanged])).toEqual([
      ["own-adapters", true],
      ["shared-adapter", false],
    ]);
    const same = [at("own-adapters", 1, "facts", 0.5), at("own-adapters", 2, "facts", 0.5, "other bits")];
    expect(continualChanges(same)).toMatchObject([{ unchanged: false, before: 0.5, after: 0.5 }]);
    expect(continualVerdicts(continualChanges(cells))).toEqual([
      expect.stringContaining("the same to the last bit"),
      expect.stringContaining("1 of 1 earlier kinds changed, by -10.0 points"),
    ]);
  });

  it("has a row for each step", () => {
    expect(continualTable(cells, ["facts", "trees"]).split("\n").slice(2)).toEqual([
      "| an adapter for each kind (K-Adapter) | 1. facts | 50.0 |  |",
      "| an adapter for each kind (K-Adapter) | 2. trees | 50.0 | 80.0 |",
      "| one adapter trained on all in turn | 1. facts | 50.0 |  |",
      "| one adapter trained on all in turn | 2. trees | 40.0 | 70.0 |",
    ]);
  });
});
