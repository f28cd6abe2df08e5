import { join } from "node:path";
import { argmax, scoreClassification } from "../tasks/classification-scores.js";
import { normaliseAnswer, scoreAnswer, scoreAnswers } from "../tasks/qa/answer-scores.js";
import { scoreTacred } from "../tasks/relations/relation-scores.js";
import { predictedTypes, scoreTyping, type TypingScores } from "../tasks/typing/typing-scores.js";
import { type Fixture, readJson } from "./fixture.js";

/** Of meta.json's "compare with 1e-12 relative". */
const relative = 1e-12;

type Row = readonly number[];

interface Case {
  readonly name: string;
  readonly logits: readonly Row[];
  readonly gold: readonly Row[];
  readonly result?: unknown;
  /** The official function fails; here every number must be finite. */
  readonly error?: string;
}

/** Every case of the official metric functions. */
export async function compareScorers(fixture: Fixture): Promise<void> {
  const read = async <T>(name: string) => (await readJson(join(fixture.folder, name))) as T;
  compareTacred(fixture, await read("tacred.json"));
  const entities = await read<{ cases: Case[] }>("openentity.json");
  for (const one of entities.cases) compareTyping(fixture, "openentity", one, false);
  compareFiger(fixture, await read("figer.json"));
  compareChoices(fixture, await read("cosmosqa.json"));
  comparePretraining(fixture, await read("pretraining.json"));
  compareAnswers(fixture, await read("searchqa-quasart.json"));
}

/** Compares numbers, objects and arrays of numbers, field by field. */
function compareNumbers(fixture: Fixture, label: string, mine: unknown, expected: unknown): void {
  if (typeof expected === "number" && typeof mine === "number") {
    const allowed = Math.max(relative * Math.abs(expected), Number.MIN_VALUE);
    fixture.record(label, Math.abs(mine - expected), allowed);
  } else if (typeof expected === "object" && expected !== null && typeof mine === "object" && mine !== null) {
    for (const [key, value] of Object.entries(expected)) {
      compareNumbers(fixture, `${label}.${key}`, (mine as Record<string, unknown>)[key], value);
    }
  } else fixture.fail(label, `${JSON.stringify(mine)} instead of ${JSON.stringify(expected)}`);
}

/** Strings and the like, which must be equal. */
export function compareExactly(fixture: Fixture, label: string, mine: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(mine), JSON.stringify(expected)];
  if (a === b) fixture.record(label, 0, 1);
  else fixture.fail(label, `${a} instead of ${b}`);
}

function compareTacred(
  fixture: Fixture,
  data: { no_relation_index: number; cases: { name: string; predictions: Row; gold: Row; result: unknown }[] },
): void {
  for (const { name, predictions, gold, result } of data.cases) {
    compareNumbers(fixture, `tacred/${name}`, scoreTacred(gold, predictions, data.no_relation_index), result);
  }
}

const ones = (row: Row): number[] => Array.from(row.keys()).filter((i) => row[i] === 1);
const typesOf = (logits: readonly Row[], alwaysOne: boolean) =>
  logits.map((row) => predictedTypes(Float32Array.from(row), alwaysOne));

/** Scores under the names of the fixtures. */
function named({ strictAccuracy, exactMatches, looseMacro, looseMicro }: TypingScores) {
  return {
    exact_matches: exactMatches,
    strict_accuracy: strictAccuracy,
    loose_macro: looseMacro,
    loose_micro: looseMicro,
  };
}

function compareTyping(fixture: Fixture, kind: string, one: Case, alwaysOne: boolean): void {
  const mine = named(scoreTyping(one.gold.map(ones), typesOf(one.logits, alwaysOne)));
  const label = `${kind}/${one.name}`;
  if (one.error === undefined) compareNumbers(fixture, label, mine, one.result);
  else {
    const numbers = [mine.loose_micro, mine.loose_macro].flatMap(({ precision, recall, f1 }) => [
      precision,
      recall,
      f1,
    ]);
    compareExactly(fixture, `${label} (${one.error} there)`, numbers.every(Number.isFinite), true);
  }
}

interface FigerCases {
  readonly cases: readonly Case[];
  readonly official_evaluate: {
    readonly cases: readonly (Case & { readonly batch_size: number; readonly what_it_should_be: FigerTriples })[];
  };
  readonly figer_scores_of_utils_figer: { readonly cases: readonly Case[] };
}

interface FigerTriples {
  readonly strict_accuracy: number;
  readonly loose_macro: Row;
  readonly loose_micro: Row;
}

const triples = ({ looseMacro: macro, looseMicro: micro, strictAccuracy }: TypingScores): FigerTriples => ({
  strict_accuracy: strictAccuracy,
  loose_macro: [macro.precision, macro.recall, macro.f1],
  loose_micro: [micro.precision, micro.recall, micro.f1],
});

