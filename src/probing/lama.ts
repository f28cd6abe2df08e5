import { maxTokens } from "../backbones/text-length.js";
import { type LamaFact, type LamaRelation, lamaQuery } from "../data/lama.js";
import { answerInSubject, inProbedFifth, nameGuesses, nameQuestions } from "../data/lama-filters.js";
import { userError } from "../errors.js";
import type { answerSets, subjectParts, uhnFilters } from "../settings/choices.js";
import { countSkipped, type SkipCounts } from "../tasks/task-data.js";
import type { Cloze } from "./answers.js";
import { AnswerTokens, clozeOf, topIndices } from "./answers.js";
import { scoreAnswers } from "./candidates.js";
import type { ClozeModel } from "./cloze-model.js";
import {
  type ConsistencyScores,
  consistencyScores,
  macroAverage,
  type ParaphrasedAnswers,
  type RankScores,
  rankOf,
  rankScores,
} from "./rank-scores.js";

export interface LamaProbeOptions {
  /** Answers that all compared models know; every single token where it is left out. */
  readonly vocabulary?: readonly string[];
  /** What answers compete: the vocabulary's words, or the relation's objects (typed querying). */
  readonly answers: (typeof answerSets)[number];
  /** Objects of several tokens too, by pseudo-log-likelihood; with {@link answers} `objects` alone. */
  readonly multiToken: boolean;
  /** LAMA-UHN: leave out facts whose answer stands in the subject's name, or also those that a name gives away. */
  readonly uhn: (typeof uhnFilters)[number];
  readonly subjects: (typeof subjectParts)[number];
  /** ParaRel's measure too. */
  readonly consistency: boolean;
  readonly batchSize: number;
  /** Most facts of a relation; all where it is left out. */
  readonly limit?: number;
  /** What the reader left out, by reason: facts that are not asked either. */
  readonly left?: SkipCounts;
  readonly signal?: AbortSignal;
  readonly onRelation?: (report: RelationReport) => void;
}

/** Why a fact is not asked. */
export type FactSkip =
  | "other-subjects"
  | "not-a-single-token"
  | "not-in-the-vocabulary"
  | "answer-in-subject"
  | "guessed-from-the-name"
  | "too-long"
  | "over-the-limit";

export interface RelationReport {
  readonly relation: string;
  readonly facts: number;
  readonly skipped: Readonly<Partial<Record<FactSkip, number>>>;
  /** Answers that competed. */
  readonly answers: number;
  /** By set of adapters. */
  readonly scores: Readonly<Record<string, RankScores>>;
  readonly consistency?: Readonly<Record<string, ConsistencyScores>>;
}

export interface LamaReport {
  readonly relations: readonly RelationReport[];
  /** Macro-averaged over relations, by set of adapters. */
  readonly macro: Readonly<Record<string, RankScores>>;
  /** ParaRel's, averaged over relations. */
  readonly consistency?: Readonly<Record<string, { readonly consistency: number; readonly consistentlyRight: number }>>;
  /** Why facts were not asked: what the reader left out, too. */
  readonly skipped: SkipCounts;
  readonly facts: number;
  /** Whether answers are compared lower-cased. */
  readonly uncased: boolean;
}

/** A fact as it is asked: the right answer's index among the candidates. */
interface Question {
  readonly fact: LamaFact;
  readonly cloze: Cloze;
  readonly right: number;
}

/** Asks all facts of some relations. */
export async function probeLama(
  model: ClozeModel,
  relations: readonly LamaRelation[],
  options: LamaProbeOptions,
): Promise<LamaReport> {
  if (model.causal) {
    throw userError({
      where: model.backbone.folder,
      what: "a model that reads from left to right cannot be asked for a masked word",
      expected: "a masked language model such as BERT",
    });
  }
  const tokens = new AnswerTokens(model.tokenizer);
  const vocabulary = vocabularyOf(model, tokens, options);
  const reports: RelationReport[] = [];
  for (const relation of relations) {
    const report = await new RelationProbe(model, tokens, relation, vocabulary, options).run();
    options.onRelation?.(report);
    reports.push(report);
  }
  return summary(model.names, reports, options.left ?? {}, tokens.uncased);
}

/** Ids that compete, by {@link AnswerTokens.key}. */
function vocabularyOf(
  { tokenizer }: ClozeModel,
  tokens: AnswerTokens,
  { vocabulary, answers }: LamaProbeOptions,
): ReadonlyMap<string, number> | null {
  if (vocabulary) return tokens.singles(vocabulary);
  if (answers === "objects") return null;
  const words = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.decode([id]).trim());
  return tokens.singles(words.filter((word) => word !== ""));
}

class RelationProbe {
  private readonly skipped: Partial<Record<FactSkip, number>> = {};

