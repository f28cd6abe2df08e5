/// <reference types="node" preserve="true" />
/**
 * Whole experiments: many trainings and measurements that make one table, each finished number in a file of its own, so
 * that a run that was stopped goes on where it was.
 * @module kadapter/experiments
 */
export { Cells } from "./cells.js";
export { type ContinualPlan, runContinual } from "./continual.js";
export { continualTable } from "./continual-report.js";
export { type DownstreamPlan, runDownstream } from "./downstream.js";
export { runLama } from "./lama.js";
export type { LamaPlan } from "./lama-plan.js";
export { lamaTables } from "./lama-report.js";
export { type LinguisticPlan, linguisticTable, runLinguistic } from "./linguistic.js";
export { type PrecisionPlan, precisionTable, runPrecision } from "./precision.js";
export type { RecallPlan } from "./recall/plan.js";
export { recallTables } from "./recall/report.js";
export { runRecall } from "./recall/run.js";
export { type SampleOptions, sampleRelations } from "./sample-relations.js";
export { runSweep, type Sweep, type SweepRunner } from "./sweep/sweep.js";
export { readSweep } from "./sweep/sweep-file.js";
export { sweepTable } from "./sweep/table.js";
export type { ExperimentWatch } from "./trainings.js";
export { runTransfer } from "./transfer.js";
export type { TransferPlan } from "./transfer-plan.js";
export { transferTable } from "./transfer-report.js";
