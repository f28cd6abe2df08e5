import { z } from "zod";
import type { Attachment } from "../../data/conllu.js";
import type { DependencySentence } from "../../data/dependency-sentence.js";
import { userError } from "../../errors.js";
import { udWords } from "../../text/ud-words.js";
import { type Asking, askedWhere } from "../asking.js";
import type { Prediction } from "../task.js";
import type { AttachmentScores } from "./attachment-scores.js";
import { type EncodedSentence, HeadPrediction, headPrediction } from "./head-prediction.js";

/** A sentence as text, or as words that are parted already. */
export type TreeQuestion =
  | {
      /** Words and punctuation marks are parted here. */
      readonly text: string;
    }
  | {
      /** Words and punctuation marks, in their order. */
      readonly words: readonly string[];
    };

/** A word and its place in the tree. */
export interface TreeWord {
  /** As it stands in the sentence. */
  readonly form: string;
  /** The word that it depends on, counted from 1; 0 for the root. */
  readonly head: number;
  /** Universal relation, where the adapter has learnt them. */
  readonly relation?: string;
}

/** A dependency tree. */
export interface TreeAnswer {
  /** In the order of the sentence. */
  readonly words: readonly TreeWord[];
}

/** What was told of a sentence. */
export function attachmentsOf(prediction: Prediction<EncodedSentence>, task: object): Attachment[] {
  if (!(task instanceof HeadPrediction)) throw new Error("not a task of heads");
  const { heads, relations } = task.attach(prediction);
  return heads.map((head, i) => ({ head, relation: relations?.[i] ?? null }));
}

/** The tree as words with their heads. */
export function treeWords({ words }: DependencySentence, attachments: readonly Attachment[]): TreeWord[] {
  return attachments.map(({ head, relation }, i) => {
    const form = words[i]?.form ?? "";
    return { form, head: head ?? 0, ...(relation === null ? {} : { relation }) };
  });
}

const word = (form: string, spaceAfter: boolean): DependencySentence["words"][number] => ({
  form,
  upos: "",
  head: -1,
  relation: "",
  spaceAfter,
});

/** An adapter that tells each word's head. */
export const askTrees: Asking<TreeQuestion, TreeAnswer, DependencySentence, EncodedSentence, AttachmentScores> = {
  kind: headPrediction,
  question: z.union([z.object({ text: z.string() }), z.object({ words: z.array(z.string()) })]),
  example: (question) => {
    const words =
      "text" in question
        ? udWords(question.text).map(({ form, spaceAfter }) => word(form, spaceAfter))
        : question.words.map((form) => word(form, true));
    if (words.length === 0) throw userError({ where: askedWhere, what: "there are no words" });
    return { words, file: askedWhere, where: askedWhere };
  },
  answer: (sentence, prediction, task) => ({ words: treeWords(sentence, attachmentsOf(prediction, task)) }),
};
