import { concat, type Parameter, reshape, type Value } from "../../graph/index.js";
import type { HeadInit } from "../../models/task-head.js";
import {
  constant,
  drop,
  Linear,
  type LinearInit,
  normal,
  type ParamScope,
  type Pass,
  uniform,
} from "../../nn/index.js";

/** A linear layer of a head. */
export function headLinear(scope: ParamScope, inputs: number, outputs: number, init: HeadInit): Linear {
  return new Linear(scope, inputs, outputs, headInits(inputs, init));
}

/** How a head's layer of so many inputs starts. */
export function headInits(inputs: number, init: HeadInit): LinearInit {
  const bound = uniform(1 / Math.sqrt(inputs));
  return init === "official" ? { weight: bound, bias: bound } : { weight: normal(init), bias: constant(0) };
}

/**
 * Relation classification from the vectors of two entity markers (K-Adapter §3.3 and the released `fac-adapter.py`):
 *
 *     f = com_dense([h[L] ; o_K]);   logits = out_proj(drop(dense([f_subject ; f_object])))
 *
 * com_dense is thrown away after pre-training with the rest; it has the name that the released checkpoints give it.
 */
export class RelationHead {
  readonly parameters: readonly Parameter[];
  private readonly comDense: Linear;
  private readonly dense: Linear;
  private readonly outProj: Linear;

  /**
   * @param featureSize width of the features, 2H for `[h[L] ; o_K]`
   * @param hiddenSize the backbone's (H)
   */
  constructor(
    scope: ParamScope,
    featureSize: number,
    readonly hiddenSize: number,
    labels: number,
    private readonly dropout: number,
    init: HeadInit,
  ) {
    const before = scope.all.length;
    this.comDense = headLinear(scope.at("com_dense"), featureSize, hiddenSize, init);
    this.dense = headLinear(scope.at("dense"), 2 * hiddenSize, hiddenSize, init);
    this.outProj = headLinear(scope.at("out_proj"), hiddenSize, labels, init);
    this.parameters = scope.all.slice(before);
  }

  /** `[batch, …, featureSize]` → `[batch, …, hidden]` */
  combine(pass: Pass, features: readonly Value[]): Value {
    return this.comDense.forward(pass, concat(pass.g, features, -1));
  }

  /**
   * @param markers the combined vectors of the subject's and the object's marker, `[batch, 2, hidden]`
   * @returns logits, `[batch, labels]`
   */
  classify(pass: Pass, markers: Value): Value {
    const pair = reshape(pass.g, markers, 0, 2 * this.hiddenSize);
    return this.outProj.forward(pass, drop(pass, this.dense.forward(pass, pair), this.dropout));
  }
}
