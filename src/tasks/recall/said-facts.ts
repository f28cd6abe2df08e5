/**
 * In which words facts are said: the sentences that state them, and the wordings of their relations; and which of these
 * are held out.
 * @module
 */
import { type Fact, questionKey } from "../../data/fact.js";
import type { Wordings } from "../../data/wordings.js";
import { hash32 } from "../../random.js";
import type { SkipCounts } from "../task-data.js";
import { questionText } from "./hidden-tokens.js";

/** A fact in one of its wordings. */
export interface WordedFact {
  readonly fact: Fact;
  readonly wording: string;
}

/** A wording in which a fact is not taught, so that it can be asked in words that it was never said in. */
export interface HeldOutWording extends WordedFact {}

/** A fact, and all that it is said in. */
export interface SaidFact {
  readonly fact: Fact;
  /** Its own, none of a fact of a table. */
  readonly sentences: readonly string[];
  /** Its relation's. */
  readonly wordings: readonly string[];
}

/** Of fewer wordings, or sentences, none is held out. */
const [leastWordings, leastSentences] = [3, 2];

/**
 * The wording of a fact that is held out: the last one by hash. It follows from the fact and its wordings alone, and
 * another fact holds out another one, so that every wording of a relation is taught with some.
 *
 * @returns null where the relation has fewer than three wordings, or the fact fewer than two sentences
 */
export function heldOutWording({ subject, relation, sentences }: Fact, patterns: readonly string[]): string | null {
  if (patterns.length < (sentences ? leastSentences : leastWordings)) return null;
  const order = (pattern: string) => hash32("held-out wording", subject, relation, pattern);
  return patterns.reduce((last, pattern) => (order(pattern) > order(last) ? pattern : last));
}

/** All that a fact is said in. */
export const wordingsOfFact = ({ sentences, wordings }: Omit<SaidFact, "fact">): readonly string[] =>
  sentences.length === 0 ? wordings : [...sentences, ...wordings];

/** Each fact in each of its sentences, and in each wording of its relation. */
export const wordedFacts = (facts: readonly Fact[], wordings: Wordings): readonly WordedFact[] =>
  facts.flatMap((fact) =>
    wordingsOfFact({ sentences: fact.sentences ?? [], wordings: wordings.get(fact.relation) ?? [] }).map((wording) => ({
      fact,
      wording,
    })),
  );

/**
 * Facts with what they are said in. A question has one right answer: what else is said of the same subject and relation
 * is left out of the relation's wordings, and what else a sentence would say of the same subject in the same words. Both
 * are counted.
 */
export function saidFacts(
  all: readonly Fact[],
  wordings: Wordings,
): { readonly said: readonly SaidFact[]; readonly skipped: SkipCounts } {
  const asked = new Set<string>();
  const answers = new Map<string, string>();
  let left = 0;
  const said = all.flatMap((fact) => {
    const key = questionKey(fact);
    const first = !asked.has(key);
    asked.add(key);
    const shared = wordings.get(fact.relation) ?? [];
    const { sentences: stated = [] } = fact;
    if (!first && (shared.length > 0 || !fact.sentences)) left++;
    const sentences = stated.filter((sentence) => {
      const question = JSON.stringify([fact.subject, sentence]);
      const answer = answers.get(question) ?? fact.object;
      answers.set(question, answer);
      return answer === fact.object;
    });
    left += stated.length - sentences.length;
    const own = { fact, sentences, wordings: first ? shared : [] };
    return (first && !fact.sentences) || wordingsOfFact(own).length > 0 ? [own] : [];
  });
  return { said, skipped: left === 0 ? {} : { "another-object": left } };
}

/** What facts are taught in, and what is held out. */
export interface PartedWordings {
  readonly heldOut: readonly HeldOutWording[];
  /** Of each fact what it is taught in. */
  readonly taught: readonly SaidFact[];
  readonly skipped: SkipCounts;
}

/**
 * Parts what facts are said in. A sentence that is held out is taught with no other fact that it states, either; those
 * are counted.
 *
 * @param asked facts that hold out a wording
 */
export function partWordings(said: readonly SaidFact[], asked: readonly SaidFact[]): PartedWordings {
  const held = new Map<Fact, string>();
  const texts = new Set<string>();
  for (const one of asked) {
    const wording = heldOutWording(one.fact, wordingsOfFact(one));
    if (wording === null) continue;
    held.set(one.fact, wording);
    if (one.sentences.includes(wording)) texts.add(sentenceText(one.fact, wording));
  }
  let left = 0;
  const parted = said.map((one): SaidFact => {
    const own = held.get(one.fact);
    const sentences =
      texts.size === 0 ? one.sentences : one.sentences.filter((wording) => !texts.has(sentenceText(one.fact, wording)));
    left += one.sentences.length - sentences.length;
    return { ...one, sentences, wordings: own ? one.wordings.filter((wording) => wording !== own) : one.wordings };
  });
  const taught = parted.filter((one) => !one.fact.sentences || wordingsOfFact(one).length > 0);
  const known = new Set(taught.map(({ fact }) => fact));
  const heldOut = [...held].flatMap(([fact, wording]) => (known.has(fact) ? [{ fact, wording }] : []));
  left -= heldOut.filter(({ fact, wording }) => fact.sentences?.includes(wording)).length;
  return { heldOut, taught, skipped: left === 0 ? {} : { "in-held-out-sentence": left } };
}

const sentenceText = ({ subject, object }: Fact, wording: string) => questionText(wording, subject, object);
