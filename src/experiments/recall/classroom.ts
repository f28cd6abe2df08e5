/**
 * Where adapters are taught facts and asked about them; what is finished is kept, and not done again.
 * @module
 */
import { join } from "node:path";
import { AdapterSet } from "../../adapters/adapter-set.js";
import type { Fact } from "../../data/fact.js";
import type { Wordings } from "../../data/wordings.js";
import type { Executor } from "../../engine/executor.js";
import { ParamScope } from "../../nn/index.js";
import { ClozeModel } from "../../probing/cloze-model.js";
import { probeRecall, probeText, type RecallScoresBySet } from "../../probing/recall.js";
import { type ReadQuestions, type RecallTeaching, taughtTaskData } from "../../tasks/recall/recall-data.js";
import type { KeptScores } from "../../tasks/recall/recall-scores.js";
import type { JsonObject } from "../../tasks/task.js";
import { totalElements } from "../../tensor.js";
import type { TrainingConfig } from "../../training/config.js";
import { hashJson } from "../../weights/hash.js";
import { Cells } from "../cells.js";
import { type Laboratory, pretrainedCell } from "../trainings.js";
import type {
  BothCell,
  JoinedCell,
  ReadingCell,
  RecallCell,
  RecallMeasured,
  RecallPart,
  RecallPlan,
  RecallWatch,
} from "./plan.js";
import { drawFacts } from "./pool.js";

/** An adapter that was taught facts. */
export interface Taught {
  readonly name: string;
  readonly folder: string;
  readonly facts: readonly Fact[];
  readonly seed: number;
  /** SHA-256 of its tensors. */
  readonly hash: string;
  readonly parameters: number;
  /** Of the training's last evaluation. */
  readonly metrics: JsonObject;
}

/** What is different about an adapter's teaching. */
export interface Own {
  readonly teaching?: Partial<RecallTeaching>;
  readonly size?: number;
  readonly config?: Partial<TrainingConfig>;
  /** What is taught in place of the facts that are asked: in a control other objects, say. */
  readonly taught?: readonly Fact[];
}

export const usual: Own = {};

/** Which facts are taught. */
export interface Draw {
  readonly seed: number;
  readonly count: number;
  /** Those of one token by default. */
  readonly from?: readonly Fact[];
}

/** What a model is asked with. */
type Asking = { readonly batchSize: number; readonly signal?: AbortSignal };

export class Classroom {
  readonly cells: RecallCell[] = [];
  readonly read: ReadingCell[] = [];
  readonly joined: JoinedCell[] = [];
  readonly both: BothCell[] = [];
  readonly laboratory: Laboratory;

  constructor(
    executor: Executor,
    readonly plan: RecallPlan,
    readonly watch: RecallWatch,
  ) {
    this.laboratory = { executor, cells: new Cells(join(plan.training().out, "cells")), watch };
  }

  /** Teaches facts, asks about them, and tells what came out: a row of a table. */
  async row(part: RecallPart, row: string, draw: Draw, own: Own = usual): Promise<void> {
    const { facts, others } = this.drawn(draw);
    const taught = await this.teach(nameOf(part, row, draw.seed), facts, draw.seed, own);
    this.tell({ part, row, ...this.about(taught), ...(await this.measure(taught, others)) });
  }

  drawn({ seed, count, from = this.plan.pool.single }: Draw) {
    return drawFacts(from, seed, count, this.plan.asked.others);
  }

  about({ facts, seed, parameters }: Taught) {
    return { facts: facts.length, bits: bitsOf(facts), seed, parameters };
  }

  tell(cell: RecallCell): void {
    this.cells.push(cell);
    this.watch.onCell?.(cell);
  }

  tellRead(cell: ReadingCell): void {
    this.read.push(cell);
    this.watch.onRead?.(cell);
  }

  tellBoth(cell: BothCell): void {
    this.both.push(cell);
    this.watch.onBoth?.(cell);
  }

  tellJoined(cell: JoinedCell): void {
    this.joined.push(cell);
    this.watch.onJoined?.(cell);
  }

  /** Teaches facts in the wordings that are taught. */
  teach(name: string, facts: readonly Fact[], seed: number, own: Own = usual): Promise<Taught> {
    const questions = { facts: own.taught ?? facts, wordings: this.plan.pool.taught, made: [], skipped: {} };
    return this.teachQuestions(name, facts, questions, seed, own);
  }

