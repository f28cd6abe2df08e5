/// <reference types="node" preserve="true" />
/**
 * The adapted model: a backbone, any number of adapters, how they are joined, a head, and what of these is trained.
 * @module kadapter/models
 */
export { AdaptedModel, type AdaptedModelOptions } from "./adapted-model.js";
export {
  type AdaptedDesign,
  type DownstreamDesign,
  downstreamDesign,
  type PretrainingDesign,
  pretrainingDesign,
} from "./design.js";
export type { HeadInit, HeadSizes, MakeHead, TaskHead, TrainableModel } from "./task-head.js";
