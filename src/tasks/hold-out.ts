/**
 * Data for evaluation where none are given: a part of the training data that is not learnt from.
 * @module
 */
import { setting, userError } from "../errors.js";
import { counted } from "../phrases.js";
import { RandomStream } from "../random.js";
import type { ExampleSet } from "./task-data.js";

/** Share of the examples that is held out. */
const share = 0.1;

/** How a set is parted. */
export interface HoldOutOptions<Example> {
  /** Decides which examples are held out; the same for the same seed and data. */
  readonly seed: number;
  /** Examples with the same key stay together, as far as that leaves a tenth: what is asked was not learnt under another wording. */
  readonly together?: (example: Example) => string;
  /** Every class of the examples stays in the training part. */
  readonly label?: (example: Example) => string;
}

/** Training data, and a tenth of them held out for evaluation. */
export interface HeldOut<Example> {
  readonly train: ExampleSet<Example>;
  readonly dev: ExampleSet<Example>;
}

/**
 * Holds out a tenth of the examples, at least one.
 *
 * @throws UserError where there are too few examples to part
 */
export function holdOut<Example>(set: ExampleSet<Example>, options: HoldOutOptions<Example>): HeldOut<Example> {
  const { together } = options;
  const wanted = Math.max(1, Math.round(share * set.examples.length));
  const byKey = together ? chosen(set.examples, wanted, together, options) : new Set<number>();
  // Where nearly all examples share their keys, keeping them together would hold out (nearly) nothing.
  const held = 2 * byKey.size >= wanted ? byKey : chosen(set.examples, wanted, null, options);
  if (held.size === 0) {
    throw userError({
      where: set.where,
      what: `${counted(set.examples.length, "example is", "examples are")} too few to hold some out for evaluation`,
      fix: `give examples for evaluation with ${setting("dev")}`,
    });
  }
  const part = (keep: boolean) => set.examples.filter((_, i) => held.has(i) === keep);
  return {
    train: { ...set, examples: part(false) },
    dev: {
      where: `${set.where} (held out)`,
      examples: part(true),
      skipped: {},
      heldOut: { examples: held.size, of: set.examples.length, together: held === byKey },
    },
  };
}

/** Indices of examples to hold out: whole groups in random order, as long as they fit and no class loses its last example. */
function chosen<Example>(
  examples: readonly Example[],
  wanted: number,
  key: ((example: Example) => string) | null,
  { seed, label = () => "" }: HoldOutOptions<Example>,
): ReadonlySet<number> {
  const groups = new Map<string, number[]>();
  const left = new Map<string, number>();
  for (const [i, example] of examples.entries()) {
    const name = key === null ? String(i) : key(example);
    const members = groups.get(name);
    if (members) members.push(i);
    else groups.set(name, [i]);
    left.set(label(example), (left.get(label(example)) ?? 0) + 1);
  }
  const held = new Set<number>();
  for (const members of new RandomStream(seed, "hold-out").shuffle([...groups.values()])) {
    if (held.size + members.length > wanted) continue;
    const after = new Map<string, number>();
    for (const i of members) {
      const name = label(examples[i] as Example);
      after.set(name, (after.get(name) ?? left.get(name) ?? 0) - 1);
    }
    if ([...after.values()].some((count) => count < 1)) continue;
    for (const [name, count] of after) left.set(name, count);
    for (const i of members) held.add(i);
  }
  return held;
}
