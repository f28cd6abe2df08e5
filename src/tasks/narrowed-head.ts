import { concat, type Parameter, type Value } from "../graph/index.js";
import type { HeadInit, HeadSizes, TaskHead } from "../models/task-head.js";
import { type AttentionMask, type Linear, type ParamScope, type Pass, randomLinear } from "../nn/index.js";

/**
 * A head behind a layer that brings features to the backbone's size, `f = com_dense([h[L] ; o_K])`, as in the
 * pre-training heads of the released code.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/fac-adapter.py#L420 `AdapterModel.com_dense`
 */
export class NarrowedHead<Head extends TaskHead> implements TaskHead {
  readonly parameters: readonly Parameter[];
  readonly head: Head;
  private readonly comDense: Linear;

  /** @param make makes the head, which reads vectors of the backbone's size */
  constructor(
    scope: ParamScope,
    { featureSize, hiddenSize }: HeadSizes,
    init: HeadInit,
    make: (scope: ParamScope) => Head,
  ) {
    const before = scope.all.length;
    this.comDense = randomLinear(scope.at("com_dense"), featureSize, hiddenSize, init);
    this.head = make(scope);
    this.parameters = scope.all.slice(before);
  }

  select: TaskHead["select"] = (g) => this.head.select(g);

  /** `[batch, …, featureSize]` → `[batch, …, hidden]` */
  combine(pass: Pass, features: readonly Value[]): Value {
    return this.comDense.forward(pass, concat(pass.g, features, -1));
  }

  forward(pass: Pass, features: readonly Value[], select: Value | null, mask: () => AttentionMask) {
    return this.head.forward(pass, [this.combine(pass, features)], select, mask);
  }
}

/** A downstream head for features of any width, so that its task can be pre-trained: {@link NarrowedHead} where they are wider. */
export function narrowedHead(
  scope: ParamScope,
  sizes: HeadSizes,
  init: HeadInit,
  make: (scope: ParamScope) => TaskHead,
): TaskHead {
  return sizes.featureSize === sizes.hiddenSize ? make(scope) : new NarrowedHead(scope, sizes, init, make);
}
