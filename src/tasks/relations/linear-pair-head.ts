import { concat, type GraphBuilder, reshape, type Value } from "../../graph/index.js";
import type { HeadInit, TaskHead } from "../../models/task-head.js";
import type { Linear, ParamScope, Pass } from "../../nn/index.js";
import { crossEntropy } from "../losses.js";
import { headLinear } from "./relation-head.js";

/** Picks the vectors of subject and object, float32 `[batch, 2, sequence]`. */
export const selectPair = (g: GraphBuilder): Value => g.input("select", "float32", ["batch", 2, "sequence"]);

/** Both entities' features side by side: `[batch, 2, …]` each → `[batch, 2 · featureSize]`. */
export function pairVectors(g: GraphBuilder, features: readonly Value[], featureSize: number): Value {
  return reshape(g, concat(g, features, -1), 0, 2 * featureSize);
}

/**
 * Relation classification by one layer, `logits = out_proj([f_subject ; f_object])`: what a pre-training learns then
 * stands in the features, and not in layers that are thrown away.
 */
export class LinearPairHead implements TaskHead {
  readonly parameters;
  private readonly outProj: Linear;

  constructor(
    scope: ParamScope,
    private readonly featureSize: number,
    labels: number,
    init: HeadInit,
    private readonly labelSmoothing = 0,
  ) {
    const before = scope.all.length;
    this.outProj = headLinear(scope.at("out_proj"), 2 * featureSize, labels, init);
    this.parameters = scope.all.slice(before);
  }

  select(g: GraphBuilder): Value {
    return selectPair(g);
  }

  forward(pass: Pass, features: readonly Value[]): { logits: Value; loss: Value } {
    const logits = this.outProj.forward(pass, pairVectors(pass.g, features, this.featureSize));
    const labels = pass.g.input("labels", "int32", ["batch"]);
    return { logits, loss: crossEntropy(pass.g, logits, labels, this.labelSmoothing) };
  }
}
