import { type ChoiceExample, readMultipleChoice } from "../../data/multiple-choice.js";
import { type DownstreamData, readSets } from "../downstream-data.js";
import { collectExamples, type DownstreamTaskData, type ExampleSet } from "../task-data.js";
import { type ChoiceScores, type EncodedChoice, multipleChoice } from "./multiple-choice.js";

/** Multiple choice. */
export async function choiceTaskData(
  data: DownstreamData,
): Promise<DownstreamTaskData<ChoiceExample, EncodedChoice, ChoiceScores>> {
  const sets = await readSets(data, readChoiceSet);
  return { kind: multipleChoice, settings: { labels: null, options: { choices: 4 } }, ...sets };
}

export function readChoiceSet(files: readonly string[]): Promise<ExampleSet<ChoiceExample>> {
  return collectExamples(files, (file) => readMultipleChoice(file), "questions with four answers");
}
