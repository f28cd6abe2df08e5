import { z } from "zod";
import type { TypingExample } from "../../data/entity-typing.js";
import type { Span } from "../../data/relation-example.js";
import { type Asking, askedWhere } from "../asking.js";
import { spanOf, wordsOrOffsets } from "../relations/asking.js";
import { type EncodedMention, EntityTyping, entityTyping } from "./entity-typing.js";
import type { TypingScores } from "./typing-scores.js";

/** A sentence and a mention in it: its words (the first place counts), or UTF-16 offsets, end exclusive. */
export interface TypingQuestion {
  /** The sentence. */
  readonly text: string;
  /** The words whose types are asked for. */
  readonly mention: string | Span;
}

/** Types of a mention, those above one half. */
export interface TypingAnswer {
  /** As the training data name them; none where none is likely. */
  readonly types: readonly string[];
}

/** The types that a model tells. */
export const typesOf = (logits: Float32Array, task: object): string[] =>
  task instanceof EntityTyping ? task.typesOf(logits) : [];

/** A downstream model for entity typing. */
export const askTypes: Asking<TypingQuestion, TypingAnswer, TypingExample, EncodedMention, TypingScores> = {
  kind: entityTyping,
  question: z.object({ text: z.string(), mention: wordsOrOffsets }),
  example: ({ text, mention }) => ({
    text,
    mention: spanOf(text, mention, "mention"),
    labels: [],
    where: askedWhere,
  }),
  answer: (_example, { logits }, task) => ({ types: typesOf(logits, task) }),
};
