import type { RandomStream } from "../src/random.js";
import type { Job } from "./jobs.js";
import type { Stage, Trial } from "./stage.js";

/** One way in which runs are disturbed. */
export interface Scenario {
  readonly name: string;
  /** Trials of each round, in proportion to the number of kills that is asked for. */
  readonly share: number;
  /** Whether it is tried with a kind of run. */
  fits(job: Job): boolean;
  /** One trial with a kind of run; all draws come from `random`. */
  trial(stage: Stage, job: Job, random: RandomStream): Promise<Trial>;
}

/** For scenarios that are tried with every kind of run. */
export const always = (): boolean => true;

/** One of several things. */
export const pick = <T>(random: RandomStream, items: readonly T[]): T => items[random.below(items.length)] as T;
