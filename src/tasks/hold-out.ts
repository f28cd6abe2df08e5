/**
 * Data for evaluation where none are given: a part of the training data that is not learnt from.
 * @module
 */
import { setting, userError } from "../errors.js";
import { counted } from "../phrases.js";
import { RandomStream } from "../random.js";
import { chosenExamples, type Examples } from "./examples.js";
import { type Groups, groupsOf, Numbering } from "./grouping.js";
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
 * Holds out a tenth of the examples, at least one. They stay where they are, and are read once.
 *
 * @throws UserError where there are too few examples to part
 */
export function holdOut<Example>(set: ExampleSet<Example>, options: HoldOutOptions<Example>): HeldOut<Example> {
  const { examples } = set;
  const { classOf, classes, groupOf, groups } = numbered(examples, options);
  const wanted = Math.max(1, Math.round(share * examples.length));
  const inClasses = { classOf, classes, wanted, seed: options.seed };
  const byKey = groupOf ? chosen(groupsOf(groupOf, groups), inClasses) : null;
  // Where nearly all examples share their keys, keeping them together would hold out (nearly) nothing.
  const together = byKey !== null && 2 * byKey.count >= wanted;
  const held = together ? byKey : chosen(each(examples.length), inClasses);
  if (held.count === 0) {
    throw userError({
      where: set.where,
      what: `${counted(examples.length, "example is", "examples are")} too few to hold some out for evaluation`,
      fix: `give examples for evaluation with ${setting("dev")}`,
    });
  }
  const part = (marked: number) => chosenExamples(examples, placesOf(held.marks, marked));
  return {
    train: { ...set, examples: part(0) },
    dev: {
      where: `${set.where} (held out)`,
      examples: part(1),
      skipped: {},
      heldOut: { examples: held.count, of: examples.length, together },
    },
  };
}

/** Classes and groups of examples as numbers. */
function numbered<Example>(examples: Examples<Example>, { together, label }: HoldOutOptions<Example>) {
  const classOf = new Uint32Array(examples.length);
  const groupOf = together ? new Uint32Array(examples.length) : null;
  const [classes, groups] = [new Numbering(), new Numbering()];
  let i = 0;
  for (const example of examples) {
    classOf[i] = classes.of(label?.(example) ?? "");
    if (groupOf && together) groupOf[i] = groups.of(together(example));
    i++;
  }
  return { classOf, classes: classes.length, groupOf, groups: groups.length };
}

/** Every example as a group of its own. */
const each = (length: number): Groups => ({ length, members: (group) => Uint32Array.of(group) });

/** The numbers of the examples with this mark. */
function placesOf(marks: Uint8Array, marked: number): Uint32Array {
  const places = new Uint32Array(marks.reduce((sum, mark) => sum + (mark === marked ? 1 : 0), 0));
  let count = 0;
  marks.forEach((mark, i) => {
    if (mark === marked) places[count++] = i;
  });
  return places;
}

interface InClasses {
  readonly classOf: Uint32Array;
  readonly classes: number;
  readonly wanted: number;
  readonly seed: number;
}

/** Examples to hold out: whole groups in random order, as long as they fit and no class loses its last example. */
function chosen(
  groups: Groups,
  { classOf, classes, wanted, seed }: InClasses,
): { readonly marks: Uint8Array; readonly count: number } {
  const left = new Uint32Array(classes);
  for (const own of classOf) left[own]!++;
  const marks = new Uint8Array(classOf.length);
  const order = Uint32Array.from({ length: groups.length }, (_, group) => group);
  let count = 0;
  for (const group of new RandomStream(seed, "hold-out").shuffle(order)) {
    const members = groups.members(group);
    if (count + members.length > wanted) continue;
    for (const i of members) left[classOf[i] as number]!--;
    if (members.some((i) => left[classOf[i] as number] === 0)) {
      for (const i of members) left[classOf[i] as number]!++;
      continue;
    }
    for (const i of members) marks[i] = 1;
    count += members.length;
  }
  return { marks, count };
}
