/**
 * What a model with an adapter that was taught facts answers: exactly these facts, in exactly these wordings. Answers
 * are never shown: all tokens of an answer are hidden at once.
 * @module
 */
import { type Fact, factKey, questionKey } from "../data/fact.js";
import type { Wordings } from "../data/wordings.js";
import { type EncodedRecall, recall } from "../tasks/recall/recall.js";
import type { RecallExample } from "../tasks/recall/recall-example.js";
import { backwardInWordings, inWordings } from "../tasks/recall/recall-questions.js";
import { type KeptScores, keptScores } from "../tasks/recall/recall-scores.js";
import { turnedWording } from "../tasks/recall/turned-facts.js";
import type { TaskContext } from "../tasks/task.js";
import { encodeExamples, type SkipCounts } from "../tasks/task-data.js";
import { wordIds } from "../text/word-ids.js";
import { logSumExp, topIndices } from "./answers.js";
import type { ClozeModel } from "./cloze-model.js";
import { answerFreely } from "./free-answers.js";
import { agreement, rankOf, rankScores } from "./rank-scores.js";
import { type Answer, type FactExample, groups, type Ids, type Question } from "./recall-question.js";

/** Answers of one set of adapters to some questions. */
export type RecallProbeScores = {
  /**
   * Share of questions all of whose tokens are the likeliest in the vocabulary. In wordings that were taught the editing
   * literature calls it efficacy (or reliability), in others generalisation (MEMIT, arXiv 2210.07229, §5.1; EasyEdit,
   * arXiv 2308.07269, §3.3).
   */
  readonly p1: number;
  /** Share of questions all of whose tokens are among the ten likeliest. */
  readonly p10: number;
  /** Share of questions whose answer is the likeliest of the relation's objects of as many tokens. */
  readonly typedP1: number;
  /**
   * Mean of 1 / rank in the vocabulary; of several tokens the worst one's. A causal model's answers of several tokens are
   * ranked among the ten likeliest that it says freely, and count as 0 where they are none of these; so for P@10.
   */
  readonly mrr: number;
  /**
   * Share of pairs of wordings in which the same fact gets the same answer (ParaRel, Elazar et al. 2021, arXiv
   * 2102.01017, §3); null where no fact is asked in two.
   */
  readonly consistency: number | null;
  /** Share of questions whose likeliest answer is the model's own: of subjects that were not taught, the locality. */
  readonly kept: number;
  readonly questions: number;
};

/** Scores by set of adapters. */
export type RecallScoresBySet = Readonly<Record<string, RecallProbeScores>>;

/** Some of the questions by kind; null where there are none of it, or nobody can tell. */
export interface RecallParts {
  /** In wordings that the relation's facts were taught in, and in others. */
  readonly taught: RecallScoresBySet | null;
  readonly heldOut: RecallScoresBySet | null;
  /** Whose answer is one token, and several: there P@1 is exact match. */
  readonly one: RecallScoresBySet | null;
  readonly several: RecallScoresBySet | null;
}

/** Answers in one wording. */
export interface WordingReport {
  readonly relation: string;
  readonly pattern: string;
  /** Whether the relation's facts were taught in it; null where nobody can tell. */
  readonly taught: boolean | null;
  readonly scores: RecallScoresBySet;
}

export interface RecallReport {
  readonly scores: RecallScoresBySet;
  readonly parts: RecallParts;
  readonly relations: Readonly<Record<string, RecallScoresBySet>>;
  readonly wordings: readonly WordingReport[];
  /** The right answer's rank in each question, by set. */
  readonly ranks: Readonly<Record<string, readonly number[]>>;
  readonly skipped: SkipCounts;
}

/** What is asked. */
export interface RecallQuestions {
  readonly facts: readonly Fact[];
  readonly wordings: Wordings;
  /** The wordings that were taught (in the way that is asked), where it is known. */
  readonly taught?: Wordings | null;
  /** Whether subjects are asked from objects; wordings are then told as they are given. */
  readonly backward?: boolean;
}

