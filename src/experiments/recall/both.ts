/**
 * One adapter for both: taught the facts of sentences, and to tell which relation they state. Beside it stand an adapter
 * for each alone, and the two together.
 * @module
 */
import { join } from "node:path";
import { type OpenedAdapter, openAdapters } from "../../adapters/opened-adapter.js";
import { backboneIdentity } from "../../features/backbone-handle.js";
import { type ReadQuestions, readQuestions, taughtTaskData } from "../../tasks/recall/recall-data.js";
import { defaultEntityVector, type FactualTaskData, factualTaskData } from "../../tasks/relations/factual.js";
import type { TrainingConfig } from "../../training/config.js";
import { identityOf } from "../../training/identity.js";
import { type BesideTask, pretrainTogether } from "../../training/pretrain-together.js";
import { removeEarlierRun } from "../../training/run.js";
import { openTask, toldScores } from "../downstream-tasks.js";
import { finetunedCell, frozenFinetuning, hashesOfData, pretrainedCell } from "../trainings.js";
import { type Classroom, nameOf } from "./classroom.js";
import type { BothCell } from "./plan.js";
import { cleanSentences } from "./reading.js";

/** What adapters learn from, in both ways. */
interface Lessons {
  readonly questions: ReadQuestions;
  readonly relations: FactualTaskData;
}

type Recall = Pick<BothCell, "taughtP1" | "heldOutP1">;

/** Adapters that rows join, and what those that were taught facts answer. */
type Row = readonly [name: string, adapters: readonly OpenedAdapter[], recall: Recall | null];

export async function both(room: Classroom): Promise<void> {
  const { plan } = room;
  const { file } = await cleanSentences(room);
  const entityVector = defaultEntityVector(plan.training().backbone.config);
  const relations = await factualTaskData({ train: file, read: {}, entityVector });
  const lessons = { questions: await readQuestions({ facts: file }), relations };
  if (plan.relations === null) throw new Error("no relations are given to be told apart");
  const task = await openTask({ name: "relations", kind: "relations", ...plan.relations }, room.watch.onNote);
  for (const seed of plan.seeds) {
    for (const [row, adapters, recall] of await rowsOf(room, lessons, seed)) {
      const name = nameOf("both", `task ${row}`, seed);
      const out = join(plan.training().out, "tasks", name);
      const config = frozenFinetuning(plan.training(), { out, adapters, kind: "concat", seed });
      const scores = await task.taskData((one) => finetunedCell(room.laboratory, name, config, one));
      const [told = ""] = toldScores("relations", [{ scores }]);
      room.tellBoth({ row, seed, score: told, relations: scores[told] ?? 0, ...(recall ?? {}) });
    }
  }
}

async function rowsOf(room: Classroom, lessons: Lessons, seed: number): Promise<readonly Row[]> {
  const { questions } = lessons;
  const named = (what: string) => nameOf("both", what, seed);
  const recall = await room.teachQuestions(named("recall"), questions.facts, questions, seed);
  const factual = room.configOf(named("relations"), seed, { config: { features: "adapter" } });
  await pretrainedCell(room.laboratory, named("relations"), factual, lessons.relations);
  const together = room.configOf(named("both"), seed);
  const learnt = await taughtBoth(room, together, named("both"), lessons, seed);
  const folders = { recall: recall.folder, relations: factual.out, both: together.out };
  const identity = backboneIdentity(together.backbone);
  const opened = await openAdapters(
    Object.entries(folders).map(([name, folder]) => ({ name, folder })),
    identity,
  );
  const [ofRecall, ofRelations, ofBoth] = opened as [OpenedAdapter, OpenedAdapter, OpenedAdapter];
  const answers = (metrics: Readonly<Record<string, unknown>>): Recall => ({
    taughtP1: Number(metrics["taughtP1"]),
    heldOutP1: Number(metrics["p1"]),
  });
  return [
    ["the model alone", [], null],
    ["relations", [ofRelations], null],
    ["recall", [ofRecall], answers(recall.metrics)],
    ["one adapter for both", [ofBoth], answers(learnt)],
    ["relations beside recall", [ofRelations, ofRecall], answers(recall.metrics)],
  ];
}

/** Both losses: each step is a batch of questions, or one of relations. */
function taughtBoth(
  { laboratory, plan }: Classroom,
  config: TrainingConfig,
  name: string,
  { questions, relations }: Lessons,
  seed: number,
) {
  const { executor, cells, watch } = laboratory;
  const facts = taughtTaskData(name, questions, plan.own, { ...plan.teaching, seed });
  const data = [hashesOfData(config, facts), hashesOfData(config, relations)];
  return cells.get(`${name}.pretrained`, { ...identityOf(config), data }, async () => {
    const beside: BesideTask = { name: "relations", features: "adapter", taskData: (use) => use(relations) };
    const how = { ...config, resume: true };
    const { metrics } = await pretrainTogether(executor, how, facts, [beside], watch.onEvent, watch.signal);
    watch.signal?.throwIfAborted();
    await removeEarlierRun(config.out);
    watch.onNote?.(`${name}: trained`);
    return { ...metrics };
  });
}
