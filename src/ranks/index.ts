/**
 * Training on several processes.
 * @module
 */
export { Alone, alone } from "./alone.js";
export * from "./ranks.js";
export { addFloats, type Exchange, TreeSum } from "./tree-sum.js";
