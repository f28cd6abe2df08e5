/// <reference types="node" preserve="true" />
/**
 * Layers with parameters, written as graphs.
 * @module kadapter/nn
 */
export {
  type AttentionMask,
  atPositions,
  attend,
  attentionMask,
  biasOf,
  maskForQueries,
  selectInput,
} from "./attention.js";
export { Dropout, dropoutFeeds } from "./dropout.js";
export { quantizedFrom, quantizeWeight, scalesOf } from "./int8.js";
export {
  Conv1D,
  drop,
  Embedding,
  LayerNorm,
  Linear,
  type LinearInit,
  linearInit,
  type Pass,
  type RandomInit,
  randomLinear,
} from "./layers.js";
export { Packing, packedTokens } from "./packing.js";
export { constant, identity, initialValue, normal, ParamScope, uniform } from "./params.js";
export {
  type Activation,
  activate,
  activationNames,
  SelfAttention,
  type TransformerConfig,
  TransformerLayer,
} from "./transformer.js";
