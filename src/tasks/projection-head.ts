import type { Parameter, Value } from "../graph/index.js";
import type { HeadInit } from "../models/task-head.js";
import { drop, type Linear, type ParamScope, type Pass, randomLinear } from "../nn/index.js";

/** What every head that ends in a layer of the backbone's size is made with. */
export interface HeadOptions {
  /** The backbone's (H). */
  readonly hiddenSize: number;
  readonly dropout: number;
  readonly init: HeadInit;
}

/**
 * `out_proj(drop(dense(x)))`, with nothing else in between: relation classification and entity typing in the released
 * code.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/examples/run_finetune_TACRED_adapter.py#L621 `TACREDModel`
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/examples/run_finetune_openentity_adapter.py#L536 `ETModel`
 */
export class ProjectionHead {
  readonly parameters: readonly Parameter[];
  private readonly dense: Linear;
  private readonly outProj: Linear;

  /** @param inputs width of what it reads: H for one position, 2H for two side by side */
  constructor(
    scope: ParamScope,
    inputs: number,
    classes: number,
    private readonly options: HeadOptions,
  ) {
    const { hiddenSize, init } = options;
    const before = scope.all.length;
    this.dense = randomLinear(scope.at("dense"), inputs, hiddenSize, init);
    this.outProj = randomLinear(scope.at("out_proj"), hiddenSize, classes, init);
    this.parameters = scope.all.slice(before);
  }

  /** `[batch, inputs]` → logits `[batch, classes]` */
  forward(pass: Pass, x: Value): Value {
    return this.outProj.forward(pass, drop(pass, this.dense.forward(pass, x), this.options.dropout));
  }
}