  constructor(
    private readonly model: ClozeModel,
    private readonly tokens: AnswerTokens,
    private readonly relation: LamaRelation,
    private readonly vocabulary: ReadonlyMap<string, number> | null,
    private readonly options: LamaProbeOptions,
  ) {}

  async run(): Promise<RelationReport> {
    const { relation, options, model } = this;
    const candidates = this.candidates();
    const questions = await this.unguessable(this.questions(candidates));
    const ranks = await this.ranks(questions, candidates);
    const named = <T>(make: (set: number) => T) =>
      Object.fromEntries(model.names.map((name, set) => [name, make(set)]));
    const consistency = options.consistency ? await this.consistency(questions, candidates) : null;
    return {
      relation: relation.name,
      facts: relation.facts.length,
      skipped: this.skipped,
      answers: candidates.size,
      scores: named((set) => rankScores(ranks[set] ?? [])),
      ...(consistency ? { consistency: named((set) => consistencyScores(consistency[set] ?? [])) } : {}),
    };
  }

  /** Token ids of the answers that compete, by key. */
  private candidates(): ReadonlyMap<string, readonly number[]> {
    const { answers, multiToken } = this.options;
    const found = new Map<string, readonly number[]>();
    if (answers === "vocabulary") {
      const seen = new Set<number>();
      for (const [key, id] of this.vocabulary ?? []) {
        // Two words can be the same token for an uncased model: it competes once.
        if (!seen.has(id)) found.set(key, [id]);
        seen.add(id);
      }
      return found;
    }
    for (const { object } of this.relation.facts) {
      const key = this.tokens.key(object);
      if (found.has(key)) continue;
      const ids = this.tokens.ids(object);
      const known = this.vocabulary === null || this.vocabulary.has(key) || ids.length > 1;
      if (known && (ids.length === 1 || (multiToken && ids.length > 1))) found.set(key, ids);
    }
    return found;
  }

  private skip(reason: FactSkip): null {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
    return null;
  }

  private questions(candidates: ReadonlyMap<string, readonly number[]>): Question[] {
    const places = new Map([...candidates.keys()].map((key, i) => [key, i]));
    const byId = new Map(
      [...candidates.values()].flatMap((ids, i) => (ids.length === 1 ? [[ids[0], i] as const] : [])),
    );
    const found: Question[] = [];
    for (const fact of this.relation.facts) {
      const question = this.question(fact, places, byId);
      if (question === null) continue;
      if (found.length < (this.options.limit ?? Number.POSITIVE_INFINITY)) found.push(question);
      else this.skip("over-the-limit");
    }
    return found;
  }

  private question(
    fact: LamaFact,
    places: ReadonlyMap<string, number>,
    byId: ReadonlyMap<number | undefined, number>,
  ): Question | null {
    const { subjects, uhn, answers } = this.options;
    if (subjects !== "all" && inProbedFifth(fact.subject) !== (subjects === "fifth"))
      return this.skip("other-subjects");
    const key = this.tokens.key(fact.object);
    const single = this.tokens.single(fact.object);
    const right = places.get(key) ?? (this.vocabulary?.has(key) ? byId.get(single) : undefined);
    if (right === undefined) {
      return this.skip(single === undefined ? "not-a-single-token" : "not-in-the-vocabulary");
    }
    if (answers === "vocabulary" && single === undefined) return this.skip("not-a-single-token");
    if (uhn !== "off" && answerInSubject(fact)) return this.skip("answer-in-subject");
    const cloze = this.cloze(this.relation.template, fact);
    return cloze ? { fact, cloze, right } : this.skip("too-long");
  }

  private cloze(template: string | null, fact: LamaFact): Cloze | null {
    const text = lamaQuery(template, fact);
    if (text === null) return null;
    const cloze = clozeOf(text, this.model.tokenizer, fact.where);
    return cloze.inputIds.length <= maxTokens(this.model.backbone) ? cloze : null;
  }

  /** LAMA-UHN's second filter; the first set answers. */
  private async unguessable(questions: readonly Question[]): Promise<readonly Question[]> {
    if (this.options.uhn !== "full") return questions;
    const asked = [...new Set(questions.flatMap(({ fact }) => nameQuestions(fact)))];
    const guesses = new Map<string, ReadonlySet<number>>();
    const clozes = asked.map((text) => clozeOf(text, this.model.tokenizer));
    await this.model.ask(clozes, this.options.batchSize, (set, text, logits) => {
      if (set === 0) guesses.set(asked[text] as string, new Set(topIndices(logits, nameGuesses)));
    });
    return questions.filter(({ fact }) => {
      const id = this.tokens.single(fact.object);
      const guessed = nameQuestions(fact).some((text) => id !== undefined && guesses.get(text)?.has(id));
      if (guessed) this.skip("guessed-from-the-name");
      return !guessed;
    });
  }

