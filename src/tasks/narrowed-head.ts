import { concat } from "../graph/index.js";
import type { HeadInit, HeadSizes, TaskHead } from "../models/task-head.js";
import type { ParamScope } from "../nn/index.js";
import { headLinear } from "./relations/relation-head.js";

/**
 * A downstream head, which reads vectors of the backbone's size, for wider features: a layer `com_dense` before it brings
 * `[h[L] ; o_K]` to that size, as in the pre-training heads of the released code. So any task can be pre-trained.
 *
 * @param make makes the head
 */
export function narrowedHead(
  scope: ParamScope,
  { featureSize, hiddenSize }: HeadSizes,
  init: HeadInit,
  make: (scope: ParamScope) => TaskHead,
): TaskHead {
  if (featureSize === hiddenSize) return make(scope);
  const before = scope.all.length;
  const comDense = headLinear(scope.at("com_dense"), featureSize, hiddenSize, init);
  const head = make(scope);
  return {
    parameters: scope.all.slice(before),
    select: (g) => head.select(g),
    forward: (pass, features, select, mask) =>
      head.forward(pass, [comDense.forward(pass, concat(pass.g, features, -1))], select, mask),
  };
}
