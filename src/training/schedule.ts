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

/** Warm-up as it is written and stored: optimiser steps, or a share of all steps such as `10%`. */
export type Warmup = number | `${number}%`;

/** Steps of warm-up in a training of `totalSteps` steps. */
export function warmupSteps(warmup: Warmup, totalSteps: number): number {
  return typeof warmup === "number" ? warmup : Math.ceil((Number(warmup.slice(0, -1)) / 100) * totalSteps);
}