  /** The right answers' ranks, by set. */
  private async ranks(
    questions: readonly Question[],
    candidates: ReadonlyMap<string, readonly number[]>,
  ): Promise<readonly (readonly number[])[]> {
    const answers = [...candidates.values()];
    const { batchSize, signal } = this.options;
    const clozes = questions.map(({ cloze }) => cloze);
    const ranks = this.model.names.map(() => new Array<number>(questions.length).fill(0));
    const set = (which: number, question: number, rank: number) => {
      (ranks[which] as number[])[question] = rank;
    };
    const right = (question: number) => (questions[question] as Question).right;
    if (answers.some(({ length }) => length > 1)) {
      // Few questions at a time: each has a text for every token of every answer.
      for (let i = 0; i < questions.length; i += 4) {
        const scores = await scoreAnswers(this.model, clozes.slice(i, i + 4), answers, batchSize, signal);
        scores.forEach((rows, which) => {
          rows.forEach((row, j) => {
            set(which, i + j, rankOf([...row], right(i + j)));
          });
        });
      }
      return ranks;
    }
    await this.askSingles(clozes, answers, (which, question, scores) => {
      set(which, question, rankOf(scores, right(question)));
    });
    return ranks;
  }

  /** Scores of answers that are one token each. */
  private askSingles(
    clozes: readonly Cloze[],
    answers: readonly (readonly number[])[],
    use: (set: number, question: number, scores: Float32Array) => void,
  ): Promise<void> {
    const ids = Int32Array.from(answers, ([id]) => id as number);
    const scores = new Float32Array(ids.length);
    const { batchSize, signal } = this.options;
    const picked = (set: number, question: number, logits: Float32Array) => {
      ids.forEach((id, i) => {
        scores[i] = logits[id] as number;
      });
      use(set, question, scores);
    };
    return this.model.ask(clozes, batchSize, picked, signal);
  }

  /** The first answer to each paraphrase, among the relation's objects of one token (ParaRel, §4). */
  private async consistency(
    questions: readonly Question[],
    candidates: ReadonlyMap<string, readonly number[]>,
  ): Promise<readonly (readonly ParaphrasedAnswers[])[] | null> {
    const { patterns } = this.relation;
    if (patterns.length === 0) return null;
    const objects = this.tokens.singles(this.relation.facts.map(({ object }) => object));
    const answers = [...new Set(objects.values())].map((id) => [id]);
    const asked = questions.flatMap((question) => {
      const clozes = patterns.map((pattern) => this.cloze(pattern, question.fact));
      const id = this.tokens.single(question.fact.object);
      const right = answers.findIndex(([one]) => one === id);
      return right >= 0 && clozes.every((cloze) => cloze !== null) ? [{ clozes: clozes as Cloze[], right }] : [];
    });
    if (candidates.size === 0) return null;
    const found = this.model.names.map(() => asked.map(({ right }) => ({ answers: [] as number[], right })));
    await this.askSingles(
      asked.flatMap(({ clozes }) => clozes),
      answers,
      (set, text, scores) => {
        const fact = found[set]?.[Math.floor(text / patterns.length)];
        if (fact) fact.answers[text % patterns.length] = topIndices(scores, 1)[0] as number;
      },
    );
    return found;
  }
}

function summary(
  names: readonly string[],
  reports: readonly RelationReport[],
  left: SkipCounts,
  uncased: boolean,
): LamaReport {
  const skipped: Record<string, number> = { ...left };
  for (const report of reports) {
    for (const [reason, count] of Object.entries(report.skipped)) {
      skipped[reason] = (skipped[reason] ?? 0) + count;
    }
  }
  const scoresOf = (name: string) => reports.map(({ scores }) => scores[name] as RankScores);
  const measured = reports.filter(({ consistency }) => consistency !== undefined);
  const mean = (name: string, key: "consistency" | "consistentlyRight") => {
    const all = measured.flatMap(({ consistency }) => consistency?.[name] ?? []).filter(({ facts }) => facts > 0);
    return all.reduce((sum, scores) => sum + scores[key], 0) / Math.max(1, all.length);
  };
  const consistency = Object.fromEntries(
    names.map((name) => [
      name,
      { consistency: mean(name, "consistency"), consistentlyRight: mean(name, "consistentlyRight") },
    ]),
  );
  return {
    relations: reports,
    macro: Object.fromEntries(names.map((name) => [name, macroAverage(scoresOf(name))])),
    ...(measured.length > 0 ? { consistency } : {}),
    skipped,
    facts: reports.reduce((sum, { facts }) => sum + facts, countSkipped(left)),
    uncased,
  };
}
