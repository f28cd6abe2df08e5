/**
 * What adapters bring to downstream tasks: the same head on h[L], on the taps side by side, on untrained adapters
 * (random weights, or copies of the model's layers), on F (facts), L (trees) and both; and, with the model trained, too,
 * beside the model that learnt facts and trees itself (the multi-task baseline). Each seed has its own adapters and heads.
 * @module
 */
import { join } from "node:path";
import { randomInit } from "../adapters/config.js";
import { openAdapters } from "../adapters/opened-adapter.js";
import type { Executor } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { backboneIdentity, openBackbone } from "../features/backbone-handle.js";
import { writeBackbone } from "../lm/language-model-folder.js";
import type { downstreamAdapters } from "../settings/choices.js";
import type { FactualObjective } from "../tasks/relations/factual.js";
import type { LinguisticTaskData } from "../tasks/trees/linguistic.js";
import type { FinetuneConfig, TrainingConfig } from "../training/config.js";
import { identityOf } from "../training/identity.js";
import { type AnyTaskData, type MultitaskConfig, trainMultitask } from "../training/multitask.js";
import { removeEarlierRun } from "../training/run.js";
import { Cells } from "./cells.js";
import { DataFiles } from "./data-files.js";
import { type DownstreamTask, type OpenedTask, openTask, toldScores } from "./downstream-tasks.js";
import { type FactualTeaching, factsAsTask, readFacts } from "./facts.js";
import { sampleRelations } from "./sample-relations.js";
import { scoresOf } from "./sweep/sweep.js";
import { type RunOutcome, type SweepTable, sweepTable } from "./sweep/table.js";
import { copiesOfLayers, type ExperimentWatch, finetunedCell, hashesOfData, pretrainedCell } from "./trainings.js";

/** Adapters, which rows join with `+`. */
export type DownstreamAdapter = (typeof downstreamAdapters)[number];

export interface DownstreamPlan {
  /** How adapters are pre-trained; seeds are each run's own, and `out` is the experiment's folder. */
  readonly training: TrainingConfig;
  /** How the baseline learns facts and trees itself. */
  readonly multitask: MultitaskConfig;
  /** How tasks are learnt, the model frozen. */
  readonly frozen: FinetuneConfig;
  /** How tasks are learnt where the model learns, too. */
  readonly trained: FinetuneConfig;
  readonly seeds: readonly number[];
  /** A table each. */
  readonly tasks: readonly DownstreamTask[];
  /** Names of the tasks that have a table with the model trained, too. */
  readonly trainedTasks: readonly string[];
  /** `none`, `taps`, `multitask`, or names of adapters joined with `+`. */
  readonly rows: readonly string[];
  readonly trainedRows: readonly string[];
  /** What F learns, and beside what untrained adapters stand; null where no row has such an adapter. */
  readonly facts: DownstreamFacts | null;
  /** What L learns; null where no row has it. */
  readonly trees: LinguisticTaskData | null;
}

/** What F learns: a sample of relation data without the relations and sentences of the tasks' test data. */
export interface DownstreamFacts {
  readonly train: readonly string[];
  readonly dev: readonly string[];
  /** See {@link SampleOptions.ids}. */
  readonly ids?: string | undefined;
  readonly sentences: number;
  readonly devSentences: number;
  readonly teaching: FactualTeaching;
}

/** A task's table: a row for each kind of features. */
export interface DownstreamTable {
  /** The task's name; with `-trained` behind it where the model learnt, too. */
  readonly name: string;
  readonly outcomes: readonly RunOutcome[];
  readonly table: SweepTable;
}

export interface DownstreamWatch extends ExperimentWatch {
  /** Told of a table after each of its runs. */
  readonly onTable?: (table: DownstreamTable) => Promise<void>;
}

/**
 * Trains and tests every row of every table. What is finished is not done again. A run that ends with an error is a row
 * that says so, and the others go on.
 */
