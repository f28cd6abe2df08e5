import { sortedBatches } from "../features/batches.js";
import type { Prediction } from "../tasks/task.js";
import type { EncodedMasked } from "./masked-lm.js";

/**
 * Scores the words that are hidden in texts, batch by batch.
 *
 * @param scoresOf the word scores (log-probability, right or not) of some texts by their indices, text after text
 */
export async function scoreTexts(
  texts: readonly EncodedMasked[],
  batchSize: number,
  scoresOf: (indices: readonly number[]) => Promise<Float32Array>,
): Promise<Prediction<EncodedMasked>[]> {
  const scores = new Array<Float32Array>(texts.length);
  const lengths = texts.map(({ inputIds }) => inputIds.length);
  for (const indices of sortedBatches(lengths, batchSize)) {
    const words = await scoresOf(indices);
    let at = 0;
    for (const index of indices) {
      const size = 2 * (texts[index] as EncodedMasked).positions.length;
      scores[index] = words.slice(at, at + size);
      at += size;
    }
  }
  return texts.map((encoded, i) => ({ encoded, logits: scores[i] as Float32Array }));
}
