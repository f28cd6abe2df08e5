/**
 * Continual infusion: kinds of knowledge learnt one after another, and what becomes of the earlier ones. Three ways by the
 * same engine: an adapter for each (K-Adapter), one adapter trained on all in turn, and the model itself trained in turn.
 * @module
 */

import { join } from "node:path";
import { downstreamFiles } from "../adapters/downstream-folder.js";
import { hashOfTensors, type Parameters, readAdapterManifest, readAdapterParameters } from "../adapters/folder.js";
import { noFusion } from "../adapters/fusion.js";
import { adapterShapes } from "../adapters/official/import-adapter.js";
import type { Executor } from "../engine/executor.js";
import type { continualSystems } from "../settings/choices.js";
import type { EncodedText, JsonObject } from "../tasks/task.js";
import type { DownstreamTaskData } from "../tasks/task-data.js";
import { finetune } from "../training/finetune.js";
import { pretrain } from "../training/pretrain.js";
import { removeEarlierRun } from "../training/run.js";
import { hashJson } from "../weights/hash.js";
import { Cells } from "./cells.js";
import { type Measured, measureAdapter, measureModel, readTrainedBackbone } from "./measure.js";
import { type AdapterTrainings, adapterTraining, type ExperimentWatch, hashesOfData } from "./trainings.js";

/** The ways in which kinds of knowledge follow one another. */
export type ContinualSystem = (typeof continualSystems)[number];

/** Task data with a test set, whatever its types. */
export type AnyTestedTaskData = <R>(
  use: <Example, Encoded extends EncodedText, Score>(
    taskData: Required<DownstreamTaskData<Example, Encoded, Score>>,
  ) => R,
) => R;

/** One kind of knowledge. */
export interface ContinualStage {
  readonly name: string;
  readonly taskData: AnyTestedTaskData;
}

export interface ContinualPlan extends AdapterTrainings {
  /** In the order in which they are learnt. */
  readonly stages: readonly ContinualStage[];
  readonly systems: readonly ContinualSystem[];
  /** Of the model itself, where that is trained. */
  readonly modelLearningRate: number;
}

/** A kind of knowledge measured after a step. */
export interface ContinualCell extends Measured {
  readonly system: ContinualSystem;
  readonly seed: number;
  /** How many kinds were learnt, counted from 1. */
  readonly step: number;
  readonly kind: string;
  /** SHA-256 of the tensors that answer, but for the head. */
  readonly tensors: string;
}

export interface ContinualWatch extends ExperimentWatch {
  readonly onCell?: (cell: ContinualCell) => void;
}

/**
 * Trains the kinds one after another in each way, and after each step measures every kind so far. Each finished training
 * and number is kept in a file of its own.
 */
export async function runContinual(
  executor: Executor,
  plan: ContinualPlan,
  watch: ContinualWatch = {},
): Promise<ContinualCell[]> {
  const run = new ContinualRun(executor, plan, watch);
  const cells: ContinualCell[] = [];
  for (const seed of plan.seeds) {
    for (const system of plan.systems) {
      for (let step = 1; step <= plan.stages.length; step++) {
        await run.train(system, seed, step);
        for (let kind = 1; kind <= step; kind++) cells.push(await run.measure(system, seed, step, kind));
      }
    }
  }
  return cells;
}

class ContinualRun {
  private readonly cells: Cells;
  private readonly data: string;

  constructor(
    private readonly executor: Executor,
    private readonly plan: ContinualPlan,
    private readonly watch: ContinualWatch,
  ) {
    this.cells = new Cells(join(plan.out, "cells"));
    this.data = hashJson(plan.stages.map(({ name, taskData }) => [name, taskData((one) => hashesOfData(plan, one))]));
  }

  /** Trains the kind of a step, or finds it done. */
  async train(system: ContinualSystem, seed: number, step: number): Promise<void> {
    const identity = { ...this.identity(seed), before: await this.before(system, seed, step) };
    await this.cells.get(`${this.name(system, seed, step)}.trained`, identity, async () => {
      const train = system === "fine-tuned-model" ? this.trainModel : this.trainAdapter;
      await train.call(this, system, seed, step);
      this.watch.signal?.throwIfAborted();
      const out = this.folder(system, seed, step);
      await removeEarlierRun(out);
      return { tensors: await this.tensorsOf(system, seed, step) };
    });
  }

