import type { RandomStream } from "../src/random.js";
import type { Stage, Trial } from "./stage.js";

/** One way in which runs are disturbed. */
export interface Scenario {
  readonly name: string;
  /** Trials of each round, in proportion to the number of kills that is asked for. */
  readonly share: number;
  /** The i-th trial of this scenario; all draws come from `random`. */
  trial(stage: Stage, i: number, random: RandomStream): Promise<Trial>;
}

/** One of several things. */
export const pick = <T>(random: RandomStream, items: readonly T[]): T => items[random.below(items.length)] as T;