export async function runDownstream(
  executor: Executor,
  plan: DownstreamPlan,
  watch: DownstreamWatch = {},
): Promise<DownstreamTable[]> {
  const run = new DownstreamRun(executor, plan, watch);
  const tasks = await run.openTasks();
  const tables: DownstreamTable[] = [];
  for (const task of tasks) tables.push(await run.table(task, task.name, plan.rows, plan.frozen));
  const trained = tasks.filter(({ name }) => plan.trainedTasks.includes(name));
  for (const task of plan.trainedRows.length > 0 ? trained : []) {
    tables.push(await run.table(task, `${task.name}-trained`, plan.trainedRows, plan.trained));
  }
  return tables;
}

/** What a row of one seed is made of. */
type Features = Pick<FinetuneConfig, "backbone" | "adapters" | "fusion">;

class DownstreamRun {
  private readonly cells: Cells;
  private readonly files: DataFiles;
  private readonly made = new Map<string, Promise<string>>();
  private readonly facts = new Map<FactualObjective, Promise<AnyTaskData>>();

  constructor(
    private readonly executor: Executor,
    private readonly plan: DownstreamPlan,
    private readonly watch: DownstreamWatch,
  ) {
    this.cells = new Cells(this.at("cells"));
    this.files = new DataFiles(this.laboratory, plan.training.out);
  }

  private at(...names: string[]): string {
    return join(this.plan.training.out, ...names);
  }

  private get laboratory() {
    return { executor: this.executor, cells: this.cells, watch: this.watch };
  }

  async openTasks(): Promise<OpenedTask[]> {
    const opened: OpenedTask[] = [];
    for (const task of this.plan.tasks) opened.push(await openTask(task, this.watch.onNote));
    return opened;
  }

  /** A task's rows over all seeds. */
  async table(
    task: OpenedTask,
    name: string,
    rows: readonly string[],
    config: FinetuneConfig,
  ): Promise<DownstreamTable> {
    const outcomes: RunOutcome[] = [];
    const table = () => ({ name, outcomes, table: sweepTable(outcomes, toldScores(task.kind, outcomes)) });
    for (const seed of this.plan.seeds) {
      for (const row of rows) {
        this.watch.signal?.throwIfAborted();
        outcomes.push(await this.outcome(task, `${name}.${row}.seed-${seed}`, row, seed, config));
        await this.watch.onTable?.(table());
      }
    }
    return table();
  }

  private async outcome(
    task: OpenedTask,
    name: string,
    row: string,
    seed: number,
    config: FinetuneConfig,
  ): Promise<RunOutcome> {
    const setting = { row };
    try {
      const scores = await this.run(task, name, row, seed, config);
      return { name, setting, seed, scores };
    } catch (error) {
      if (this.watch.signal?.aborted || !(error instanceof Error)) throw error;
      this.watch.onNote?.(`${name} failed: ${error.message}`);
      return { name, setting, seed, scores: null, error: error.message };
    }
  }

  /** Learns a task on a row's features and gives its scores. */
  private async run(
    task: OpenedTask,
    name: string,
    row: string,
    seed: number,
    common: FinetuneConfig,
  ): Promise<Readonly<Record<string, number>>> {
    const settings = { ...common.settings, seed };
    const out = this.at("tasks", name);
    const config = { ...common, ...(await this.features(row, seed)), settings, out, resume: true };
    return task.taskData(async (taskData) =>
      scoresOf(await finetunedCell(this.laboratory, name, config, taskData), ""),
    );
  }

  private async features(row: string, seed: number): Promise<Features> {
    const { backbone, architecture } = this.plan.training;
    const fusion = { kind: "concat", adapterDense: false } as const;
    if (row === "none") return { backbone, adapters: [], fusion };
    if (row === "taps") return { backbone, adapters: [], fusion: { ...fusion, taps: architecture.layers } };
    if (row === "multitask") {
      return { backbone: await openBackbone(await this.multitask(seed)), adapters: [], fusion };
    }
    const named = [];
    for (const name of row.split("+") as DownstreamAdapter[]) {
      named.push({ name, folder: await this.adapter(name, seed) });
    }
    return { backbone, adapters: await openAdapters(named, backboneIdentity(backbone)), fusion };
  }

