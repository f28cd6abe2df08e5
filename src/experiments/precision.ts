/**
 * What it costs in accuracy to keep hidden states in float16, and to run the backbone in int8, against float32
 * throughout. Every precision is trained with every seed and asked about the same examples, so differences are paired:
 * an example's is the mean over seeds of (right in this precision) − (right in float32), and the interval that of the
 * mean over examples.
 * @module
 */
import { join } from "node:path";
import type { Executor } from "../engine/executor.js";
import { spread } from "../statistics.js";
import { argmax } from "../tasks/classification-scores.js";
import type { FactualTaskData } from "../tasks/relations/factual.js";
import type { TrainingConfig } from "../training/config.js";
import { Cells } from "./cells.js";
import { tellExamples } from "./measure.js";
import { markdownTable, shownSpread } from "./tables.js";
import { type ExperimentWatch, type Laboratory, pretrainedCell } from "./trainings.js";

/** In the order of the table; the others are compared with the first. */
export const precisions = ["float32", "float16 states", "float16 states, int8 backbone"] as const;
export type PrecisionName = (typeof precisions)[number];

const settings = {
  float32: { dtype: "float32", precision: "float32" },
  "float16 states": { dtype: "float16", precision: "float32" },
  "float16 states, int8 backbone": { dtype: "float16", precision: "int8" },
} as const satisfies Record<PrecisionName, object>;

export interface PrecisionPlan {
  /** How the adapter is trained; seed and precision are each run's own, and `out` is the experiment's folder. */
  readonly training: TrainingConfig;
  readonly seeds: readonly number[];
}

/** Which examples of the dev data one training tells right, in their order. */
export interface PrecisionCell {
  readonly precision: PrecisionName;
  readonly seed: number;
  readonly right: readonly boolean[];
}

export interface PrecisionWatch extends ExperimentWatch {
  readonly onCell?: (cell: PrecisionCell) => void;
}

/** Trains every precision with every seed; what is finished is not done again. */
export async function runPrecision(
  executor: Executor,
  plan: PrecisionPlan,
  taskData: FactualTaskData,
  watch: PrecisionWatch = {},
): Promise<PrecisionCell[]> {
  const laboratory = { executor, cells: new Cells(join(plan.training.out, "cells")), watch };
  const cells: PrecisionCell[] = [];
  for (const seed of plan.seeds) {
    for (const precision of precisions) {
      const cell = { precision, seed, right: await rightOnes(laboratory, plan, taskData, precision, seed) };
      cells.push(cell);
      watch.onCell?.(cell);
    }
  }
  return cells;
}

async function rightOnes(
  laboratory: Laboratory,
  { training }: PrecisionPlan,
  taskData: FactualTaskData,
  precision: PrecisionName,
  seed: number,
): Promise<readonly boolean[]> {
  const { executor, cells, watch } = laboratory;
  const name = `${precision.replaceAll(/\W+/g, "-")}.seed-${seed}`;
  const config: TrainingConfig = {
    ...training,
    out: join(training.out, name),
    featureOptions: { ...training.featureOptions, ...settings[precision] },
    settings: { ...training.settings, seed },
  };
  const trained = await pretrainedCell(laboratory, name, config, taskData);
  const { right } = await cells.get(name, { trained: { ...trained } }, async () => {
    const how = { backbone: training.backbone, signal: watch.signal };
    const { predictions } = await tellExamples(executor, config.out, taskData.kind, taskData.dev, how);
    return { right: predictions.map(({ encoded, logits }) => argmax(logits) === encoded.label) };
  });
  return right;
}

const percent = (share: number) => (100 * share).toFixed(2);
const signed = (share: number) => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
const rate = (right: readonly boolean[]) => right.filter((one) => one).length / right.length;

/** Accuracy in percent, mean ± deviation over seeds; differences in points with a 95 % interval. */
export function precisionTable(cells: readonly PrecisionCell[]): string {
  const byPrecision = (name: PrecisionName) => cells.filter(({ precision }) => precision === name);
  const reference = byPrecision(precisions[0]);
  const rows = precisions.map((name) => {
    const own = byPrecision(name);
    const accuracy = shownSpread(
      own.map(({ right }) => 100 * rate(right)),
      2,
    );
    if (name === precisions[0]) return [name, accuracy, "", ""];
    const { middle, half } = pairedDifference(own, reference);
    return [name, accuracy, signed(middle), `${signed(middle - half)} … ${signed(middle + half)}`];
  });
  return markdownTable(["precision", "accuracy, %", "difference", "interval"], rows);
}

/** The mean over examples of the mean over seeds, and half its 95 % interval (normal, for many examples). */
export function pairedDifference(
  own: readonly PrecisionCell[],
  reference: readonly PrecisionCell[],
): { readonly middle: number; readonly half: number } {
  const examples = reference[0]?.right ?? [];
  const differences = examples.map((_, example) => {
    const bySeed = own.map(({ right }, i) => Number(right[example]) - Number(reference[i]?.right[example]));
    return spread(bySeed).mean;
  });
  const { mean, deviation } = spread(differences);
  return { middle: mean, half: (1.96 * deviation) / Math.sqrt(differences.length) };
}
