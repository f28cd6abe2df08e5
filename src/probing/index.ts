/// <reference types="node" preserve="true" />
/**
 * What a language model knows, with and without adapters: LAMA, and words for a masked position.
 *
 * @example
 * import { workerExecutor } from "kadapter/runtime";
 * import { ClozeModel, fill } from "kadapter/probing";
 * const executor = await workerExecutor();
 * const model = await ClozeModel.open(executor, { heads: ["runs/heads"] });
 * console.log(await fill(model, "The capital of France is [MASK].", { top: 5 }));
 * await executor.close();
 * @module kadapter/probing
 */
export { type Cloze, clozeOf } from "./answers.js";
export { ClozeModel, type ClozeModelOptions } from "./cloze-model.js";
export { type Filling, type FillOptions, fill } from "./fill.js";
export { type FactSkip, type LamaProbeOptions, type LamaReport, probeLama, type RelationReport } from "./lama.js";
export { type ConsistencyScores, consistencyScores, macroAverage, type RankScores, rankScores } from "./rank-scores.js";
