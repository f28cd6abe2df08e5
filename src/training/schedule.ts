/**
 * Linear warm-up, then linear decay to 0 (`WarmupLinearSchedule` of the released code).
 *
 * @param update counted from 1; K-Adapter's pre-training scripts advance the schedule before the optimiser, so the
 * first update has factor 1/warmup and the last one 0
 * @returns the factor on the learning rate, 0 to 1
 */
export function warmupLinear(update: number, warmup: number, total: number): number {
  if (update < warmup) return update / Math.max(1, warmup);
  return Math.max(0, (total - update) / Math.max(1, total - warmup));
}

/** Warm-up as a number of updates, or as a share of all. */
export type Warmup = { readonly steps: number } | { readonly share: number };

export function warmupSteps(warmup: Warmup, total: number): number {
  return "steps" in warmup ? warmup.steps : Math.round(warmup.share * total);
}
