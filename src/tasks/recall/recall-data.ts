import { type Fact, readFacts } from "../../data/facts.js";
import { readTextLines } from "../../data/text.js";
import { readWordings, type Wordings, wordingsOf } from "../../data/wordings.js";
import { collectExamples, type RecordedTaskData } from "../task-data.js";
import { type EncodedRecall, type RecallExample, type RecallOptions, type RecallScores, recall } from "./recall.js";
import { type PartedWordings, partWordings, type RecallChoices, recallQuestions } from "./recall-questions.js";

/** Where facts to be taught come from. */
export interface RecallData extends RecallChoices, Pick<RecallOptions, "keep"> {
  readonly facts: string;
  /** File or folder of wordings; those of a relation that it lacks are made from its name. */
  readonly wordings?: string | undefined;
  /** Files of plain text that is to stay as it is. */
  readonly text?: readonly string[] | undefined;
  /** What stands in where no text is given, and who is asked about as a neighbour. */
  readonly own: { readonly text: readonly string[]; readonly subjects: readonly string[] };
}

export interface RecallTaskData extends RecordedTaskData<RecallExample, EncodedRecall, RecallScores> {
  /** Which wordings of each relation are taught, and which are not. */
  readonly wordings: ReadonlyMap<string, PartedWordings>;
  /** Relations whose wordings were made from their names. */
  readonly made: readonly string[];
}

/** More lines of text than are ever learnt beside facts. */
const mostLines = 20_000;

/** Reads facts, wordings and text, and makes questions of them. */
export async function recallTaskData({ neighbours, keep, own, ...data }: RecallData): Promise<RecallTaskData> {
  const { facts, wordings, made, skipped } = await readQuestions(data);
  const text = data.text ? await firstLines(data.text) : own.text;
  const source = { where: data.facts, facts, wordings, text, others: own.subjects };
  const { train, dev, subjects } = recallQuestions(source, { ...data, neighbours });
  return {
    kind: recall,
    settings: { labels: null, options: { neighbours, keep }, ...(neighbours === "gate" ? { subjects } : {}) },
    train: { ...train, skipped: { ...skipped, ...train.skipped } },
    dev,
    recorded: { factsTaught: facts.length, subjectsTaught: subjects.length, wordingsRead: sizeOf(wordings) },
    wordings: new Map([...wordings].map(([relation, patterns]) => [relation, partWordings(patterns)])),
    made,
  };
}

const sizeOf = (wordings: Wordings) => [...wordings.values()].reduce((sum, { length }) => sum + length, 0);

/** Facts, and the wordings of their relations. */
export interface ReadQuestions {
  readonly facts: readonly Fact[];
  readonly wordings: Wordings;
  readonly made: readonly string[];
  readonly skipped: Readonly<Record<string, number>>;
}

/** Reads facts and wordings from their files. */
export async function readQuestions(data: {
  readonly facts: string | readonly string[];
  readonly wordings?: string | undefined;
}): Promise<ReadQuestions> {
  const expected = "facts with subject, relation and object";
  const set = await collectExamples([data.facts].flat(), (file, onSkip) => readFacts(file, { onSkip }), expected);
  const given = data.wordings === undefined ? new Map() : await readWordings(data.wordings);
  const relations = set.examples.map(({ relation }) => relation);
  return { facts: set.examples, ...wordingsOf(relations, given), skipped: set.skipped };
}

async function firstLines(files: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { text } of readTextLines(files)) {
    lines.push(text);
    if (lines.length === mostLines) break;
  }
  return lines;
}
