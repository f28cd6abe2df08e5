/**
 * What a linguistic adapter brings: the same head on the model's last hidden state, on an untrained adapter (random
 * weights, or copies of the model's layers, as the trained one starts) and on a trained one. The best epoch by the dev
 * data is asked about the test data, once.
 * @module
 */
import { join } from "node:path";
import { randomInit } from "../adapters/config.js";
import type { DependencySentence } from "../data/dependency-sentence.js";
import type { Executor } from "../engine/executor.js";
import type { linguisticRows } from "../settings/choices.js";
import type { ExampleSet } from "../tasks/task-data.js";
import type { LinguisticTaskData } from "../tasks/trees/linguistic.js";
import type { TrainingConfig } from "../training/config.js";
import { Cells } from "./cells.js";
import { tellExamples } from "./measure.js";
import { markdownTable, shownSpread } from "./tables.js";
import { copiesOfLayers, type ExperimentWatch, hashesOfData, type Laboratory, pretrainedCell } from "./trainings.js";

export type LinguisticRow = (typeof linguisticRows)[number];

const rowNames: Readonly<Record<LinguisticRow, string>> = {
  last: "h[L] alone",
  random: "random adapter",
  copies: "copies of the model's layers, untrained",
  adapter: "trained adapter",
};

export interface LinguisticPlan {
  /** How the adapter is trained; its seed is each run's own, and `out` is the experiment's folder. */
  readonly training: TrainingConfig;
  readonly rows: readonly LinguisticRow[];
  readonly seeds: readonly number[];
}

export interface LinguisticData {
  readonly taskData: LinguisticTaskData;
  readonly test: ExampleSet<DependencySentence>;
}

/** Attachment scores of one training. */
export interface LinguisticCell {
  readonly row: LinguisticRow;
  readonly seed: number;
  readonly dev: Rates;
  readonly test: Rates;
}

/** Fractions: `uas`, `uasNoPunct`, and `las`, `lasNoPunct` where relations are learnt. */
type Rates = Readonly<Record<string, number>>;

export interface LinguisticWatch extends ExperimentWatch {
  readonly onCell?: (cell: LinguisticCell) => void;
}

/** Trains every row with every seed and measures it; what is finished is not done again. */
export async function runLinguistic(
  executor: Executor,
  plan: LinguisticPlan,
  data: LinguisticData,
  watch: LinguisticWatch = {},
): Promise<LinguisticCell[]> {
  const laboratory = { executor, cells: new Cells(join(plan.training.out, "cells")), watch };
  const cells: LinguisticCell[] = [];
  for (const row of plan.rows) {
    for (const seed of plan.seeds) {
      const cell = { row, seed, ...(await measure(laboratory, plan, data, row, seed)) };
      cells.push(cell);
      watch.onCell?.(cell);
    }
  }
  return cells;
}

async function measure(
  laboratory: Laboratory,
  { training }: LinguisticPlan,
  { taskData, test }: LinguisticData,
  row: LinguisticRow,
  seed: number,
): Promise<Pick<LinguisticCell, "dev" | "test">> {
  const { executor, cells, watch } = laboratory;
  const name = `${row}.seed-${seed}`;
  const out = join(training.out, `${row}-${seed}`);
  const config = { ...rowConfig(training, row), out, settings: { ...training.settings, seed } };
  const trained = await pretrainedCell(laboratory, name, config, taskData);
  const data = hashesOfData(training, { ...taskData, test });
  return cells.get(name, { trained: { ...trained }, data }, async () => {
    const rates = async (set: ExampleSet<DependencySentence>): Promise<Rates> => {
      const how = { backbone: training.backbone, signal: watch.signal };
      const { task, predictions } = await tellExamples(executor, out, taskData.kind, set, how);
      return task.evaluation(task.score(predictions)).metrics;
    };
    return { dev: await rates(taskData.dev), test: await rates(test) };
  });
}

function rowConfig(training: TrainingConfig, row: LinguisticRow): TrainingConfig {
  switch (row) {
    case "last":
      return { ...training, features: "last" };
    case "random":
      return { ...training, freezeAdapter: true, architecture: { ...training.architecture, init: randomInit } };
    case "copies":
      return { ...training, freezeAdapter: true, architecture: copiesOfLayers(training) };
    case "adapter":
      return training;
  }
}

/** A row for each kind of features: attachment in percent, mean ± deviation over seeds. */
export function linguisticTable(cells: readonly LinguisticCell[]): string {
  const rows = [...new Set(cells.map(({ row }) => row))].map((row) => {
    const own = cells.filter((cell) => cell.row === row);
    const shown = (part: "dev" | "test", metric: string) =>
      shownSpread(own.map((cell) => 100 * (cell[part][metric] as number)));
    return [rowNames[row], shown("dev", "uas"), shown("test", "uas"), shown("test", "uasNoPunct"), `${own.length}`];
  });
  return markdownTable(["features", "UAS dev", "UAS test", "without punctuation", "seeds"], rows);
}
