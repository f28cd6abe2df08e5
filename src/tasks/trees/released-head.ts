import { concat, type GraphBuilder, matmul, type Parameter, type Value } from "../../graph/index.js";
import type { HeadInit, TaskHead } from "../../models/task-head.js";
import {
  type AttentionMask,
  drop,
  type Linear,
  linearInit,
  type ParamScope,
  type Pass,
  randomLinear,
  SelfAttention,
  selectInput,
} from "../../nn/index.js";
import { type ChoiceLoss, choiceLoss, labelRows } from "../losses.js";

export interface PositionOptions {
  /** Positions that a head may have: the longest text. */
  readonly classes: number;
  readonly loss: ChoiceLoss;
  /** Whether every position is asked for its head, as in the released code, or only the words' first sub-words. */
  readonly everyPosition: boolean;
  readonly dropout: number;
  readonly init: HeadInit;
}

/** What the released model computes on its way to the logits, for parity checks. */
export interface PositionTrace {
  readonly context: Value;
  /** `[batch, 1, queries, sequence]` */
  readonly attention: Value | null;
  readonly logits: Value;
}

/**
 * Head prediction as the released `lin-adapter.py` has it: positions are classes, so a text's length is limited.
 * It reads vectors `com` of the backbone's size:
 *
 *     logits = out_proj(drop(dense(BertAttention(com))))
 *
 * The attention has one head of the backbone's size and leaves padding out.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/lin-adapter.py#L391 `AdapterModel`
 */
export class ReleasedHeadPredictionHead implements TaskHead {
  readonly parameters: readonly Parameter[];
  private readonly attention: SelfAttention;
  private readonly dense: Linear;
  private readonly outProj: Linear;

  constructor(
    scope: ParamScope,
    hiddenSize: number,
    private readonly options: PositionOptions,
  ) {
    const { classes, dropout, init } = options;
    const before = scope.all.length;
    const block = { hiddenSize, heads: 1, layerNormEps: 1e-5, hiddenDropout: dropout, attentionDropout: dropout };
    this.attention = new SelfAttention(scope.at("self_attention"), block, linearInit(hiddenSize, init));
    this.dense = randomLinear(scope.at("dense"), hiddenSize, hiddenSize, init);
    this.outProj = randomLinear(scope.at("out_proj"), hiddenSize, classes, init);
    this.parameters = scope.all.slice(before);
  }

  /** The attention reads every position. */
  select(): null {
    return null;
  }

  /** @returns logits `[batch, words or sequence, classes]` */
  forward(
    pass: Pass,
    features: readonly Value[],
    _select: Value | null,
    mask: () => AttentionMask,
  ): { readonly logits: Value; readonly loss: Value } {
    const { g } = pass;
    const com = concat(g, features, -1);
    const rows = this.options.everyPosition ? "sequence" : "words";
    const { logits } = this.classify(pass, com, mask(), this.queries(g, com));
    return { logits, loss: this.loss(g, logits, g.input("labels", "int32", ["batch", rows])) };
  }

  private queries(g: GraphBuilder, com: Value): Value {
    if (this.options.everyPosition) return com;
    return matmul(g, selectInput(g, "words"), com);
  }

  /** @param com `[batch, sequence, hidden]` */
  classify(pass: Pass, com: Value, mask: AttentionMask, queries: Value = com): PositionTrace {
    const { output: context, weights } = this.attention.attend(pass, com, mask, queries);
    const hidden = drop(pass, this.dense.forward(pass, context), this.options.dropout);
    return { context, attention: weights, logits: this.outProj.forward(pass, hidden) };
  }

  /** @param labels classes; a row whose label is below 0 is ignored */
  loss(g: GraphBuilder, logits: Value, labels: Value): Value {
    return choiceLoss(g, logits, labelRows(g, logits, labels), this.options.loss);
  }
}