  /** Teaches facts as they were read. */
  async teachQuestions(
    name: string,
    facts: readonly Fact[],
    questions: ReadQuestions,
    seed: number,
    own: Own = usual,
  ): Promise<Taught> {
    const { teaching, own: texts } = this.plan;
    const config = this.configOf(name, seed, own);
    const taskData = taughtTaskData(name, questions, texts, { ...teaching, ...own.teaching, seed });
    const { adapter: hash, metrics } = await pretrainedCell(this.laboratory, name, config, taskData);
    return { name, folder: config.out, facts, seed, hash, metrics, parameters: parametersOf(config) };
  }

  /** How the adapter of a name is trained. */
  configOf(name: string, seed: number, { size, config }: Own = usual): TrainingConfig {
    const base = this.plan.training(size);
    return { ...base, ...config, out: join(base.out, "adapters", name), settings: { ...base.settings, seed } };
  }

  async measure(taught: Taught, others: readonly Fact[]): Promise<RecallMeasured> {
    const { pool, asked } = this.plan;
    const { name } = taught;
    const some = taught.facts.slice(0, asked.facts);
    const known = await this.ask(`${name}.taught`, [taught], some, pool.taught);
    const heldOut = await this.ask(`${name}.held-out`, [taught], some, pool.heldOut);
    const neighbours = await this.ask(`${name}.neighbours`, [taught], others, pool.heldOut);
    return {
      taught: of(known, name),
      heldOut: of(heldOut, name),
      before: of(heldOut, "none"),
      neighboursKept: of(neighbours, name).kept,
      text: await this.text(name, [taught]),
    };
  }

  async ask(
    name: string,
    taught: readonly Taught[],
    facts: readonly Fact[],
    wordings: Wordings,
  ): Promise<RecallScoresBySet> {
    const questions = facts.map(({ subject, relation, object, aliases }) => [subject, relation, object, ...aliases]);
    const identity = { adapters: taught.map(({ hash }) => hash), questions, wordings: [...wordings].flat(2) };
    const { scores } = await this.laboratory.cells.get(name, identity, () =>
      this.withModel(taught, async (model, maxLength, how) => {
        const { scores } = await probeRecall(model, { facts, wordings }, maxLength, how);
        return { scores: scores };
      }),
    );
    return scores;
  }

  /** Plain text beside an adapter, or beside several at once. */
  async text(name: string, taught: readonly Taught[]): Promise<KeptScores> {
    const { text } = this.plan.asked;
    const identity = { adapter: taught.map(({ hash }) => hash).join("+"), text: hashJson([...text]) };
    const { scores } = await this.laboratory.cells.get(`${name}.text`, identity, () =>
      this.withModel(taught, async (model, maxLength, how) => {
        const scores = await probeText(model, text, maxLength, how);
        return { scores: scores };
      }),
    );
    return of(scores, taught.map((one) => one.name).join("+"));
  }

  async withModel<T>(
    taught: readonly Taught[],
    use: (model: ClozeModel, maxLength: number, how: Asking) => Promise<T>,
  ): Promise<T> {
    const { backbone, maxLength } = this.plan.training();
    const { executor } = this.laboratory;
    const adapters = Object.fromEntries(taught.map(({ name, folder }) => [name, folder]));
    await using model = await ClozeModel.open(executor, { backbone: backbone.folder, adapters });
    const { signal } = this.watch;
    return await use(model, maxLength, { batchSize: 64, ...(signal ? { signal } : {}) });
  }
}

/** An adapter's name, and its folder's. */
export const nameOf = (part: RecallPart, row: string, seed: number): string =>
  `${`${part}-${row}`.replaceAll(/[^\w-]+/g, "-")}-seed-${seed}`;

/** The scores of one set of adapters. */
export function of<T>(scores: Readonly<Record<string, T>>, name: string): T {
  const found = scores[name];
  if (found === undefined) throw new Error(`${name} was not asked`);
  return found;
}

/** Sum over facts of log₂ of the number of objects of their relation. */
function bitsOf(facts: readonly Fact[]): number {
  const objects = new Map<string, Set<string>>();
  for (const { relation, object } of facts) {
    objects.set(relation, (objects.get(relation) ?? new Set<string>()).add(object));
  }
  return facts.reduce((sum, { relation }) => sum + Math.log2(objects.get(relation)?.size ?? 1), 0);
}

/** Parameters of an adapter, and of what joins it to the model. */
function parametersOf({ architecture, backbone, freezeAdapter, start }: TrainingConfig): number {
  const { hiddenSize } = backbone.config;
  const { parameters } = new AdapterSet(ParamScope.root(), [{ name: null, config: architecture }], hiddenSize);
  return (freezeAdapter && !start ? 0 : totalElements(parameters)) + hiddenSize ** 2;
}
