/**
 * Which facts of LAMA are asked: LAMA-UHN's filters, and a part of the subjects that training data leave out.
 * @module
 */
import { createHash } from "node:crypto";
import type { LamaFact } from "./lama.js";

/**
 * LAMA-UHN's first filter (Poerner et al. 2020, `scripts/create_lama_uhn.py`): the answer stands in the subject's name,
 * as Apple in Apple Watch.
 */
export function answerInSubject({ subject, object }: Pick<LamaFact, "subject" | "object">): boolean {
  return subject.toLowerCase().includes(object.toLowerCase());
}

/** What persons' names hint at, by relation: the second filter asks about these alone. */
const hinted: ReadonlyMap<string, string> = new Map([
  ["place_of_birth", "city"],
  ["place_of_death", "city"],
  ["P19", "city"],
  ["P20", "city"],
  ["P27", "country"],
  ["P1412", "language"],
  ["P103", "language"],
]);

/** How many of a model's answers to {@link nameQuestions} count as a guess. */
export const nameGuesses = 3;

/**
 * LAMA-UHN's second filter: what a model is asked about each part of a person's name. If the object is among its first
 * {@link nameGuesses} answers to any, the fact can be guessed from the name. Empty for relations that names hint at
 * nothing of.
 */
export function nameQuestions({ relation, subject }: Pick<LamaFact, "relation" | "subject">): readonly string[] {
  const noun = hinted.get(relation);
  if (noun === undefined) return [];
  const parts = subject.replaceAll("-", "").split(/\s+/).filter(Boolean);
  return [...new Set(parts)].map((part) => `${part} is a common name in the following ${noun} : [MASK] .`);
}

/** A name as it is compared: case, compatibility forms and runs of spaces aside. */
function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

/**
 * Whether a subject belongs to the fixed fifth that is probed while pre-training leaves it out. Decided by its name
 * alone, so it is the same in every file and on every machine.
 */
export function inProbedFifth(subject: string): boolean {
  const digest = createHash("sha256")
    .update(`lama-subject\0${nameKey(subject)}`)
    .digest();
  return digest.readUInt32BE(0) % 5 === 0;
}

/** Subjects, to be found in training data. */
export class SubjectIndex {
  private readonly names = new Set<string>();
  private readonly ids = new Set<string>();
  private mostWords = 0;

  constructor(facts: Iterable<Pick<LamaFact, "subject" | "subjectId">>) {
    for (const { subject, subjectId } of facts) {
      const words = wordsOf(subject);
      if (words.length > 0) this.names.add(words.join(" "));
      this.mostWords = Math.max(this.mostWords, words.length);
      if (subjectId !== undefined) this.ids.add(subjectId);
    }
  }

  get size(): number {
    return this.names.size;
  }

  /** What it finds, in an order that does not depend on the subjects' order. */
  keys(): readonly string[] {
    return [...this.names, ...this.ids].sort();
  }

  hasId(id: string | undefined): boolean {
    return id !== undefined && this.ids.has(id);
  }

  /** Whether a text names one of the subjects, word for word. */
  isNamedIn(text: string): boolean {
    const words = wordsOf(text);
    for (let start = 0; start < words.length; start++) {
      let name = "";
      for (let end = start; end < Math.min(words.length, start + this.mostWords); end++) {
        name += `${end === start ? "" : " "}${words[end]}`;
        if (this.names.has(name)) return true;
      }
    }
    return false;
  }
}

/** Words in the form in which they are compared, punctuation left out: `Martin, Peter F.` and `Peter F Martin` differ by order alone. */
function wordsOf(text: string): readonly string[] {
  return nameKey(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
