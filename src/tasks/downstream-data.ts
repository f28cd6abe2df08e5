import { type HeldOut, holdOut } from "./hold-out.js";
import type { ExampleSet } from "./task-data.js";

/** Files of a downstream data set. */
export interface DownstreamData {
  readonly train: readonly string[];
  /** Default: a tenth of the training examples. */
  readonly dev?: readonly string[] | undefined;
  /** Decides what is held out where there are no {@link dev} data. */
  readonly seed?: number;
  readonly test?: readonly string[];
}

/** Reads the sets that are given; part of the training data stands in for dev data that are not. */
export async function readSets<X>(
  { train, dev, test, seed = 42 }: DownstreamData,
  read: (files: readonly string[]) => Promise<ExampleSet<X>>,
  part: (set: ExampleSet<X>, seed: number) => HeldOut<X> = (set) => holdOut(set, { seed }),
) {
  const all = await read(train);
  const sets = dev ? { train: all, dev: await read(dev) } : part(all, seed);
  return test ? { ...sets, test: await read(test) } : sets;
}
