import type { Fact } from "../../data/fact.js";
import { readFacts } from "../../data/facts.js";
import type { OnSkip } from "../../data/skips.js";
import { readFirstLines } from "../../data/text.js";
import { readWordings, type Wordings, wordingLines } from "../../data/wordings.js";
import { wordingsOf } from "../../data/wordings-of.js";
import { knowledgeFacts } from "../../knowledge/facts.js";
import { holdsKnowledge } from "../../knowledge/folder.js";
import { collectExamples, type RecordedTaskData } from "../task-data.js";
import { type EncodedRecall, type RecallOptions, type RecallScores, recall } from "./recall.js";
import type { RecallExample } from "./recall-example.js";
import { type RecallChoices, recallQuestions } from "./recall-questions.js";
import type { HeldOutWording } from "./said-facts.js";

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
  /** In how many sentences they stand. */
  readonly sentences: number;
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
  const sentences = facts.reduce((sum, { sentences: own = [] }) => sum + own.length, 0);
  const { train, dev, subjects, heldOut, taughtWordings } = recallQuestions(
    { where, facts, wordings, text, others },
    choices,
  );
  return {
    kind: recall,
    settings: {
      labels: null,
      options: { neighbours, reach: "sentence", keep, margin },
      ...(neighbours === "gate" ? { subjects } : {}),
      wordings: wordingLines(taughtWordings),
    },
    train: { ...train, skipped: { ...skipped, ...train.skipped } },
    dev,
    recorded: {
      ...{ factsTaught: facts.length, subjectsTaught: subjects.length, wordingsRead: sizeOf(wordings) },
      ...(sentences === 0 ? {} : { sentencesRead: sentences }),
    },
    facts: facts.length,
    sentences,
    heldOut,
    made,
  };
}

const sizeOf = (wordings: Wordings) => [...wordings.values()].reduce((sum, { length }) => sum + length, 0);

/** Facts, and the wordings of their relations. */
export interface ReadQuestions {
  readonly facts: readonly Fact[];
  /** At least one of each relation whose facts have no sentences. */
  readonly wordings: Wordings;
  readonly made: readonly string[];
  readonly skipped: Readonly<Record<string, number>>;
}

/** Where facts and wordings stand. */
export interface QuestionFiles {
  readonly facts: string | readonly string[];
  readonly wordings?: string | undefined;
  /** Whether facts keep the sentences that state them, as wordings; by default they do. */
  readonly sentences?: boolean;
}

/** A file of facts, or a folder of knowledge. */
async function* factsOf(path: string, onSkip: OnSkip): AsyncGenerator<Fact> {
  yield* (await holdsKnowledge(path)) ? knowledgeFacts(path, { onSkip }) : readFacts(path, { onSkip });
}

/** Reads facts and wordings from their files. Wordings are made for facts alone that stand in no sentence. */
export async function readQuestions({
  facts: files,
  wordings: given,
  sentences = true,
}: QuestionFiles): Promise<ReadQuestions> {
  const expected = "facts with subject, relation and object";
  const set = await collectExamples([files].flat(), factsOf, expected);
  // Each is asked in many wordings, so they are in memory from here on.
  const all = [...set.examples];
  const facts = sentences ? all : all.map(({ sentences: _, ...fact }): Fact => fact);
  const known: Wordings = given === undefined ? new Map() : await readWordings(given);
  const named = facts.filter((fact) => !fact.sentences || known.has(fact.relation)).map(({ relation }) => relation);
  return { facts, ...(await wordingsOf(named, known)), skipped: set.skipped };
}
