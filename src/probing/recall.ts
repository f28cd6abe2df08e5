/**
 * What a model with an adapter that was taught facts answers: exactly these facts, in exactly these wordings. Answers
 * are decoded freely: all tokens of an answer are hidden at once.
 * @module
 */
import type { Fact } from "../data/facts.js";
import type { Wordings } from "../data/wordings.js";
import { type EncodedRecall, type RecallExample, recall } from "../tasks/recall/recall.js";
import { type KeptScores, keptScores } from "../tasks/recall/recall-scores.js";
import { encodeExamples, type SkipCounts } from "../tasks/task-data.js";
import { wordIds } from "../text/word-ids.js";
import { logSumExp, topIndices } from "./answers.js";
import type { ClozeModel } from "./cloze-model.js";
import { rankOf } from "./rank-scores.js";

export interface RecallProbeScores {
  /** Share of questions all of whose tokens are the likeliest in the vocabulary. */
  readonly p1: number;
  /** Share of questions whose answer is the likeliest of the relation's objects of as many tokens. */
  readonly typedP1: number;
  /** Mean of 1 / rank in the vocabulary; of several tokens the worst one's. */
  readonly mrr: number;
  readonly questions: number;
}

export interface RecallReport {
  /** By set of adapters. */
  readonly scores: Readonly<Record<string, RecallProbeScores>>;
  readonly skipped: SkipCounts;
}

type FactExample = Extract<RecallExample, { readonly kind: "fact" }>;

/** One answer under way: sums over its tokens. */
interface Answer {
  /** Worst rank of each right answer's tokens. */
  readonly ranks: number[];
  /** Log-probability of each object that competes. */
  readonly typed: Float64Array;
}

export interface RecallProbeOptions {
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/** Makes questions and texts of examples as teaching does; nothing is gated here, the model's sets do that. */
const encoder = (maxLength: number) =>
  recall.make({ labels: null, options: { neighbours: "prior" } }, { maxLength, dropout: 0, headInit: "official" });

/** The tokens of examples as clozes, one for each. */
const clozesOf = (texts: readonly EncodedRecall[]) =>
  texts.flatMap(({ inputIds, positions }, text) => positions.map((position, i) => ({ inputIds, position, text, i })));

/** Asks every fact in every wording of its relation. */
export async function probeRecall(
  model: ClozeModel,
  { facts, wordings }: { readonly facts: readonly Fact[]; readonly wordings: Wordings },
  maxLength: number,
  { batchSize, signal }: RecallProbeOptions,
): Promise<RecallReport> {
  const examples = facts.flatMap((fact) =>
    (wordings.get(fact.relation) ?? []).map(
      (wording): FactExample => ({ kind: "fact", fact, wording, heldOut: false }),
    ),
  );
  const { examples: asked, skipped } = encodeExamples(encoder(maxLength), model.tokenizer, { examples, skipped: {} });
  const objects = objectsOf(facts, model);
  const right = asked.map(({ example, labels }) => rightAnswers((example as FactExample).fact, labels, model));
  const competing = asked.map(({ example, labels }) =>
    (objects.get((example as FactExample).fact.relation) ?? []).filter(({ length }) => length === labels.length),
  );
  const answers = model.names.map(() =>
    asked.map(
      (_, i): Answer => ({
        ranks: (right[i] ?? []).map(() => 1),
        typed: new Float64Array(competing[i]?.length ?? 0),
      }),
    ),
  );
  const clozes = clozesOf(asked);
  const use = (set: number, cloze: number, logits: Float32Array) => {
    const { text, i } = clozes[cloze] as (typeof clozes)[number];
    const answer = answers[set]?.[text] as Answer;
    right[text]?.forEach((ids, a) => {
      answer.ranks[a] = Math.max(answer.ranks[a] as number, rankOf(logits, ids[i] as number));
    });
    competing[text]?.forEach((ids, c) => {
      answer.typed[c] = (answer.typed[c] as number) + (logits[ids[i] as number] as number);
    });
  };
  await model.ask(clozes, batchSize, use, signal);
  const scores = model.names.map((name, set) => [name, scoresOf(answers[set] as Answer[], right, competing)] as const);
  return { scores: Object.fromEntries(scores), skipped };
}

type Ids = readonly number[];

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

function scoresOf(
  answers: readonly Answer[],
  right: readonly (readonly Ids[])[],
  competing: readonly (readonly Ids[])[],
): RecallProbeScores {
  const ranks = answers.map((answer) => Math.min(...answer.ranks));
  const typed = answers.filter(({ typed: sums }, i) => {
    const best = competing[i]?.[topIndices(Float32Array.from(sums), 1)[0] ?? -1];
    return best !== undefined && (right[i] ?? []).some((ids) => ids.join() === best.join());
  });
  const share = (count: number) => count / Math.max(1, answers.length);
  return {
    p1: share(ranks.filter((rank) => rank === 1).length),
    typedP1: share(typed.length),
    mrr: share(ranks.reduce((sum, rank) => sum + 1 / rank, 0)),
    questions: answers.length,
  };
}

/** What a set of adapters changes of plain text, beside the model alone (the first set). */
export async function probeText(
  model: ClozeModel,
  lines: readonly string[],
  maxLength: number,
  { batchSize, signal }: RecallProbeOptions,
): Promise<Readonly<Record<string, KeptScores>>> {
  const examples = lines.map((text): RecallExample => ({ kind: "text", text, tokens: maxLength - 8, open: true }));
  const { examples: texts } = encodeExamples(encoder(maxLength), model.tokenizer, { examples, skipped: {} });
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