function compareFiger(fixture: Fixture, data: FigerCases): void {
  for (const one of data.cases) compareTyping(fixture, "figer", one, true);
  for (const one of data.official_evaluate.cases) {
    const label = `figer/${one.name}`;
    const gold = one.gold.map(ones);
    const said = typesOf(one.logits, true);
    const right = triples(scoreTyping(gold, said));
    compareNumbers(fixture, `${label} (as it should be)`, right, one.what_it_should_be);
    // As published: after every batch all rows so far are counted once more.
    const again = <T>(rows: readonly T[]) =>
      Array.from({ length: Math.ceil(rows.length / one.batch_size) }, (_, b) =>
        rows.slice(0, (b + 1) * one.batch_size),
      ).flat();
    const published = triples(scoreTyping(again(gold), again(said)));
    const result = {
      ERINE_accuracy: right.strict_accuracy,
      ERINE_macro: published.loose_macro,
      ERINE_micro: published.loose_micro,
    };
    compareNumbers(fixture, `${label} (as published)`, result, one.result);
  }
  for (const one of data.figer_scores_of_utils_figer.cases) {
    const scores = scoreTyping(one.gold.map(ones), typesOf(one.logits, false));
    const label = `figer/utils_figer: ${one.name}`;
    if (one.error !== undefined) compareExactly(fixture, label, scores.looseMicro.recall, 0);
    else {
      const equal = one.logits.flatMap((row, i) => row.map((x, j): number => (x === one.gold[i]?.[j] ? 1 : 0)));
      const simple = equal.reduce((sum, x) => sum + x, 0) / equal.length;
      const mine = { ...triples(scores), exact_matches: scores.exactMatches, simple_accuracy: simple };
      compareNumbers(fixture, label, mine, one.result);
    }
  }
}

function compareChoices(
  fixture: Fixture,
  data: { cases: { name: string; logits: readonly Row[]; gold: Row; result: unknown }[] },
): void {
  for (const { name, logits, gold, result } of data.cases) {
    const labels = (logits[0] ?? []).map(String);
    const rows = logits.map((row, i) => ({ truth: gold[i] as number, logits: Float32Array.from(row) }));
    const { accuracy } = scoreClassification(
      rows,
      labels.map((_, i) => String(i)),
    );
    compareNumbers(fixture, `cosmosqa/${name}`, { accuracy, correct: Math.round(accuracy * rows.length) }, result);
  }
}

interface LinguisticCase {
  readonly name: string;
  readonly logits: readonly (readonly Row[])[];
  /** `[batch][1][query][key]` */
  readonly attention_probs: readonly (readonly (readonly Row[])[])[];
  readonly attention_mask: readonly Row[];
  readonly labels: readonly Row[];
  readonly result: unknown;
}

function comparePretraining(
  fixture: Fixture,
  data: {
    factual: { cases: { name: string; predictions: Row; gold: Row; result: unknown }[] };
    linguistic: { cases: LinguisticCase[] };
  },
): void {
  for (const { name, predictions, gold, result } of data.factual.cases) {
    const classes = Math.max(...predictions, ...gold) + 1;
    const labels = Array.from({ length: classes }, (_, i) => String(i));
    const rows = gold.map((truth, i) => {
      const logits = new Float32Array(classes);
      logits[predictions[i] as number] = 1;
      return { truth, logits };
    });
    const { microF1, macroF1 } = scoreClassification(rows, labels);
    compareNumbers(fixture, `factual/${name}`, { micro_F1: microF1, macro_F1: macroF1 }, result);
  }
  for (const one of data.linguistic.cases) {
    const byLogits = one.logits.map((rows) => rows.map((row) => argmax(Float32Array.from(row))));
    // Over the queries, as published: for each key the query that looks at it most.
    const byAttention = one.attention_probs.map(([probs]) =>
      (probs ?? []).map((_, key) => argmax(Float32Array.from(probs ?? [], (row) => row[key] as number))),
    );
    const mine = {
      eval_accuracy: maskedAccuracy(byLogits, one),
      att_eval_accuracy: maskedAccuracy(byAttention, one),
    };
    compareNumbers(fixture, `linguistic/${one.name}`, mine, one.result);
  }
}

function maskedAccuracy(answers: readonly Row[], { labels, attention_mask: mask }: LinguisticCase): number {
  const hits = labels.flatMap((row, i) =>
    row.flatMap((label, j): number[] => (mask[i]?.[j] === 1 ? [answers[i]?.[j] === label ? 1 : 0] : [])),
  );
  return hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
}

interface AnswerCases {
  readonly normalize: readonly {
    readonly text: string;
    readonly normalized: string;
    readonly normalized_by_squad_script?: string;
  }[];
  readonly cases: readonly { prediction: string; gold: readonly string[]; exact_match: boolean; f1: number }[];
  readonly totals: unknown;
}

function compareAnswers(fixture: Fixture, { normalize, cases, totals }: AnswerCases): void {
  for (const { text, normalized, normalized_by_squad_script: other } of normalize) {
    const mine = normaliseAnswer(text);
    compareExactly(fixture, `answers/normalise ${JSON.stringify(text)}`, mine, mine === other ? other : normalized);
  }
  cases.forEach(({ prediction, gold, exact_match, f1 }, i) => {
    const mine = scoreAnswer(prediction, gold);
    compareNumbers(fixture, `answers/case ${i}`, mine, { exactMatch: exact_match ? 1 : 0, f1 });
  });
  const all = scoreAnswers(cases.map(({ prediction, gold }) => ({ prediction, answers: gold })));
  compareNumbers(fixture, "answers/totals", { exact_match: 100 * all.exactMatch, f1: 100 * all.f1 }, totals);
}
