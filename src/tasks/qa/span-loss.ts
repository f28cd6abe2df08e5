import type { HostLoss } from "../task.js";

/** Tokens of one text, from `first` on, that may be part of an answer; and its right answers. */
export interface SpanTargets {
  readonly first: number;
  readonly end: number;
  /** First and last token of each right answer, inclusive. */
  readonly spans: readonly (readonly [number, number])[];
}

/**
 * The loss of a question over all of its texts: starts and ends are each normalised over every text together, and any
 * right answer will do (the shared norm with the summed objective of arXiv 1710.10723, section 3.2):
 *
 *     −½ log Σ_right starts p(s) − ½ log Σ_right ends p(e)
 *
 * In double precision. A question without a right answer has neither loss nor gradients.
 *
 * @param logits each text's `[tokens, 2]`: start and end scores
 */
export function spanLoss(targets: readonly SpanTargets[], logits: readonly Float32Array[]): HostLoss {
  const gradients = logits.map(({ length }) => new Float32Array(length));
  if (!targets.some(({ spans }) => spans.length > 0)) return { loss: 0, gradients };
  let loss = 0;
  for (const side of [0, 1] as const) {
    const all = normaliser(targets.flatMap(({ first, end }, t) => scores(logits[t]!, side, range(first, end))));
    const right = targets.map(({ spans }) => [...new Set(spans.map((span) => span[side]))]);
    const good = normaliser(right.flatMap((tokens, t) => scores(logits[t]!, side, tokens)));
    loss += 0.5 * (all.log - good.log);
    targets.forEach(({ first, end }, t) => {
      const gradient = gradients[t] as Float32Array;
      const own = logits[t] as Float32Array;
      for (let token = first; token < end; token++) {
        gradient[2 * token + side] = 0.5 * all.share(own[2 * token + side] as number);
      }
      for (const token of right[t] as number[]) {
        const at = 2 * token + side;
        gradient[at] = (gradient[at] as number) - 0.5 * good.share(own[at] as number);
      }
    });
  }
  return { loss, gradients };
}

const range = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);
const scores = (logits: Float32Array, side: 0 | 1, tokens: readonly number[]): number[] =>
  tokens.map((token) => logits[2 * token + side] as number);

/** log Σ e^score, and the share that a score has of the sum. */
export function normaliser(values: readonly number[]): { readonly log: number; share(value: number): number } {
  const top = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const log = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return { log, share: (value) => Math.exp(value - log) };
}
