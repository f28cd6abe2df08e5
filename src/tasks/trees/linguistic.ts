import type { DependencySentence } from "../../data/dependency-sentence.js";
import { readTrees, type TreeReading } from "../../data/tree-data.js";
import { setting, userError } from "../../errors.js";
import { holdOut } from "../hold-out.js";
import { collectExamples, type ExampleSet, type TaskData } from "../task-data.js";
import { type AttachmentScores, universalRelation } from "./attachment-scores.js";
import { type EncodedSentence, type HeadPredictionOptions, headPrediction } from "./head-prediction.js";

/** Where trees are learnt from, and how. */
export interface LinguisticData {
  /** Files of trees, or trees that were read. */
  readonly train: readonly string[] | ExampleSet<DependencySentence>;
  /** Default: a tenth of the training trees. */
  readonly dev?: readonly string[] | undefined;
  /** Decides what is held out where there are no {@link dev} data. */
  readonly seed?: number;
  readonly read: TreeReading;
  readonly task: Pick<HeadPredictionOptions, "head" | "loss" | "alignment" | "arcSize">;
  /** Learn relations too. */
  readonly relations: boolean;
}

/** One file each, learnt as by default; what is no tree is left out. */
export function plainTrees(train: string, dev: string, arcSize: number): LinguisticData {
  const task = { head: "biaffine", loss: "cross-entropy", alignment: "words", arcSize } as const;
  return { train: [train], dev: [dev], read: { brokenTrees: "skip" }, task, relations: false };
}

export type LinguisticTaskData = TaskData<DependencySentence, EncodedSentence, AttachmentScores>;

/** Reads whole files of trees; what the options leave out is counted. */
export function readTreeSet(files: readonly string[], options: TreeReading): Promise<ExampleSet<DependencySentence>> {
  return collectExamples(files, (file, onSkip) => readTrees(file, { ...options, onSkip }), "at least one sentence");
}

/** Linguistic pre-training (K-Adapter §3.4): each word's head. */
export async function linguisticTaskData({
  train,
  dev,
  seed = 42,
  read,
  task,
  relations,
}: LinguisticData): Promise<LinguisticTaskData> {
  const trainSet = "examples" in train ? train : await readTreeSet(train, read);
  const labels = relations ? relationsOf(trainSet) : null;
  const sets = dev ? { train: trainSet, dev: await readTreeSet(dev, read) } : holdOut(trainSet, { seed });
  return { kind: headPrediction, settings: { labels, options: task }, ...sets };
}

/** The universal relations of a data set, in alphabetical order. */
function relationsOf({ where, examples }: ExampleSet<DependencySentence>): string[] {
  const found = new Set<string>();
  for (const { words } of examples) for (const { relation } of words) found.add(universalRelation(relation));
  found.delete("");
  if (found.size > 0) return [...found].sort();
  throw userError({
    where,
    what: "the words have no relations",
    expected: "the column DEPREL",
    fix: `leave out ${setting("las")}`,
  });
}
