import { concat, type GraphBuilder, type Parameter, reshape, type Value } from "../../graph/index.js";
import type { HeadInit, HeadSizes, TaskHead } from "../../models/task-head.js";
import { type ParamScope, type Pass, randomLinear, selectInput } from "../../nn/index.js";
import { crossEntropy } from "../losses.js";
import { NarrowedHead } from "../narrowed-head.js";
import { ProjectionHead } from "../projection-head.js";

/** Picks the vectors of subject and object, float32 `[batch, 2, sequence]`. */
export const selectPair = (g: GraphBuilder): Value => selectInput(g, 2);

/** Both entities' features side by side: `[batch, 2, …]` each → `[batch, 2 · featureSize]`. */
export function pairVectors(g: GraphBuilder, features: readonly Value[], featureSize: number): Value {
  return reshape(g, concat(g, features, -1), 0, 2 * featureSize);
}

export interface RelationHeadOptions {
  readonly dropout: number;
  readonly init: HeadInit;
  /** Share of each label that is spread over all relations; 0 if left out. */
  readonly labelSmoothing?: number;
}

/**
 * Relation classification from the vectors of subject and object:
 *
 *     logits = out_proj(drop(dense([f_subject ; f_object])))
 *
 * or by a single layer, `logits = out_proj([f_subject ; f_object])`: what a pre-training learns then stands in the
 * features, and not in layers that are thrown away. `labels` are int32 `[batch]`.
 */
export class RelationHead implements TaskHead {
  readonly parameters: readonly Parameter[];
  private readonly classifier: { forward(pass: Pass, pair: Value): Value };

  /**
   * @param sizes width of the vectors, and of `dense`; null for a single layer
   * @param labels number of relations
   */
  constructor(
    scope: ParamScope,
    private readonly sizes: { readonly featureSize: number; readonly hiddenSize: number | null },
    labels: number,
    private readonly options: RelationHeadOptions,
  ) {
    const { featureSize, hiddenSize } = sizes;
    const before = scope.all.length;
    this.classifier =
      hiddenSize === null
        ? randomLinear(scope.at("out_proj"), 2 * featureSize, labels, options.init)
        : new ProjectionHead(scope, 2 * featureSize, labels, { ...options, hiddenSize });
    this.parameters = scope.all.slice(before);
  }

  select(g: GraphBuilder): Value {
    return selectPair(g);
  }

  /** @param features `[batch, 2, …]`, side by side as wide as a vector */
  forward(pass: Pass, features: readonly Value[]): { logits: Value; loss: Value } {
    const { g } = pass;
    const logits = this.classifier.forward(pass, pairVectors(g, features, this.sizes.featureSize));
    return {
      logits,
      loss: crossEntropy(g, logits, g.input("labels", "int32", ["batch"]), this.options.labelSmoothing),
    };
  }
}

/**
 * The pre-training head of K-Adapter §3.3: `f = com_dense([h[L] ; o_K])` before a {@link RelationHead} of two layers.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/fac-adapter.py#L381 `AdapterModel`
 */
export function releasedRelationHead(
  scope: ParamScope,
  sizes: HeadSizes,
  labels: number,
  options: RelationHeadOptions,
): NarrowedHead<RelationHead> {
  const { hiddenSize } = sizes;
  const make = (own: ParamScope) => new RelationHead(own, { featureSize: hiddenSize, hiddenSize }, labels, options);
  return new NarrowedHead(scope, sizes, options.init, make);
}
