import { sortedBatches } from "../features/batches.js";
import { RecordFile } from "../files/record-file.js";
import { alone, type Ranks } from "../ranks/index.js";
import type { Examples } from "../tasks/examples.js";
import type { EncodedText, Prediction } from "../tasks/task.js";
import { concatenated } from "../tensor.js";
import type { PredictionSession } from "./session.js";

/** Predictions in the order of their examples; both are read from the disk as they are asked for. */
export interface StoredPredictions<E extends EncodedText> extends Iterable<Prediction<E>> {
  close(): void;
}

/**
 * What a model says of examples: computed in batches of similar length, which ranks share out among themselves, kept on
 * disk, told in the examples' order.
 *
 * @throws AbortError when `signal` asks for it
 */
export async function storeLogits<E extends EncodedText>(
  session: PredictionSession<E>,
  examples: Examples<E> & { readonly lengths: ArrayLike<number> },
  batchSize: number,
  ranks: Ranks = alone(),
  signal?: AbortSignal,
): Promise<StoredPredictions<E>> {
  const rows = await RecordFile.create();
  const places = new Uint32Array(examples.length);
  const batches = sortedBatches(examples.lengths, batchSize);
  // In the last round some ranks have none.
  const batchAt = (i: number) => (i < batches.length ? batches.at(i) : []);
  try {
    for (let first = 0; first < batches.length; first += ranks.size) {
      signal?.throwIfAborted();
      const mine = batchAt(first + ranks.rank);
      const own = mine.length > 0 ? await session.logits(mine.map((i) => examples.at(i) as E)) : [];
      for (const [rank, theirs] of (await rowsOfAll(own, ranks)).entries()) {
        for (const [row, i] of batchAt(first + rank).entries()) {
          places[i] = rows.length;
          const { buffer, byteOffset, byteLength } = theirs[row] as Float32Array;
          rows.append(new Uint8Array(buffer, byteOffset, byteLength));
        }
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

/** The rows that each rank has computed. */
async function rowsOfAll(own: readonly Float32Array[], ranks: Ranks): Promise<readonly (readonly Float32Array[])[]> {
  if (ranks.size === 1) return [own];
  const lengths = await ranks.gather(JSON.stringify(own.map(({ length }) => length)));
  const all = await ranks.gatherFloats(concatenated(own));
  return all.map((floats, rank) => {
    let end = 0;
    return (JSON.parse(lengths[rank] ?? "[]") as number[]).map((length) => {
      end += length;
      return floats.subarray(end - length, end);
    });
  });
}
