import type { Parameter, Value } from "../graph/index.js";
import type { HeadInit } from "../models/task-head.js";
import { drop, type Linear, type ParamScope, type Pass } from "../nn/index.js";
import { headLinear } from "./relations/relation-head.js";

export interface ProjectionHeadOptions {
  /** Width of what it reads: H for one position, 2H for two side by side. */
  readonly inputs: number;
  /** The backbone's (H). */
  readonly hiddenSize: number;
  readonly classes: number;
  readonly dropout: number;
  readonly init: HeadInit;
}

/**
 * The downstream heads of relation classification and entity typing (`TACREDModel`, `ETModel` and `FIGERModel` of the
 * released code): `out_proj(drop(dense(x)))`, with nothing else in between.
 */
export class ProjectionHead {
  readonly parameters: readonly Parameter[];
  private readonly dense: Linear;
  private readonly outProj: Linear;

  constructor(
    scope: ParamScope,
    private readonly options: ProjectionHeadOptions,
  ) {
    const { inputs, hiddenSize, classes, init } = options;
    const before = scope.all.length;
    this.dense = headLinear(scope.at("dense"), inputs, hiddenSize, init);
    this.outProj = headLinear(scope.at("out_proj"), hiddenSize, classes, init);
    this.parameters = scope.all.slice(before);
  }

  /** `[batch, inputs]` → logits `[batch, classes]` */
  forward(pass: Pass, x: Value): Value {
    return this.outProj.forward(pass, drop(pass, this.dense.forward(pass, x), this.options.dropout));
  }
}
