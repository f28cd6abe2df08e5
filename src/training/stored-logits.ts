import { sortedBatches } from "../features/batches.js";
import { RecordFile } from "../files/record-file.js";
import type { Examples } from "../tasks/examples.js";
import type { EncodedText, Prediction } from "../tasks/task.js";
import type { PredictionSession } from "./session.js";

/** Predictions in the order of their examples; both are read from the disk as they are asked for. */
export interface StoredPredictions<E extends EncodedText> extends Iterable<Prediction<E>> {
  close(): void;
}

/**
 * What a model says of examples: computed in batches of similar length, kept on disk, told in the examples' order.
 *
 * @throws AbortError when `signal` asks for it
 */
export async function storeLogits<E extends EncodedText>(
  session: PredictionSession<E>,
  examples: Examples<E> & { readonly lengths: ArrayLike<number> },
  batchSize: number,
  signal?: AbortSignal,
): Promise<StoredPredictions<E>> {
  const rows = await RecordFile.create();
  const places = new Uint32Array(examples.length);
  try {
    for (const batch of sortedBatches(examples.lengths, batchSize)) {
      signal?.throwIfAborted();
      const logits = await session.logits(batch.map((i) => examples.at(i) as E));
      for (const [row, i] of batch.entries()) {
        places[i] = rows.length;
        const { buffer, byteOffset, byteLength } = logits[row] as Float32Array;
        rows.append(new Uint8Array(buffer, byteOffset, byteLength));
      }
    }
  } catch (error) {
    rows.close();
    throw error;
  }
  return {
    *[Symbol.iterator]() {
      let i = 0;
      for (const encoded of examples) yield { encoded, logits: floatsOf(rows.read(places[i++] as number)) };
    },
    close: () => rows.close(),
  };
}

/** A copy: what is read may stand anywhere in a buffer. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const floats = new Float32Array(bytes.length / Float32Array.BYTES_PER_ELEMENT);
  new Uint8Array(floats.buffer).set(bytes);
  return floats;
}
