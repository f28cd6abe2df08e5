import { type Fact, readFacts } from "../../data/facts.js";
import { readFirstLines } from "../../data/text.js";
import { readWordings, type Wordings, wordingLines, wordingsOf } from "../../data/wordings.js";
import { collectExamples, type RecordedTaskData } from "../task-data.js";
import { type EncodedRecall, type RecallExample, type RecallOptions, type RecallScores, recall } from "./recall.js";
import { type HeldOutWording, type RecallChoices, recallQuestions } from "./recall-questions.js";

/** What stands in where no text is given, and who is asked about as a neighbour. */
export interface OtherTexts {
  readonly text: readonly string[];
  readonly subjects: readonly string[];
}

/** How facts are taught. */
export interface RecallTeaching extends RecallChoices, Pick<RecallOptions, "keep" | "margin"> {}

/** Where facts to be taught come from. */
export interface RecallData extends RecallTeaching {
  readonly facts: string;
  /** File or folder of wordings; those of a relation that it lacks are made from its name. */
  readonly wordings?: string | undefined;
  /** Files of plain text that is to stay as it is. */
  readonly text?: readonly string[] | undefined;
  readonly own: OtherTexts;
}

export interface RecallTaskData extends RecordedTaskData<RecallExample, EncodedRecall, RecallScores> {
  readonly facts: number;
  /** In which wordings facts are asked that they are not taught in. */
  readonly heldOut: readonly HeldOutWording[];
  /** Relations whose wordings were made from their names. */
  readonly made: readonly string[];
}

/** More lines of text than are ever learnt beside facts. */
const mostLines = 20_000;

/** Reads facts, wordings and text, and makes questions of them. */
export async function recallTaskData({ own, ...data }: RecallData): Promise<RecallTaskData> {
  const questions = await readQuestions(data);
  return taughtTaskData(data.facts, questions, await otherTexts(data.text, own), data);
}

/** What is to stay as it is: lines of the files, or what stands in where none is given. */
export async function otherTexts(files: readonly string[] | undefined, own: OtherTexts): Promise<OtherTexts> {
  return files ? { ...own, text: await readFirstLines(files, mostLines) } : own;
}

/**
 * Makes questions of facts and wordings.
 *
 * @param where the file of the facts, for messages
 */
export function taughtTaskData(
  where: string,
  { facts, wordings, made, skipped }: ReadQuestions,
  { text, subjects: others }: OtherTexts,
  choices: RecallTeaching,
): RecallTaskData {
  const { neighbours, keep, margin } = choices;
  const { train, dev, subjects, heldOut, taughtWordings } = recallQuestions(
    { where, facts, wordings, text, others },
    choices,
  );
  return {
    kind: recall,
    settings: {
      labels: null,
      options: { neighbours, keep, margin },
      ...(neighbours === "gate" ? { subjects } : {}),
      wordings: wordingLines(taughtWordings),
    },
    train: { ...train, skipped: { ...skipped, ...train.skipped } },
    dev,
    recorded: { factsTaught: facts.length, subjectsTaught: subjects.length, wordingsRead: sizeOf(wordings) },
    facts: facts.length,
    heldOut,
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