  /** The folder of what is trained once and used by several rows; what failed is not tried again for each. */
  private once(name: string, make: (folder: string) => Promise<unknown>, ...folder: string[]): Promise<string> {
    const path = this.at(...folder);
    const found = this.made.get(name) ?? make(path).then(() => path);
    this.made.set(name, found);
    return found;
  }

  /** An adapter of one seed. */
  private adapter(name: DownstreamAdapter, seed: number): Promise<string> {
    const own = `${name}-${seed}`;
    return this.once(
      own,
      async (out) => {
        const { training } = this.plan;
        const settings = { ...training.settings, seed };
        const config = { ...training, out, settings };
        if (name === "L") return pretrainedCell(this.laboratory, own, config, given(this.plan.trees));
        const untrained = { freezeAdapter: true, settings: { ...settings, maxSteps: 1 } };
        const how = {
          random: { ...config, ...untrained, architecture: { ...training.architecture, init: randomInit } },
          copies: () => ({ ...config, ...untrained, architecture: copiesOfLayers(training) }),
          F: config,
        }[name];
        const lessons = await this.factsTask(given(this.plan.facts).teaching.objective);
        return lessons((one) => pretrainedCell(this.laboratory, own, typeof how === "function" ? how() : how, one));
      },
      "adapters",
      own,
    );
  }

  /** Facts without what the tasks are tested on. */
  private factsTask(objective: FactualObjective): Promise<AnyTaskData> {
    const found = this.facts.get(objective) ?? this.readFacts({ ...given(this.plan.facts).teaching, objective });
    this.facts.set(objective, found);
    return found;
  }

  private async readFacts(teaching: FactualTeaching): Promise<AnyTaskData> {
    const { tasks } = this.plan;
    const { ids, ...facts } = given(this.plan.facts);
    const without = tasks.flatMap(({ kind, test }) => (kind === "relations" ? [test] : []));
    const sample = (name: string, files: readonly string[], limit: number) => {
      const from = [...files, ...without, ...(ids === undefined ? [] : [ids])];
      const how = { limit, files: files.length, without: without.length };
      return this.files.made({ name, from, how }, (path) => sampleRelations(files, path, { limit, ids, without }));
    };
    const train = await sample("facts-train.jsonl", facts.train, facts.sentences);
    const dev = await sample("facts-dev.jsonl", facts.dev, facts.devSentences);
    return factsAsTask(await readFacts([train], [dev]), teaching);
  }

  /** The model that learnt facts and trees itself, with one seed. */
  private multitask(seed: number): Promise<string> {
    const name = `multitask-${seed}`;
    return this.once(name, (out) => this.trainMultitask(name, out, seed), "multitask", `${seed}`);
  }

  private async trainMultitask(name: string, out: string, seed: number) {
    const { multitask } = this.plan;
    const trees = given(this.plan.trees);
    const factual = await this.factsTask("classification");
    const linguistic: AnyTaskData = (use) => use(trees);
    const config = { ...multitask, out, resume: true, settings: { ...multitask.settings, seed } };
    const data = [factual, linguistic].map((task) => task((one) => hashesOfData(config, one)));
    return this.cells.get(`${name}.trained`, { ...identityOf(config), data }, async () => {
      const { onEvent, onNote, signal } = this.watch;
      const taskSets = [
        { name: "factual", taskData: factual },
        { name: "linguistic", taskData: linguistic },
      ];
      const { finished } = await trainMultitask(this.executor, config, taskSets, onEvent, signal);
      signal?.throwIfAborted();
      if (finished === null) throw new Error(`${name}: no model of a training that was not stopped`);
      const card = `# ${name}\n\nTrained as a whole on facts and trees: the multi-task baseline of an experiment.\n`;
      await writeBackbone(out, config.backbone, finished.tensors, card);
      await removeEarlierRun(out);
      onNote?.(`${name}: trained`);
      return { scores: Object.fromEntries(Object.entries(finished.scores).map(([key, { metric }]) => [key, metric])) };
    });
  }
}

function given<T>(part: T | null): T {
  if (part !== null) return part;
  throw userError({ where: setting("rows"), what: "a row has adapters, and there is nothing that they could learn" });
}