export interface RecallProbeOptions {
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/** Makes questions and texts of examples as teaching does; nothing is gated here, the model's sets do that. */
export const recallEncoder = (maxLength: number, backbone?: TaskContext["backbone"]) =>
  recall.make(
    { labels: null, options: { neighbours: "prior" } },
    { maxLength, dropout: 0, headInit: "official", ...(backbone ? { backbone } : {}) },
  );

/** The tokens of examples as clozes, one for each. */
const clozesOf = (texts: readonly EncodedRecall[]) =>
  texts.flatMap(({ inputIds, positions }, text) => positions.map((position, i) => ({ inputIds, position, text, i })));

/** Asks every fact in every wording of its relation, and in its own sentences. */
export async function probeRecall(
  model: ClozeModel,
  { facts, wordings, taught = null, backward = false }: RecallQuestions,
  maxLength: number,
  { batchSize, signal }: RecallProbeOptions,
): Promise<RecallReport> {
  const set = backward ? backwardInWordings(facts, wordings) : { examples: inWordings(facts, wordings), skipped: {} };
  const { examples: asked, skipped } = encodeExamples(recallEncoder(maxLength, model.backbone), model.tokenizer, set);
  const objects = objectsOf(backward ? asked.map(({ example }) => (example as FactExample).fact) : facts, model);
  const questions = asked.map(({ example, labels }): Question => {
    const { fact } = example as FactExample;
    const right = rightAnswers(fact, labels, model);
    const competing = (objects.get(fact.relation) ?? []).filter(({ length }) => length === labels.length);
    const answers = model.names.map(() => ({
      ...{ ranks: right.map(() => 1), typed: new Float64Array(competing.length), best: labels.map(() => -1) },
    }));
    const { wording } = example as FactExample;
    const given = backward ? turnedWording(wording) : wording;
    return { example: example as FactExample, wording: given, right, competing, answers };
  });
  // A causal model would see the right answer's first tokens, so it says those of several tokens by itself.
  const isFree = ({ text }: { readonly text: number }) => model.causal && (asked[text]?.labels.length ?? 0) > 1;
  const clozes = clozesOf(asked).filter((one) => !isFree(one));
  const use = (set: number, cloze: number, logits: Float32Array) => {
    const { text, i } = clozes[cloze] as (typeof clozes)[number];
    const { right, competing, answers } = questions[text] as Question;
    hear(answers[set] as Answer, { right, competing }, i, logits);
  };
  await model.ask(clozes, batchSize, use, signal);
  const free = asked.flatMap((one, text) =>
    isFree({ text }) ? [{ ...(questions[text] as Question), text: one }] : [],
  );
  await answerFreely(model, free, { batchSize, signal });
  return { ...reportOf(model.names, questions, taught), skipped };
}

/** What the answers come to: all of them, and by kind, relation and wording. */
function reportOf(
  names: readonly string[],
  questions: readonly Question[],
  taught: Wordings | null,
): Omit<RecallReport, "skipped"> {
  const bySet = <T>(of: (set: number) => T): Readonly<Record<string, T>> =>
    Object.fromEntries(names.map((name, set) => [name, of(set)]));
  const scored = (some: readonly Question[]) => bySet((set) => scoresOf(some, set));
  const part = (test: (question: Question) => boolean) => {
    const some = questions.filter(test);
    return some.length === 0 ? null : scored(some);
  };
  const isTaught = (relation: string, wording: string) => taught?.get(relation)?.includes(wording) ?? false;
  const inTaught = ({ example, wording }: Question) => isTaught(example.fact.relation, wording);
  const relations = groups(questions, ({ example }) => example.fact.relation);
  return {
    scores: scored(questions),
    parts: {
      taught: taught && part(inTaught),
      heldOut: taught && part((question) => !inTaught(question)),
      one: part(({ right }) => right[0]?.length === 1),
      several: part(({ right }) => right[0]?.length !== 1),
    },
    relations: Object.fromEntries([...relations].map(([relation, own]) => [relation, scored(own)])),
    wordings: [...relations].flatMap(([relation, own]) =>
      [...groups(own, ({ wording }) => wording)].map(([pattern, some]) => ({
        ...{ relation, pattern, taught: taught && isTaught(relation, pattern), scores: scored(some) },
      })),
    ),
    ranks: bySet((set) => questions.map((question) => rankIn(question, set))),
  };
}

/** Takes what a model says of an answer's token. */
function hear(
  answer: Answer,
  { right, competing }: Pick<Question, "right" | "competing">,
  token: number,
  logits: Float32Array,
): void {
  right.forEach((ids, a) => {
    answer.ranks[a] = Math.max(answer.ranks[a] as number, rankOf(logits, ids[token] as number));
  });
  competing.forEach((ids, c) => {
    answer.typed[c] = (answer.typed[c] as number) + (logits[ids[token] as number] as number);
  });
  answer.best[token] = topIndices(logits, 1)[0] as number;
}

/** The different objects of each relation. */
function objectsOf(facts: readonly Fact[], { tokenizer }: ClozeModel): ReadonlyMap<string, readonly Ids[]> {
  const found = new Map<string, Map<string, Ids>>();
  for (const { relation, object } of facts) {
    const own = found.get(relation) ?? new Map<string, Ids>();
    found.set(relation, own);
    const ids = wordIds(tokenizer, object);
    own.set(ids.join(), ids);
  }
  return new Map([...found].map(([relation, own]) => [relation, [...own.values()]]));
}

/** The object, and its other names of as many tokens. */
function rightAnswers({ aliases }: Fact, labels: Ids, { tokenizer }: ClozeModel): readonly Ids[] {
  const others = aliases.map((alias) => wordIds(tokenizer, alias));
  return [labels, ...others.filter(({ length }) => length === labels.length)];
}

/** The rank of the best right answer: of several tokens the worst one's. */
const rankIn = ({ answers }: Question, set: number): number => Math.min(...(answers[set] as Answer).ranks);

/** @param set index of the set; the first one is the model alone */
function scoresOf(questions: readonly Question[], set: number): RecallProbeScores {
  const answer = ({ answers }: Question) => answers[set] as Answer;
  const { p1, p10, mrr } = rankScores(questions.map((question) => rankIn(question, set)));
  const share = (test: (question: Question) => boolean) =>
    questions.filter(test).length / Math.max(1, questions.length);
  const said = ({ answers }: Question, by: number) => (answers[by] as Answer).best.join();
  // Sentences tell apart what a question of a table does not.
  const facts = groups(questions, ({ example: { fact } }) => (fact.sentences ? factKey : questionKey)(fact));
  const repeated = [...facts.values()].filter(({ length }) => length > 1);
  return {
    ...{ p1, p10, typedP1: share((question) => typedRight(question, answer(question))), mrr },
    consistency:
      repeated.length === 0 ? null : agreement(repeated.map((some) => some.map((question) => said(question, set)))),
    kept: share((question) => said(question, set) === said(question, 0)),
    questions: questions.length,
  };
}

function typedRight({ competing, right }: Question, { typed }: Answer): boolean {
  const best = competing[topIndices(Float32Array.from(typed), 1)[0] ?? -1];
  return best !== undefined && right.some((ids) => ids.join() === best.join());
}

/** Tokens of a line of plain text that are read, at most. */
export const textTokens = (maxLength: number): number => maxLength - 8;

/** What a set of adapters changes of plain text, beside the model alone (the first set). */
export async function probeText(
  model: ClozeModel,
  lines: readonly string[],
  maxLength: number,
  { batchSize, signal }: RecallProbeOptions,
): Promise<Readonly<Record<string, KeptScores>>> {
  const tokens = textTokens(maxLength);
  const examples = lines.map((text): RecallExample => ({ kind: "text", text, tokens, open: true }));
  const encoder = recallEncoder(maxLength, model.backbone);
  const { examples: texts } = encodeExamples(encoder, model.tokenizer, { examples, skipped: {} });
  const clozes = clozesOf(texts);
  const said = model.names.map(
    () => new Array<{ readonly logProbability: number; readonly best: number }>(clozes.length),
  );
  const use = (set: number, cloze: number, logits: Float32Array) => {
    const { text, i } = clozes[cloze] as (typeof clozes)[number];
    const label = texts[text]?.labels[i] as number;
    const best = topIndices(logits, 1)[0] as number;
    (said[set] as (typeof said)[number])[cloze] = {
      logProbability: (logits[label] as number) - logSumExp(logits),
      best,
    };
  };
  await model.ask(clozes, batchSize, use, signal);
  const before = said[0] ?? [];
  return Object.fromEntries(
    model.names.map((name, set) => [
      name,
      keptScores(
        (said[set] ?? []).map(({ logProbability, best }, i) => ({
          ...{ rank: 0, logProbability, kept: best === before[i]?.best },
          logProbabilityBefore: before[i]?.logProbability as number,
        })),
      ),
    ]),
  );
}