  /** Measures a kind with what there is after a step: its own head, and what was trained last (or its own adapter). */
  async measure(system: ContinualSystem, seed: number, step: number, kind: number): Promise<ContinualCell> {
    this.watch.signal?.throwIfAborted();
    const own = this.folder(system, seed, kind);
    const current = system === "own-adapters" ? own : this.folder(system, seed, step);
    const { name: kindName, taskData } = this.plan.stages[kind - 1] as ContinualStage;
    const tensors = await this.tensorsOf(system, seed, system === "own-adapters" ? kind : step);
    const identity = { ...this.identity(seed), tensors, head: await this.tensorsOf(system, seed, kind) };
    const measured = await this.cells.get(`${this.name(system, seed, step)}.${kindName}`, identity, async () => {
      const options = { ...this.plan, executor: this.executor };
      const result =
        system === "fine-tuned-model"
          ? await taskData((one) => measureModel(options, one, { model: current, head: own }))
          : await taskData((one) => measureAdapter(options, one, { adapter: current, head: own }, this.plan));
      return { ...result };
    });
    const cell = { system, seed, step, kind: kindName, tensors, ...(measured as unknown as Measured) };
    this.watch.onCell?.(cell);
    return cell;
  }

  private identity(seed: number): JsonObject {
    const { backbone, architecture, featureOptions, maxLength, settings, stages } = this.plan;
    const { modelLearningRate, headLearningRate, headInit, weightDecay, maxGradNorm } = this.plan;
    const { dtype, precision = "float32" } = featureOptions;
    const how = { modelLearningRate, headLearningRate, headInit, weightDecay, maxGradNorm, ...settings };
    const order = stages.map(({ name }) => name);
    const of = { backbone: backbone.hash, configuration: backbone.configHash, architecture };
    return { seed, ...of, dtype, precision, maxLength, ...how, order, data: this.data };
  }

  /** Hash of what a step's training starts from. */
  private before(system: ContinualSystem, seed: number, step: number): Promise<string> {
    const starts = system === "own-adapters" || step === 1;
    return starts ? Promise.resolve("") : this.tensorsOf(system, seed, step - 1);
  }

  private async tensorsOf(system: ContinualSystem, seed: number, step: number): Promise<string> {
    const folder = this.folder(system, seed, step);
    if (system === "fine-tuned-model") return hashOfTensors(join(folder, downstreamFiles.model));
    return (await readAdapterManifest(folder)).tensors?.adapter ?? "";
  }

  private name(system: ContinualSystem, seed: number, step: number): string {
    return `${system}.seed-${seed}.step-${step}`;
  }

  private folder(system: ContinualSystem, seed: number, step: number): string {
    return join(
      this.plan.out,
      system,
      `seed-${seed}`,
      `${step}-${(this.plan.stages[step - 1] as ContinualStage).name}`,
    );
  }

  private async trainAdapter(system: ContinualSystem, seed: number, step: number): Promise<void> {
    const further = system === "shared-adapter" && step > 1;
    const start = further ? { start: await this.startAdapter(system, seed, step - 1) } : {};
    const plan = adapterTraining(this.plan, this.folder(system, seed, step), seed, start);
    const { taskData } = this.plan.stages[step - 1] as ContinualStage;
    const { onEvent, signal } = this.watch;
    await taskData((one) => pretrain(this.executor, plan, one, onEvent, signal).then(() => undefined));
  }

  private async startAdapter(system: ContinualSystem, seed: number, step: number) {
    const { architecture, backbone } = this.plan;
    const folder = this.folder(system, seed, step);
    const parameters = await readAdapterParameters(
      folder,
      "adapter",
      adapterShapes(architecture, backbone.config.hiddenSize),
    );
    return { parameters, hash: await this.tensorsOf(system, seed, step) };
  }

  private async trainModel(system: ContinualSystem, seed: number, step: number): Promise<void> {
    const { backbone, featureOptions, maxLength, settings, architecture } = this.plan;
    const { headLearningRate, headInit, weightDecay, maxGradNorm, modelLearningRate } = this.plan;
    const start = step === 1 ? null : await this.startModel(system, seed, step - 1);
    const plan = {
      ...{ backbone, featureOptions, maxLength, headInit, headLearningRate, weightDecay, maxGradNorm },
      ...{ adapters: [], fusion: noFusion, trains: "backbone" as const, frozenDropout: false, adamEpsilon: 1e-8 },
      ...{ out: this.folder(system, seed, step), dropout: architecture.dropout, resume: true, recipe: {} },
      settings: { ...settings, learningRate: modelLearningRate, seed },
      ...(start ? { start } : {}),
    };
    const { taskData } = this.plan.stages[step - 1] as ContinualStage;
    const { onEvent, signal } = this.watch;
    await taskData(({ test: _, ...one }) => finetune(this.executor, plan, one, onEvent, signal).then(() => undefined));
  }

  private async startModel(
    system: ContinualSystem,
    seed: number,
    step: number,
  ): Promise<{ readonly backbone: Parameters; readonly hash: string }> {
    const folder = this.folder(system, seed, step);
    return {
      backbone: await readTrainedBackbone(folder, this.plan.backbone),
      hash: await this.tensorsOf(system, seed, step),
    };
  }
}
