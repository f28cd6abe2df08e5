import type { Backbone } from "../../backbones/index.js";
import {
  add,
  cast,
  concat,
  equal,
  exp,
  GraphBuilder,
  greaterOrEqual,
  logSoftmax,
  mul,
  neg,
  type Parameter,
  reduceSum,
  stopGradient,
  sub,
  type Value,
} from "../../graph/index.js";
import type { TaskHead } from "../../models/task-head.js";
import type { Pass } from "../../nn/index.js";
import { labelRows } from "../losses.js";

/** How many numbers the head tells of a hidden token; see {@link RecallHead}. */
export const numbersPerToken = 4;

/** Inputs of the loss, float32 `[batch, positions, 1]` each: how much a position counts as a fact's, and as one to be kept. */
export const recallInputs = { taught: "taught", kept: "kept" } as const;

/**
 * The model's own language-model head on the last hidden state and what the adapter adds to it. The head is frozen and
 * nothing is learnt here: all that is learnt is what is added.
 *
 *     F = h[L] + added        logits = head(F)        p = softmax(logits)
 *     loss = Σ taught · −log p_margin(label) + Σ kept · KL(p_frozen ‖ p)
 *
 * What it tells of a hidden token is not a whole vocabulary of logits but four numbers: the label's rank among all
 * tokens (ties count against it), its log-probability, the same beside the model alone, and 1 where the likeliest token
 * is still the model's own.
 */
export class RecallHead implements TaskHead {
  readonly parameters: readonly Parameter[] = [];
  readonly frozen: readonly Parameter[];

  /**
   * @param backbone null where the head is only named, not run
   * @param margin see {@link recallLoss}
   */
  constructor(
    private readonly backbone: Backbone | null,
    private readonly margin = 0,
  ) {
    this.frozen = backbone ? headParameters(backbone) : [];
  }

  select(g: GraphBuilder): Value {
    return g.input("select", "float32", ["batch", "positions", "sequence"]);
  }

  /** @param features h[L] and what is added to it, `[batch, positions, hidden]` each */
  forward(pass: Pass, features: readonly Value[]): { readonly logits: Value; readonly loss: Value } {
    const { g } = pass;
    const [last, added] = features as [Value, Value];
    const before = stopGradient(g, this.logits(pass, last));
    const now = this.logits(pass, add(g, last, added));
    const labels = g.input("labels", "int32", ["batch", "positions"]);
    const rows = labelRows(g, now, labels);
    const taught = g.input(recallInputs.taught, "float32", ["batch", "positions", 1]);
    const kept = g.input(recallInputs.kept, "float32", ["batch", "positions", 1]);
    return {
      logits: concat(g, [tokenScores(g, now, before, rows), agreement(g, now, before)], -1),
      loss: recallLoss(g, { now, before, rows, taught, kept, margin: this.margin }),
    };
  }

  private logits(pass: Pass, hidden: Value): Value {
    if (!this.backbone) throw new Error("the model whose head this is was not given");
    return this.backbone.lmLogits({ ...pass, dropout: null }, hidden);
  }
}

/** What {@link recallLoss} is made of. */
export interface RecallLossTerms {
  /** Logits `[…, vocab]`, and the frozen model's. */
  readonly now: Value;
  readonly before: Value;
  /** One-hot labels, zeros where there is none. */
  readonly rows: Value;
  /** `[…, 1]`; see {@link recallInputs}. */
  readonly taught: Value;
  readonly kept: Value;
  /** Logits by which a label is to win, from 0. */
  readonly margin: number;
}

/**
 * Cross-entropy of the labels, and the divergence KL(p_frozen ‖ p) = Σ p_frozen · (log p_frozen − log p); a scalar.
 *
 * The label's logit is lowered by the margin before the softmax (CosFace's additive margin, arXiv 1801.09414, eq. 4,
 * without its scale): an answer that wins by little in a taught wording loses in another one to the words that usually
 * stand there.
 */
export function recallLoss(g: GraphBuilder, { now, before, rows, taught, kept, margin }: RecallLossTerms): Value {
  const log = logSoftmax(g, now);
  const frozen = logSoftmax(g, before);
  const lowered = margin === 0 ? log : logSoftmax(g, sub(g, now, mul(g, rows, g.scalar(margin))));
  const surprise = neg(g, reduceSum(g, mul(g, mul(g, rows, taught), lowered)));
  const divergence = reduceSum(g, mul(g, mul(g, exp(g, frozen), kept), sub(g, frozen, log)));
  return add(g, surprise, divergence);
}

/** `[…, 3]`: the label's rank, its log-probability, and that before. */
function tokenScores(g: GraphBuilder, now: Value, before: Value, rows: Value): Value {
  const pick = (values: Value) => reduceSum(g, mul(g, values, rows), [-1], true);
  const atLeast = cast(g, greaterOrEqual(g, now, pick(now)), "float32");
  const rank = reduceSum(g, atLeast, [-1], true);
  return concat(g, [rank, pick(logSoftmax(g, now)), pick(logSoftmax(g, before))], -1);
}

/** 1 where the likeliest token is the frozen model's. */
function agreement(g: GraphBuilder, now: Value, before: Value): Value {
  const best = (logits: Value) => g.emitOne("ArgMax", [logits], { axis: -1, keepdims: true });
  return cast(g, equal(g, best(now), best(before)), "float32");
}

/** All that the model's own head reads, its output matrix included. */
function headParameters(backbone: Backbone): readonly Parameter[] {
  const g = new GraphBuilder();
  const hidden = g.input("hidden", "float32", ["rows", backbone.config.hiddenSize]);
  const logits = backbone.lmLogits({ g, dropout: null, fused: false }, hidden);
  return [...g.build({ logits }).parameters.keys()];
}
