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

/**
 * Linear warm-up, a constant rate, and a linear decay to 0 over the last steps (arXiv 2404.06395, §4): until the decay
 * begins, nothing depends on the total, so that a training can be made longer or shorter on its way.
 *
 * @param update counted from 1
 * @param decay steps of the decay; all behind the warm-up is {@link warmupLinear}
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

/**
 * How the learning rate goes on after warm-up, as in the released code.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/pytorch_transformers/optimization.py#L33
 */
export const scheduleNames = ["linear", "constant", "cosine", "cosine-restarts"] as const;
export type ScheduleName = (typeof scheduleNames)[number];

export interface ScheduleOptions {
  /** Steps of warm-up; none for a rate that is constant from the start. */
  readonly warmup: number;
  readonly total: number;
  /** Waves of the cosine: half of one by default, so that it falls to 0; with restarts one. */
  readonly cycles?: number;
}

/** The factor on the learning rate after `step` steps of a schedule. */
export function scheduleFactor(name: ScheduleName, step: number, { warmup, total, cycles }: ScheduleOptions): number {
  if (name === "linear") return warmupLinear(step, warmup, total);
  if (step < warmup) return step / Math.max(1, warmup);
  if (name === "constant") return 1;
  const progress = (step - warmup) / Math.max(1, total - warmup);
  if (name === "cosine") return Math.max(0, 0.5 * (1 + Math.cos(2 * Math.PI * (cycles ?? 0.5) * progress)));
  return progress >= 1 ? 0 : Math.max(0, 0.5 * (1 + Math.cos(Math.PI * (((cycles ?? 1) * progress) % 1))));
}
