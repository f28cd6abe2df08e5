/**
 * The Unigram model (Kudo 2018, arXiv 1804.10959): of all ways to cut a word into pieces the one with the highest sum of
 * scores; after SentencePiece's `EncodeOptimized` (src/unigram_model.cc).
 * @module
 */
import { cached, type EncodedWord } from "./word-encoder.js";

/** How much worse than the worst piece a character is that no piece holds. */
const unknownPenalty = 10;

export interface UnigramPieces {
  /** Id and score of every piece that a text may become; control symbols are none. */
  readonly pieces: ReadonlyMap<string, { readonly id: number; readonly score: number }>;
  readonly unknownId: number;
}

/** Cuts one word; starts and ends are UTF-16 units of it. */
export function unigramEncoder({ pieces, unknownId }: UnigramPieces): (word: string) => EncodedWord {
  let longest = 1;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [piece, { score }] of pieces) {
    longest = Math.max(longest, piece.length);
    lowest = Math.min(lowest, score);
  }
  const unknown = { id: unknownId, score: Math.fround(Math.fround(lowest) - unknownPenalty) };
  return cached((word) => {
    const length = word.length;
    // The best way to each position: its score, where its last piece starts, and that piece's id.
    const scores = new Float32Array(length + 1).fill(Number.NEGATIVE_INFINITY);
    const from = new Int32Array(length + 1);
    const ids = new Int32Array(length + 1);
    scores[0] = 0;
    for (let start = 0; start < length; ) {
      const width = (word.codePointAt(start) as number) > 0xffff ? 2 : 1;
      let single = false;
      const reach = (end: number, { id, score }: { readonly id: number; readonly score: number }) => {
        // float32, as there: sums that are equal there must be equal here. The first of equals stays.
        const sum = Math.fround((scores[start] as number) + Math.fround(score));
        if (sum <= (scores[end] as number)) return;
        scores[end] = sum;
        from[end] = start;
        ids[end] = id;
      };
      for (let end = start + width; end <= Math.min(length, start + longest); end++) {
        const piece = pieces.get(word.slice(start, end));
        if (piece === undefined) continue;
        reach(end, piece);
        single ||= end === start + width;
      }
      if (!single) reach(start + width, unknown);
      start += width;
    }
    return walkBack(length, from, ids, unknownId);
  });
}

/** The pieces of the best way, in order; neighbours that are unknown become one. */
function walkBack(length: number, from: Int32Array, ids: Int32Array, unknownId: number): EncodedWord {
  const path: { id: number; start: number; end: number }[] = [];
  for (let end = length; end > 0; end = from[end] as number) {
    const [id, start] = [ids[end] as number, from[end] as number];
    const next = path.at(-1);
    if (next && id === unknownId && next.id === unknownId) next.start = start;
    else path.push({ id, start, end });
  }
  path.reverse();
  return {
    ids: path.map(({ id }) => id),
    starts: path.map(({ start }) => start),
    ends: path.map(({ end }) => end),
  };
}
