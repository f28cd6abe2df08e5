/**
 * Examples on their way into a model: read, encoded, counted.
 * @module
 */

import { type OnSkip, SkipCounter } from "../data/skips.js";
import { setting, userError } from "../errors.js";
import { createHash } from "../host/hashing.js";
import { counted, tally } from "../phrases.js";
import { bytesOf } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { hashJson, hashLists } from "../weights/hash.js";
import type { EncodedText, JsonObject, Skipped, Task, TaskKind, TaskSettings } from "./task.js";

/** How many examples could not be used, by reason. */
export type SkipCounts = Readonly<Record<string, number>>;

/** A data set as it was read. */
export interface ExampleSet<Example> {
  /** The files, for messages. */
  readonly where: string;
  readonly examples: readonly Example[];
  /** What its format leaves out. */
  readonly skipped: SkipCounts;
  /** For a set that was held out of the training data: how many of how many, and whether what is alike stayed together. */
  readonly heldOut?: { readonly examples: number; readonly of: number; readonly together: boolean };
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
 * Reads a whole data set of one or more files.
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
  const examples: Example[] = [];
  for (const file of files) {
    const before = examples.length;
    for await (const example of read(file, onSkip)) examples.push(example);
    if (examples.length === before) throw userError({ where: file, what: "the file holds no examples", expected });
  }
  return { where: files.join(" "), examples, skipped: counts };
}

/** Encodes examples; those that do not fit are counted. */
export function encodeExamples<Example, Encoded extends EncodedText>(
  task: Task<Example, Encoded, unknown>,
  tokenizer: Tokenizer,
  { examples, skipped }: Pick<ExampleSet<Example>, "examples" | "skipped">,
): EncodedData<Encoded> {
  const counts: Record<string, number> = { ...skipped };
  const encoded = examples.flatMap((example) => {
    const result = task.encode(example, tokenizer);
    if (!isSkipped(result)) return [result];
    counts[result.skipped] = (counts[result.skipped] ?? 0) + 1;
    return [];
  });
  return { examples: encoded, skipped: counts };
}

/**
 * {@link encodeExamples} of a set from which something must be left.
 *
 * @throws UserError where no example fits
 */
export function encodeFitting<Example, Encoded extends EncodedText>(
  task: Task<Example, Encoded, unknown>,
  tokenizer: Tokenizer,
  set: ExampleSet<Example>,
): EncodedData<Encoded> {
  const encoded = encodeExamples(task, tokenizer, set);
  if (encoded.examples.length > 0) return encoded;
  throw userError({
    where: set.where,
    what: `none of ${counted(countSkipped(encoded.skipped), "example")} fits (${tally(encoded.skipped)})`,
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

/** SHA-256 of all that examples feed: their tokens and the task's own inputs. */
export function hashExamples<Encoded extends EncodedText>(
  task: Pick<Task<never, Encoded, unknown>, "feeds">,
  examples: readonly Encoded[],
): string {
  const hash = createHash("sha256");
  for (const example of examples) {
    hash.update(Int32Array.of(example.inputIds.length, ...example.inputIds));
    for (const [name, tensor] of Object.entries(task.feeds([example], example.inputIds.length))) {
      hash.update(`${name}:${tensor.shape.join()};`).update(bytesOf(tensor));
    }
  }
  return hash.digest("hex");
}

/** {@link hashExamples}, with every text of an example. */
export function hashTexts<Encoded extends EncodedText>(
  task: Pick<Task<never, Encoded, unknown>, "feeds" | "texts">,
  examples: readonly Encoded[],
): string {
  const texts = examples.flatMap((example) => task.texts?.(example) ?? [example]);
  return hashJson([hashExamples(task, examples), hashLists(texts.map(({ inputIds }) => inputIds))]);
}
