/**
 * Whole experiments: many trainings and measurements that make one table, each finished number in a file of its own, so
 * that a run that was stopped goes on where it was.
 * @module
 */
export * from "./cells.js";
export * from "./continual.js";
export * from "./continual-report.js";
export * from "./linear-probe.js";
export * from "./measure.js";
export * from "./pair-reader.js";
export * from "./relation-sets.js";
export * from "./transfer.js";
export * from "./transfer-plan.js";
export * from "./transfer-report.js";
