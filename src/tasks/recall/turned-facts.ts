/**
 * Questions the other way round: the subject is hidden, and the object stands there.
 * @module
 */
import { type Fact, factKey } from "../../data/fact.js";
import { stands } from "../../data/sentence-facts.js";
import type { SkipCounts } from "../task-data.js";
import type { WordedFact } from "./said-facts.js";

/** A question the other way round: as a fact whose subject is the object, and a wording with `[X]` for `[Y]`. */
export const turned = ({ fact, wording }: WordedFact): WordedFact => ({
  fact: { ...fact, subject: fact.object, object: fact.subject, aliases: [] },
  wording: turnedWording(wording),
});

export const turnedWording = (wording: string): string =>
  wording.replace(/\[([XY])\]/g, (_, place: string) => (place === "X" ? "[Y]" : "[X]"));

export interface Turning {
  /** The question turned; null where it has no one answer. */
  turn(question: WordedFact): WordedFact | null;
  /** What cannot be turned, each fact once, or each of its sentences. */
  readonly skipped: SkipCounts;
}

/**
 * Decides which questions have one right answer the other way round. In a relation's wordings those have not whose object
 * several subjects have (`several-subjects`). In a sentence what is around the hole tells them apart, unless it stands in
 * the data with another subject, too; but the subject must not stand in the sentence once more (`subject-told`).
 *
 * @param facts all that are known
 * @param questions all that are to be turned
 */
export function turning(facts: readonly Fact[], questions: readonly WordedFact[]): Turning {
  const isSentence = sentenceTest();
  const subjects = new Map<string, string | null>();
  const note = (key: string, subject: string) => {
    const known = subjects.get(key);
    subjects.set(key, known === undefined || known === subject ? subject : null);
  };
  for (const fact of facts) note(relationKey(fact), fact.subject);
  for (const one of questions) if (isSentence(one)) note(sentenceKey(one), one.fact.subject);
  const reasonOf = (one: WordedFact) => {
    const own = isSentence(one);
    if (own && stands(one.fact.subject, one.wording.replace(/\[[XY]\]/g, " "))) return "subject-told";
    return subjects.get(own ? sentenceKey(one) : relationKey(one.fact)) === null ? "several-subjects" : null;
  };
  const left = new Map<string, string>();
  for (const one of questions) {
    const reason = reasonOf(one);
    if (reason !== null) left.set(factKey(one.fact) + (isSentence(one) ? one.wording : ""), reason);
  }
  const skipped: Record<string, number> = {};
  for (const reason of left.values()) skipped[reason] = (skipped[reason] ?? 0) + 1;
  return { turn: (one) => (reasonOf(one) === null ? turned(one) : null), skipped };
}

/** Tells sentences from wordings, however many sentences a fact has. */
function sentenceTest(): (one: WordedFact) => boolean {
  const known = new Map<Fact, ReadonlySet<string>>();
  return ({ fact, wording }) => {
    if (!fact.sentences) return false;
    const own = known.get(fact) ?? new Set(fact.sentences);
    known.set(fact, own);
    return own.has(wording);
  };
}

const relationKey = ({ object, relation }: Fact) => JSON.stringify([object, relation]);
const sentenceKey = ({ fact: { object }, wording }: WordedFact) => JSON.stringify([object, wording, "sentence"]);
