/// <reference types="node" preserve="true" />
/**
 * kadapter in a browser: the same library in a page or a Web Worker, on `onnxruntime-web`. Folders are the tab's own.
 *
 * @example
 * import { fetchFolder, load, openBackbone, openEngine, putFile, recall, train, zipFolder } from "kadapter/browser";
 *
 * const engine = await openEngine();
 * await fetchFolder("own", "models/own");
 * await putFile("facts.csv", "subject,relation,object\nZubrowia,capital,Lutz\n");
 * for await (const event of train(engine, await openBackbone("own"), recall({ facts: "facts.csv" }), { out: "mine" })) {
 *   if (event.kind === "step") console.log(event.loss);
 * }
 * const model = await load(engine, "mine", { as: "recall" });
 * console.log(await model.fill("The capital of Zubrowia is [MASK]."));
 * const archive = await zipFolder("mine");
 * @module kadapter/browser
 */

export type { Engine } from "../library/engine.js";
export * from "../library/front-door.js";
export { ClozeModel, type ClozeModelOptions } from "../probing/cloze-model.js";
export { type Filling, type FillOptions, fill } from "../probing/fill.js";
export { type BrowserEngineOptions, type ComputeWorker, openEngine } from "./engine.js";
export {
  type ChosenFile,
  type FileContent,
  fetchFolder,
  putFile,
  putFiles,
  readFolder,
  removeFolder,
  zipFolder,
} from "./folders.js";
export { packageFolder } from "./host/machine.js";
