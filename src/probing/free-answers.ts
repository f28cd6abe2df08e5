/**
 * Answers of several tokens by a causal model, decoded freely: it never sees a part of the right one.
 * @module
 */
import type { EncodedRecall } from "../tasks/recall/recall.js";
import type { Cloze } from "./answers.js";
import { scoreAnswers } from "./candidates.js";
import type { ClozeModel } from "./cloze-model.js";
import { decodeAnswers } from "./decoding.js";
import { type Answer, groups, type Question } from "./recall-question.js";

/** Answers that are ranked. */
const beam = 10;
/** Questions whose relation's objects are compared at once. */
const together = 4;

/** A question, and its text with the right answer. */
export type FreeQuestion = Question & { readonly text: Pick<EncodedRecall, "inputIds" | "positions"> };

interface Asking {
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks for the likeliest answers, and which of the relation's objects is the likeliest; the answers are written down. */
export async function answerFreely(model: ClozeModel, questions: readonly FreeQuestion[], how: Asking): Promise<void> {
  const prompts = questions.map(promptOf);
  const texts = prompts.map(({ inputIds }, i) => ({
    inputIds,
    holes: [(questions[i] as FreeQuestion).text.positions],
  }));
  const decoded = await decodeAnswers(model, texts, { ...how, beam });
  decoded.forEach((set, s) => {
    set.forEach((said, i) => {
      const { right, answers } = questions[i] as FreeQuestion;
      const { ranks, best } = answers[s] as Answer;
      const found = said.map(({ ids }) => ids.join());
      right.forEach((ids, a) => {
        const at = found.indexOf(ids.join());
        ranks[a] = at < 0 ? Number.POSITIVE_INFINITY : at + 1;
      });
      best.splice(0, best.length, ...(said[0]?.ids ?? []));
    });
  });
  await compareObjects(model, questions, prompts, how);
}

/** The text before the answer, whose last token tells the first one of it. */
function promptOf({ text: { inputIds, positions } }: FreeQuestion): Cloze {
  const [position = 0] = positions;
  return { inputIds: inputIds.slice(0, position + 1), position };
}

/** The log-likelihood of each object that competes; questions of the same relation and length have the same ones. */
async function compareObjects(
  model: ClozeModel,
  questions: readonly FreeQuestion[],
  prompts: readonly Cloze[],
  { batchSize, signal }: Asking,
): Promise<void> {
  const byObjects = groups([...questions.keys()], (i) => (questions[i] as FreeQuestion).competing.join(";"));
  for (const all of byObjects.values()) {
    for (let at = 0; at < all.length; at += together) {
      const some = all.slice(at, at + together);
      const { competing } = questions[some[0] as number] as FreeQuestion;
      const clozes = some.map((i) => prompts[i] as Cloze);
      const scores = await scoreAnswers(model, clozes, competing, batchSize, signal);
      scores.forEach((set, s) => {
        set.forEach((row, i) => {
          (questions[some[i] as number] as FreeQuestion).answers[s]?.typed.set(row);
        });
      });
    }
  }
}
