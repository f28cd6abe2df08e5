import { noRelation } from "../data/tacred.js";
import { userError } from "../errors.js";
import type { downstreamKinds } from "../settings/choices.js";
import { choiceTaskData } from "../tasks/choice/choice-data.js";
import { filteredExamples } from "../tasks/examples.js";
import { openQaTaskData } from "../tasks/qa/question-data.js";
import { relationsTaskData } from "../tasks/relations/downstream-data.js";
import { relationLabels } from "../tasks/relations/factual.js";
import type { EncodedText } from "../tasks/task.js";
import type { DownstreamTaskData, ExampleSet } from "../tasks/task-data.js";
import { typingTaskData } from "../tasks/typing/typing-data.js";
import type { AnyTestedTaskData } from "./continual.js";

/** Kinds of downstream tasks, named as by `kadapter finetune`. */
export type DownstreamKind = (typeof downstreamKinds)[number];

/** A task of the experiment and its files. */
export interface DownstreamTask {
  /** Names its table. */
  readonly name: string;
  readonly kind: DownstreamKind;
  readonly train: string;
  /** A tenth of the training data is held out if it is not given. */
  readonly dev?: string | undefined;
  readonly test: string;
}

/** A task's data as they were read. */
export interface OpenedTask extends DownstreamTask {
  readonly taskData: AnyTestedTaskData;
}

/** Reads a task's data. */
export async function openTask(
  task: DownstreamTask,
  onNote: (line: string) => void = () => undefined,
): Promise<OpenedTask> {
  const { name, kind, train, dev, test } = task;
  const data = { train: [train], ...(dev === undefined ? {} : { dev: [dev] }), test: [test] };
  switch (kind) {
    case "relations": {
      const { test: testSet, ...rest } = await relationsTaskData(data, {}, {});
      const known = new Set([...relationLabels(rest.train.examples), noRelation]);
      const within = (set: typeof rest.dev, part: string) => withinRelations(set, known, `${name}, ${part}`, onNote);
      const sets = { dev: within(rest.dev, "dev"), test: within(present(testSet, test), "test") };
      return { ...task, taskData: whole({ ...rest, ...sets }) };
    }
    case "entity-typing": {
      const { test: testSet, ...rest } = await typingTaskData(data, {});
      return { ...task, taskData: whole({ ...rest, test: present(testSet, test) }) };
    }
    case "multiple-choice": {
      const { test: testSet, ...rest } = await choiceTaskData(data);
      return { ...task, taskData: whole({ ...rest, test: present(testSet, test) }) };
    }
    case "open-qa": {
      const { test: testSet, ...rest } = await openQaTaskData(data, { maxParagraphs: 50, maxAnswerLength: 16 });
      return { ...task, taskData: whole({ ...rest, test: present(testSet, test) }) };
    }
  }
}

const whole =
  <Example, Encoded extends EncodedText, Score>(
    taskData: Required<DownstreamTaskData<Example, Encoded, Score>>,
  ): AnyTestedTaskData =>
  (use) =>
    use(taskData);

function present<Example>(set: ExampleSet<Example> | undefined, file: string): ExampleSet<Example> {
  if (set) return set;
  throw userError({ where: file, what: "there are no examples to test on" });
}

/** A classifier has no class for a relation that no training sentence has: such sentences are left out and counted. */
function withinRelations<Example extends { readonly relation: string }>(
  set: ExampleSet<Example>,
  known: ReadonlySet<string>,
  what: string,
  onNote: (line: string) => void,
): ExampleSet<Example> {
  const examples = filteredExamples(set.examples, ({ relation }) => known.has(relation));
  const left = set.examples.length - examples.length;
  if (left === 0) return set;
  onNote(`${what}: ${left} of ${set.examples.length} have a relation that is not learnt`);
  return { ...set, examples, skipped: { ...set.skipped, "relation-not-learnt": left } };
}

/** The scores that a table tells of a task, those among these that its runs have. */
export function toldScores(kind: DownstreamKind, outcomes: readonly { readonly scores: object | null }[]): string[] {
  const has = (name: string) => outcomes.some(({ scores }) => scores !== null && name in scores);
  switch (kind) {
    case "relations": {
      // SemEval's own score, TACRED's without the pairs that have no relation, or plain micro F1.
      const own = ["test.officialMacroF1", "test.f1"].find(has) ?? "test.microF1";
      return [own, "test.accuracy"];
    }
    case "entity-typing":
      return ["test.microF1", "test.macroF1"];
    case "multiple-choice":
      return ["test.accuracy"];
    case "open-qa":
      return ["test.exactMatch", "test.f1"];
  }
}
