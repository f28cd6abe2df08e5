import { readEntityTyping, type TypingExample } from "../../data/entity-typing.js";
import { userError } from "../../errors.js";
import { type DownstreamData, readSets } from "../downstream-data.js";
import { holdOut } from "../hold-out.js";
import { collectExamples, type DownstreamTaskData, type ExampleSet } from "../task-data.js";
import { type EncodedMention, entityTyping } from "./entity-typing.js";
import type { TypingScores } from "./typing-scores.js";

/** Entity typing; the training data's types are the classes, in the order in which they appear there. */
export async function typingTaskData(
  data: DownstreamData,
  { alwaysOne = false, official = false as false | "openentity" | "figer" },
): Promise<DownstreamTaskData<TypingExample, EncodedMention, TypingScores>> {
  const sets = await readSets(data, readTypingSet, (set, seed) => holdOut(set, { seed, together: ({ text }) => text }));
  const found = new Set<string>();
  for (const example of sets.train.examples) for (const label of example.labels) found.add(label);
  const labels = [...found];
  if (labels.length === 0) throw userError({ where: sets.train.where, what: "no mention of the file has a type" });
  return { kind: entityTyping, settings: { labels, options: { alwaysOne, official } }, ...sets };
}

export function readTypingSet(files: readonly string[]): Promise<ExampleSet<TypingExample>> {
  return collectExamples(files, (file) => readEntityTyping(file), "an array of mentions with types");
}
