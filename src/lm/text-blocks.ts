import { SkipCounter } from "../data/skips.js";
import { type EncodedLine, packLines, readTextLines, type TokenBlock } from "../data/text.js";
import type { TrainEvent } from "../engine/events.js";
import { userError } from "../errors.js";
import type { EncodedText, Skipped } from "../tasks/task.js";
import { isSkipped } from "../tasks/task-data.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";

export interface TextBlockOptions {
  /** Longest text in tokens, special tokens included. */
  readonly maxLength: number;
  /** Blocks of each file that are read; all where it is left out. */
  readonly limit?: number;
}

/** Plain text as token blocks, one at a time: lines are packed until a block is full. */
async function* readTextBlocks(
  files: readonly string[],
  tokenizer: Tokenizer,
  { maxLength, limit = Number.POSITIVE_INFINITY }: TextBlockOptions,
): AsyncGenerator<TokenBlock> {
  const length = maxLength - tokenizer.withSpecials([]).length;
  for (const file of files) {
    let blocks = 0;
    for await (const block of packLines(encodedLines([file], tokenizer), length, tokenizer.specials.sep)) {
      if (blocks++ >= limit) break;
      yield block;
    }
  }
}

async function* encodedLines(files: readonly string[], tokenizer: Tokenizer): AsyncGenerator<EncodedLine> {
  for await (const { text } of readTextLines(files)) {
    const line = encodeLine(text, tokenizer);
    if (line.ids.length > 0) yield line;
  }
}

/** A line's tokens, and for each the first one of its word: a run of letters, marks and digits, or one of all else. */
function encodeLine(text: string, tokenizer: Tokenizer): EncodedLine {
  const { ids, offsets } = tokenizer.encode(text);
  const words: number[] = [];
  offsets.forEach(([start], i) => {
    const [, before] = offsets[i - 1] ?? [0, -1];
    const joins = i > 0 && (start < before || (start === before && joined.test(text.slice(start - 1, start + 1))));
    words.push(joins ? (words[i - 1] as number) : i);
  });
  return { ids, words };
}

const joined = /^[\p{L}\p{M}\p{N}]{2}/u;

/** All blocks of some files, in memory: eight bytes a token. */
export async function collectTextBlocks(
  files: readonly string[],
  tokenizer: Tokenizer,
  options: TextBlockOptions,
): Promise<readonly TokenBlock[]> {
  const blocks: TokenBlock[] = [];
  for await (const block of readTextBlocks(files, tokenizer, options)) blocks.push(block);
  if (blocks.length > 0) return blocks;
  throw userError({ where: files.join(" "), what: "there is no text", expected: "lines of plain text" });
}

/** Makes a block into a text whose words are predicted, or says why it cannot. */
interface BlockEncoder<Encoded extends EncodedText> {
  encode(block: TokenBlock, tokenizer: Tokenizer): Encoded | Skipped;
}

/**
 * Blocks as texts whose words are predicted.
 *
 * @param what names the blocks in events
 * @param onEvent told how many blocks have nothing to predict, by reason
 * @throws UserError where no block has anything to predict
 */
export async function encodeBlocks<Encoded extends EncodedText>(
  encoder: BlockEncoder<Encoded>,
  blocks: readonly TokenBlock[],
  tokenizer: Tokenizer,
  what: string,
  onEvent: (event: TrainEvent) => Promise<void> | void,
): Promise<Encoded[]> {
  const { counts, onSkip } = new SkipCounter();
  const encoded = blocks.flatMap((block) => {
    const text = encoder.encode(block, tokenizer);
    if (!isSkipped(text)) return [text];
    onSkip(text.skipped, what);
    return [];
  });
  if (encoded.length === 0 && blocks.length > 0)
    throw userError({ where: what, what: "no text has a word to predict", expected: "plain text" });
  for (const [reason, count] of Object.entries(counts))
    await onEvent({ kind: "note", text: `${what}: left out ${count} of ${blocks.length} texts: ${reason}` });
  return encoded;
}

/** Logarithms of the tokens' shares, one added to each count: what a head's bias need not learn. `[vocab]` */
export function logFrequencies(blocks: Iterable<TokenBlock>, vocabSize: number): HostTensor<"float32"> {
  const counts = new Float64Array(vocabSize).fill(1);
  let total = vocabSize;
  for (const { ids } of blocks) {
    total += ids.length;
    for (const id of ids) counts[id] = (counts[id] as number) + 1;
  }
  return float32Tensor(
    [vocabSize],
    Float32Array.from(counts, (count) => Math.log(count / total)),
  );
}
