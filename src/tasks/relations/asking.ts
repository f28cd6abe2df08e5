import { z } from "zod";
import type { RelationExample, Span } from "../../data/relation-example.js";
import { userError } from "../../errors.js";
import { type Asking, askedWhere } from "../asking.js";
import { type ClassificationScores, probabilities } from "../classification-scores.js";
import { downstreamRelations, type RelationScores } from "./downstream-relations.js";
import type { PrototypeScores } from "./prototypes.js";
import { type EncodedRelation, RelationClassification, relationClassification } from "./relation-classification.js";
import { relationContrast } from "./relation-contrast.js";

/** A sentence and two of its entities: their words (the first place counts), or UTF-16 offsets, end exclusive. */
export interface RelationQuestion {
  /** The sentence. */
  readonly text: string;
  /** The relation's subject. */
  readonly subject: string | Span;
  /** The relation's object. */
  readonly object: string | Span;
}

/** A relation and its probability, from 0 to 1. */
export interface RankedRelation {
  /** As the training data name it. */
  readonly relation: string;
  /** From 0 to 1. */
  readonly probability: number;
}

/** The likeliest relation, and those after it. */
export interface RelationAnswer extends RankedRelation {
  /** The likeliest first; as many as were asked for. */
  readonly relations: readonly RankedRelation[];
}

/** A pair of entities where relations were learnt by contrast: they are told by examples, so there is no list of them. */
export interface PairAnswer {
  /** Normalised; the nearer two of them, the likelier the same relation. */
  readonly vector: readonly number[];
}

/** Where words of a sentence stand, or an entity's offsets, checked. */
export function spanOf(text: string, words: string | Span, what: string): Span {
  if (typeof words !== "string") {
    if (words.start >= 0 && words.start < words.end && words.end <= text.length) return words;
    throw userError({
      where: `${askedWhere}: ${what}`,
      what: `${words.start} to ${words.end} is no part of the sentence`,
      expected: `offsets from 0 to ${text.length}`,
    });
  }
  const start = words === "" ? -1 : text.indexOf(words);
  if (start >= 0) return { start, end: start + words.length };
  throw userError({
    where: `${askedWhere}: ${what}`,
    what: `${JSON.stringify(words)} is not in the sentence`,
    expected: "words of it, or their offsets",
  });
}

/** The `top` relations with the highest probabilities; the earlier label first at a tie. */
export function rankedRelations(logits: Float32Array, task: object, top: number): RankedRelation[] {
  if (!(task instanceof RelationClassification)) throw new Error("not a task of relations");
  const shares = probabilities(logits);
  return Array.from(task.labels, (relation, i) => ({ relation, probability: shares[i] as number }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

const offset = z.int().nonnegative();
/** Words of a sentence, or their offsets. */
export const wordsOrOffsets = z.union([z.string(), z.object({ start: offset, end: offset })]);

const question: z.ZodType<RelationQuestion> = z.object({
  text: z.string(),
  subject: wordsOrOffsets,
  object: wordsOrOffsets,
});

const example = ({ text, subject, object }: RelationQuestion): RelationExample => ({
  text,
  subject: spanOf(text, subject, "subject"),
  object: spanOf(text, object, "object"),
  relation: "",
  where: askedWhere,
});

type RelationAsking<Answer, Score> = Asking<RelationQuestion, Answer, RelationExample, EncodedRelation, Score>;

const ranking: Pick<RelationAsking<RelationAnswer, never>, "answer"> = {
  answer: (_example, { logits }, task, top) => {
    const relations = rankedRelations(logits, task, Math.max(1, top));
    return { ...(relations[0] as RankedRelation), relations };
  },
};

/** An adapter that was learnt by classification. */
export const askRelations: RelationAsking<RelationAnswer, ClassificationScores> = {
  kind: relationClassification,
  question,
  example,
  answer: ranking.answer as RelationAsking<RelationAnswer, ClassificationScores>["answer"],
};

/** A downstream model for relations. */
export const askDownstreamRelations: RelationAsking<RelationAnswer, RelationScores> = {
  kind: downstreamRelations,
  question,
  example,
  answer: ranking.answer as RelationAsking<RelationAnswer, RelationScores>["answer"],
};

/** An adapter that was learnt by contrast. */
export const askPairs: RelationAsking<PairAnswer, PrototypeScores> = {
  kind: relationContrast,
  question,
  example,
  answer: (_example, { logits }) => ({ vector: [...logits] }),
};
