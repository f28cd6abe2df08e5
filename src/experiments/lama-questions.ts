import { join } from "node:path";
import { type LamaRelation, lamaSetsIn, readLama, readVocabulary } from "../data/lama.js";
import { SkipCounter } from "../data/skips.js";
import { userError } from "../errors.js";
import type { SkipCounts } from "../tasks/task-data.js";
import { hashJson } from "../weights/hash.js";
import { type LamaPart, lamaParts } from "./lama-plan.js";

/** What is asked, and what answers compete. */
export interface LamaQuestions {
  readonly relations: readonly (readonly [LamaPart, readonly LamaRelation[]])[];
  /** What LAMA has and a reader leaves out, by reason. */
  readonly skipped: ReadonlyMap<LamaPart, SkipCounts>;
  readonly vocabulary: readonly string[];
  readonly identity: { readonly relations: string; readonly vocabulary: string };
}

/**
 * Reads LAMA's facts about named subjects, and the words that compete.
 *
 * @param folder of LAMA's data
 * @throws UserError where it holds none of the parts
 */
export async function readLamaQuestions(
  folder: string,
  parts: readonly LamaPart[] = lamaParts,
): Promise<LamaQuestions> {
  const vocabulary = await readVocabulary(join(folder, "common_vocab_cased.txt"));
  const there = await lamaSetsIn(folder);
  const relations: [LamaPart, readonly LamaRelation[]][] = [];
  const skipped = new Map<LamaPart, SkipCounts>();
  for (const part of parts.filter((one) => there.includes(one))) {
    const { counts, onSkip } = new SkipCounter();
    relations.push([part, await readLama(folder, part, { onSkip })]);
    skipped.set(part, counts);
  }
  if (relations.length === 0) {
    throw userError({ where: folder, what: "the folder holds nothing to ask", expected: parts.join(" or ") });
  }
  // Where facts stand in files does not decide what is answered.
  const placeless = JSON.parse(JSON.stringify(relations, (key, value) => (key === "where" ? undefined : value)));
  const identity = { relations: hashJson(placeless), vocabulary: hashJson(vocabulary) };
  return { relations, skipped, vocabulary, identity };
}
