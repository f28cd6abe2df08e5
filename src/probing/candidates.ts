import type { Cloze } from "./answers.js";
import { chainClozes, logSumExp, pseudoClozes } from "./answers.js";
import type { ClozeModel } from "./cloze-model.js";

/**
 * Log-probabilities of given answers, of one token or several. An answer of several tokens has its pseudo-log-likelihood
 * (Salazar et al. 2020, arXiv 1910.14659): the sum over its tokens, each hidden alone while the others stand there; of a
 * causal model its log-likelihood. The answers of all questions are asked together, in batches.
 *
 * @param answers token ids of each answer
 * @returns scores by set, question and answer
 */
export async function scoreAnswers(
  model: ClozeModel,
  questions: readonly Cloze[],
  answers: readonly (readonly number[])[],
  batchSize: number,
  signal?: AbortSignal,
): Promise<readonly (readonly Float64Array[])[]> {
  const scores = model.names.map(() => questions.map(() => new Float64Array(answers.length)));
  const texts: Cloze[] = [];
  /** For each text what its mask adds to: the question, and the masked token of each answer. */
  const asked: { readonly question: number; readonly tokens: readonly (readonly [answer: number, id: number])[] }[] =
    [];
  const singles = answers.flatMap((ids, i) => (ids.length === 1 ? [[i, ids[0] as number] as const] : []));
  questions.forEach((cloze, question) => {
    if (singles.length > 0) {
      texts.push(cloze);
      asked.push({ question, tokens: singles });
    }
    answers.forEach((ids, i) => {
      if (ids.length < 2) return;
      texts.push(...(model.causal ? chainClozes : pseudoClozes)(cloze, ids));
      asked.push(...ids.map((id) => ({ question, tokens: [[i, id] as const] })));
    });
  });
  await model.ask(
    texts,
    batchSize,
    (set, text, logits) => {
      const { question, tokens } = asked[text] as (typeof asked)[number];
      const total = logSumExp(logits);
      const row = scores[set]?.[question] as Float64Array;
      for (const [answer, id] of tokens) row[answer] = (row[answer] as number) + (logits[id] as number) - total;
    },
    signal,
  );
  return scores;
}
