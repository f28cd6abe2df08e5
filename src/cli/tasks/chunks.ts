import type { OnSkip } from "../../data/skips.js";
import { userError } from "../../errors.js";
import { type Part, runOf } from "../../part.js";

/** How many batches of examples are sorted by length together and held in memory. */
const chunkBatches = 64;

/** Reads examples from the first; told of what the format leaves out. */
export type ExamplesOf<Example> = (onSkip: OnSkip) => AsyncIterable<Example> | Iterable<Example>;

/** How examples are cut. */
export interface Chunking {
  /** The files, where there are any. */
  readonly data?: readonly string[] | undefined;
  readonly batchSize: number;
  readonly part?: Part | undefined;
}

/**
 * Examples as they are held in memory together. A part takes whole chunks, so that what is computed together, and so every
 * bit, is the same with and without parts.
 *
 * @throws UserError where files hold no examples
 */
export async function* chunksOf<Example>(
  examples: ExamplesOf<Example>,
  { data, batchSize, part }: Chunking,
  onSkip: OnSkip,
): AsyncGenerator<readonly Example[]> {
  const size = chunkBatches * batchSize;
  const all = part ? await countOf(examples) : null;
  const own = part && all !== null ? partOf(examples, all, size, part, onSkip) : examples(onSkip);
  let chunk: Example[] = [];
  let any = all !== null && all > 0;
  for await (const example of own) {
    any = true;
    if (chunk.push(example) < size) continue;
    yield chunk;
    chunk = [];
  }
  if (!any && data) throw userError({ where: data.join(" "), what: "the file holds no examples" });
  yield chunk;
}

async function countOf(examples: ExamplesOf<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of examples(() => undefined)) count++;
  return count;
}

/** One part's examples of all. What the format leaves out counts in the part where it stands. */
async function* partOf<Example>(
  examples: ExamplesOf<Example>,
  all: number,
  size: number,
  part: Part,
  onSkip: OnSkip,
): AsyncGenerator<Example> {
  const chunks = runOf(Math.ceil(all / size), part);
  const [start, end] = [chunks.start * size, Math.min(chunks.end * size, all)];
  if (start === end) return;
  let at = 0;
  const isOwn = () => at >= start && (at < end || end === all);
  for await (const example of examples((reason, where) => (isOwn() ? onSkip(reason, where) : undefined))) {
    const own = isOwn();
    at++;
    if (own) yield example;
    if (at === end && end < all) return;
  }
}
