/**
 * Training on several processes.
 * @module
 */
export { Alone, alone } from "./alone.js";
export {
  anyOf,
  barrier,
  firstThenOthers,
  fromFirst,
  type GatherOptions,
  type Memory,
  type Plane,
  type Ranks,
  type Round,
  type Summing,
} from "./ranks.js";
export { isOnAllRanks, onAllRanks } from "./together.js";
export { addFloats, type Exchange, TreeSum } from "./tree-sum.js";
