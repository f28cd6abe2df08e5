/**
 * Linear warm-up, a constant rate, and a linear decay to 0 over the last steps (arXiv 2404.06395, §4): until the decay
 * begins, nothing depends on the total, so a training can be made longer or shorter on its way.
 *
 * @param update counted from 1; K-Adapter's pre-training scripts advance the schedule before the optimiser, so the
 * first update has factor 1/warmup and the last one 0
 * @param decay steps of the decay; with all behind the warm-up it is the released code's `WarmupLinearSchedule`, and
 * with none of an endless training its `WarmupConstantSchedule`
 * @returns the factor on the learning rate, 0 to 1
 */
export function warmupStableDecay(update: number, warmup: number, decay: number, total: number): number {
  if (update < warmup) return update / Math.max(1, warmup);
  return Math.max(0, Math.min(1, (total - update) / Math.max(1, Math.min(decay, total - warmup))));
}

/** Warm-up as it is written and stored: optimiser steps, or a share of all steps such as `10%`. */
export type Warmup = number | `${number}%`;

/** Steps of warm-up in a training of `totalSteps` steps. */
export function warmupSteps(warmup: Warmup, totalSteps: number): number {
  return typeof warmup === "number" ? warmup : Math.ceil((Number(warmup.slice(0, -1)) / 100) * totalSteps);
}
