/**
 * The layers that transformers are made of. Names of parameters and sub-modules are Hugging Face's.
 * @module
 */
import {
  add,
  equal,
  type GraphBuilder,
  gather,
  type Init,
  matmul,
  type Parameter,
  stopGradient,
  unsqueeze,
  type Value,
  where,
} from "../graph/index.js";
import type { Dropout } from "./dropout.js";
import { type Int8Weight, int8Product, int8Weight } from "./int8.js";
import { constant, normal, type ParamScope, uniform } from "./params.js";

/** What a forward pass is built for. */
export interface Pass {
  readonly g: GraphBuilder;
  /** Present when the graph trains with dropout. */
  readonly dropout: Dropout | null;
  /** Inference only: ONNX Runtime's fused kernels, which have no gradients. */
  readonly fused: boolean;
  /** Of these, the older `MultiHeadAttention` where ONNX's `Attention` would do: the device's provider may lack it. */
  readonly contribAttention?: boolean;
  /** Of these, no attention: ordinary operators, which every runtime has. */
  readonly plainAttention?: boolean;
  /** Inference only: linear layers with int8 weights. */
  readonly int8?: boolean;
}

/** Applies dropout where the pass has it. */
export function drop(pass: Pass, x: Value, probability: number): Value {
  return pass.dropout ? pass.dropout.apply(x, probability) : x;
}

/** How a linear layer starts. */
export interface LinearInit {
  readonly weight: Init;
  readonly bias: Init;
}

/** How weights are drawn: normal with this deviation and biases 0, or as PyTorch's `Linear` draws both. */
export type RandomInit = number | "official";

/**
 * How a linear layer of so many inputs starts.
 *
 * @see https://github.com/pytorch/pytorch/blob/f2889c83d0672bf95de5c57f770dcbdf07ebee61/torch/nn/modules/linear.py `Linear.reset_parameters`
 */
export function linearInit(inputs: number, init: RandomInit): LinearInit {
  const bound = uniform(1 / Math.sqrt(inputs));
  return init === "official" ? { weight: bound, bias: bound } : { weight: normal(init), bias: constant(0) };
}

/** A {@link Linear} that starts at random. */
export function randomLinear(scope: ParamScope, inputs: number, outputs: number, init: RandomInit): Linear {
  return new Linear(scope, inputs, outputs, linearInit(inputs, init));
}

/** `y = x·Wᵀ + b`: `[…, in]` → `[…, out]`, weight `[out, in]`. */
export class Linear {
  readonly weight: Parameter;
  readonly bias: Parameter;
  private readonly int8Weight: Int8Weight;

  constructor(scope: ParamScope, inputs: number, outputs: number, init: LinearInit) {
    this.weight = scope.param("weight", [outputs, inputs], init.weight);
    this.bias = scope.param("bias", [outputs], init.bias);
    this.int8Weight = int8Weight(this.weight);
  }

  forward({ g, int8 }: Pass, x: Value): Value {
    if (int8) return int8Product(g, x, this.int8Weight, g.use(this.bias));
    return add(g, matmul(g, x, g.use(this.weight), { transB: true }), g.use(this.bias));
  }
}

/** GPT-2's linear layer, a convolution by name: `y = x·W + b`, `[…, in]` → `[…, out]`, weight `[in, out]`. */
export class Conv1D {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(scope: ParamScope, inputs: number, outputs: number, init: LinearInit) {
    this.weight = scope.param("weight", [inputs, outputs], init.weight);
    this.bias = scope.param("bias", [outputs], init.bias);
  }

  forward({ g }: Pass, x: Value): Value {
    return add(g, matmul(g, x, g.use(this.weight)), g.use(this.bias));
  }
}

/** Normalises the last axis: `[…, size]`. */
export class LayerNorm {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(
    scope: ParamScope,
    size: number,
    private readonly epsilon: number,
  ) {
    this.weight = scope.param("weight", [size], constant(1));
    this.bias = scope.param("bias", [size], constant(0));
  }

  forward({ g }: Pass, x: Value): Value {
    return g.emitOne("LayerNormalization", [x, g.use(this.weight), g.use(this.bias)], { epsilon: this.epsilon });
  }
}

/** Looks rows up: integers `[…]` → `[…, size]`. */
export class Embedding {
  readonly weight: Parameter;

  constructor(
    scope: ParamScope,
    rows: number,
    size: number,
    init: Init,
    /** This row gets no gradient from being looked up (PyTorch's `padding_idx`). */
    private readonly paddingIndex: number | null = null,
  ) {
    this.weight = scope.param("weight", [rows, size], init);
  }

  forward({ g, fused }: Pass, ids: Value): Value {
    const rows = gather(g, g.use(this.weight), ids);
    if (this.paddingIndex === null || fused) return rows;
    const padding = g.int32(this.paddingIndex);
    const isPadding = unsqueeze(g, equal(g, ids, padding), ids.shape.length);
    return where(g, isPadding, stopGradient(g, rows), rows);
  }
}
