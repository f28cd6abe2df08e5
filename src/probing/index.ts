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
 * @module
 */
export * from "./answers.js";
export * from "./candidates.js";
export * from "./cloze-model.js";
export * from "./fill.js";
export * from "./lama.js";
export * from "./rank-scores.js";
