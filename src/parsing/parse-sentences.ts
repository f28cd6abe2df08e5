/**
 * Sentences that a finished adapter parses.
 * @module
 */
import type { Attachment } from "../data/conllu.js";
import type { DependencySentence } from "../data/dependency-sentence.js";
import type { Executor } from "../engine/executor.js";
import { encodeUnlabelled, isSkipped } from "../tasks/task-data.js";
import { attachmentsOf } from "../tasks/trees/asking.js";
import type { AttachmentScores } from "../tasks/trees/attachment-scores.js";
import { type EncodedSentence, headPrediction } from "../tasks/trees/head-prediction.js";
import { type LoadedModel, loadModel } from "../training/load-model.js";
import { predictAll } from "../training/trainer.js";

/** A linguistic adapter that was loaded with its task's setting `tree`. */
export type TreeModel = LoadedModel<DependencySentence, EncodedSentence, AttachmentScores>;

/**
 * Loads a linguistic adapter whose heads make trees.
 *
 * @param backbone a folder or Hugging Face id; the one named in the adapter by default
 * @throws UserError where it is none, or is damaged
 */
export const openTreeModel = (executor: Executor, adapter: string, backbone?: string): Promise<TreeModel> =>
  loadModel(executor, adapter, headPrediction, { backbone, taskOptions: { tree: true } });

/** How many batches of sentences are sorted by length together and held in memory. */
const chunkBatches = 64;

/** A sentence with its tree, or why it has none. */
export type Parsed<S> =
  | { readonly sentence: S; readonly attachments: readonly Attachment[] }
  | { readonly sentence: S; readonly skipped: string };

/**
 * Parses sentences in their order, chunk by chunk. A sentence's chunk companions follow from the sentences alone, so that
 * whoever begins again at the first one of a chunk gets the same bits.
 */
export async function* parseInChunks<S extends DependencySentence>(
  model: TreeModel,
  sentences: AsyncIterable<S>,
  batchSize: number,
  signal?: AbortSignal,
): AsyncGenerator<readonly Parsed<S>[]> {
  let chunk: S[] = [];
  for await (const sentence of sentences) {
    if (chunk.push(sentence) < chunkBatches * batchSize) continue;
    yield await parseAll(model, chunk, batchSize, signal);
    chunk = [];
  }
  if (chunk.length > 0) yield await parseAll(model, chunk, batchSize, signal);
}

async function parseAll<S extends DependencySentence>(
  { task, session, backbone }: TreeModel,
  sentences: readonly S[],
  batchSize: number,
  signal: AbortSignal | undefined,
): Promise<readonly Parsed<S>[]> {
  const encoded = sentences.map((sentence) =>
    sentence.words.length === 0 ? { skipped: "no-words" } : encodeUnlabelled(task, sentence, backbone.tokenizer),
  );
  const usable = encoded.flatMap((one) => (isSkipped(one) ? [] : [one]));
  const logits = await predictAll(session, usable, batchSize, signal);
  let next = 0;
  return sentences.map((sentence, i) => {
    const one = encoded[i] as (typeof encoded)[number];
    if (isSkipped(one)) return { sentence, skipped: one.skipped };
    const attachments = attachmentsOf({ encoded: one, logits: logits[next++] as Float32Array }, task);
    return { sentence, attachments: attachments.map(withRootsRelation) };
  });
}

/** The root, and no other word, has the relation `root`: CoNLL-U wants it so. */
function withRootsRelation({ head, relation }: Attachment): Attachment {
  if (relation === null) return { head, relation };
  return { head, relation: head === 0 ? "root" : relation === "root" ? "dep" : relation };
}

/** A sentence with the heads and relations that were told. */
export function withTree<S extends DependencySentence>(sentence: S, attachments: readonly Attachment[]): S {
  const words = sentence.words.map((word, i) => {
    const { head, relation } = attachments[i] as Attachment;
    return { ...word, head: head ?? -1, relation: relation ?? "" };
  });
  return { ...sentence, words };
}
