/**
 * Whole experiments: many trainings and measurements that make one table, each finished number in a file of its own, so
 * that a run that was stopped goes on where it was.
 * @module
 */
export * from "./cells.js";
export * from "./continual.js";
export * from "./continual-report.js";
export {
  type DownstreamAdapter,
  type DownstreamFacts,
  type DownstreamPlan,
  type DownstreamTable,
  type DownstreamWatch,
  runDownstream,
} from "./downstream.js";
export type { DownstreamKind, DownstreamTask } from "./downstream-tasks.js";
export type { FactualTeaching } from "./facts.js";
export { runLama } from "./lama.js";
export type { HeadScores, LamaCell, LamaPart, LamaPlan, LamaProbe, LamaResult, LamaWatch } from "./lama-plan.js";
export { lamaTables } from "./lama-report.js";
export * from "./linear-probe.js";
export {
  type LinguisticCell,
  type LinguisticData,
  type LinguisticPlan,
  type LinguisticRow,
  type LinguisticWatch,
  linguisticTable,
  runLinguistic,
} from "./linguistic.js";
export * from "./measure.js";
export * from "./pair-reader.js";
export {
  type PrecisionCell,
  type PrecisionName,
  type PrecisionPlan,
  type PrecisionWatch,
  pairedDifference,
  precisionTable,
  runPrecision,
} from "./precision.js";
export * from "./relation-sets.js";
export { type PartShares, type SampleCounts, type SampleOptions, sampleRelations } from "./sample-relations.js";
export {
  RunFailed,
  type RunResult,
  runSweep,
  type Sweep,
  type SweepEvaluation,
  type SweepOptions,
  type SweepResult,
  type SweepRun,
  type SweepRunner,
} from "./sweep/sweep.js";
export { readSweep } from "./sweep/sweep-file.js";
export { type RunOutcome, type SweepTable, sweepCsv, sweepMarkdown, sweepTable } from "./sweep/table.js";
export type { ExperimentWatch } from "./trainings.js";
export * from "./transfer.js";
export * from "./transfer-plan.js";
export * from "./transfer-report.js";
