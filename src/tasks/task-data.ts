/**
 * Examples on their way into a model: read, encoded, counted.
 * @module
 */
import { type OnSkip, SkipCounter } from "../data/skips.js";
import { setting, userError } from "../errors.js";
import { counted, tally } from "../phrases.js";
import type { Tokenizer } from "../text/tokenizer.js";
import type { Examples } from "./examples.js";
import { StoredExamples } from "./stored-examples.js";
import type { EncodedText, JsonObject, Skipped, Task, TaskKind, TaskSettings } from "./task.js";

/** How many examples could not be used, by reason. */
export type SkipCounts = Readonly<Record<string, number>>;

/** A data set as it was read. */
export interface ExampleSet<Example> {
  /** The files, for messages. */
  readonly where: string;
  /** An array, or what stays on disk. */
  readonly examples: Examples<Example>;
  /** What its format leaves out. */
  readonly skipped: SkipCounts;
  /** For a set that was held out of the training data: how many of how many, and whether what is alike stayed together. */
  readonly heldOut?: { readonly examples: number; readonly of: number; readonly together: boolean };
}

/** A data set in memory. */
export interface ListedExamples<Example> extends ExampleSet<Example> {
  readonly examples: readonly Example[];
}

/** What is learnt, and from what. */
export interface TaskData<Example, Encoded extends EncodedText, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  readonly settings: TaskSettings;
  readonly train: ExampleSet<Example>;
  readonly dev: ExampleSet<Example>;
}

/** What is learnt, and what the folder's recipe says of it besides the settings. */
export interface RecordedTaskData<Example, Encoded extends EncodedText, Score>
  extends TaskData<Example, Encoded, Score> {
  readonly recorded?: JsonObject;
}

/** A downstream task's data; the test set is scored once, at the end. */
export interface DownstreamTaskData<Example, Encoded extends EncodedText, Score>
  extends TaskData<Example, Encoded, Score> {
  readonly test?: ExampleSet<Example>;
}

/** A data set as token ids. */
export interface EncodedData<Encoded extends EncodedText> {
  readonly examples: readonly Encoded[];
  readonly skipped: SkipCounts;
}

/**
 * Reads a whole data set of one or more files; its examples stay on disk.
 *
 * @param read given a file, and what to call for each record that its format leaves out
 * @param expected what an example is, for the error when there are none
 */
export async function collectExamples<Example>(
  files: readonly string[],
  read: (file: string, onSkip: OnSkip) => AsyncIterable<Example>,
  expected: string,
): Promise<ExampleSet<Example>> {
  const { counts, onSkip } = new SkipCounter();
  const examples = await StoredExamples.create<Example>();
  for (const file of files) {
    const before = examples.length;
    for await (const example of read(file, onSkip)) examples.add(example);
    if (examples.length === before) throw userError({ where: file, what: "the file holds no examples", expected });
  }
  return { where: files.join(" "), examples, skipped: counts };
}

/** Examples as token ids, one after the other; those that do not fit are counted. */
export function* encodedOf<Example, Encoded extends EncodedText>(
  task: Pick<Task<Example, Encoded, unknown>, "encode">,
  tokenizer: Tokenizer,
  examples: Iterable<Example>,
  onSkip: (reason: string) => void,
): Generator<Encoded> {
  for (const example of examples) {
    const result = task.encode(example, tokenizer);
    if (isSkipped(result)) onSkip(result.skipped);
    else yield result;
  }
}

/** Encodes examples into memory; those that do not fit are counted. */
export function encodeExamples<Example, Encoded extends EncodedText>(
  task: Pick<Task<Example, Encoded, unknown>, "encode">,
  tokenizer: Tokenizer,
  { examples, skipped }: Pick<ExampleSet<Example>, "examples" | "skipped">,
): EncodedData<Encoded> {
  const counter = new SkipCounter(skipped);
  const encoded = [...encodedOf(task, tokenizer, examples, (reason) => counter.onSkip(reason, ""))];
  return { examples: encoded, skipped: counter.counts };
}

/**
 * {@link encodeExamples} of a set from which something must be left.
 *
 * @throws UserError where no example fits
 */
export function encodeFitting<Example, Encoded extends EncodedText>(
  task: Pick<Task<Example, Encoded, unknown>, "encode">,
  tokenizer: Tokenizer,
  set: ExampleSet<Example>,
): EncodedData<Encoded> {
  const encoded = encodeExamples(task, tokenizer, set);
  requireSome(encoded, set.where);
  return encoded;
}

/** @throws UserError where no example is left */
export function requireSome(
  { examples, skipped }: { readonly examples: { readonly length: number }; readonly skipped: SkipCounts },
  where: string,
): void {
  if (examples.length > 0) return;
  throw userError({
    where,
    what: `none of ${counted(countSkipped(skipped), "example")} fits (${tally(skipped)})`,
    fix: `raise ${setting("maxLength")}`,
  });
}

/** Encodes an example whose answer is to be told, and is not read. */
export const encodeUnlabelled = <Example, Encoded extends EncodedText>(
  task: Pick<Task<Example, Encoded, never>, "encode" | "encodeUnlabelled">,
  example: Example,
  tokenizer: Tokenizer,
): Encoded | Skipped => task.encodeUnlabelled?.(example, tokenizer) ?? task.encode(example, tokenizer);

/** Whether an example could not be encoded. */
export function isSkipped(result: EncodedText | Skipped): result is Skipped {
  return "skipped" in result;
}

export const countSkipped = (skipped: SkipCounts): number =>
  Object.values(skipped).reduce((sum, count) => sum + count, 0);
