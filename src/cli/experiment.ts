import { join } from "node:path";
import { type KAdapterConfig, randomInit } from "../adapters/config.js";
import type { Executor } from "../engine/executor.js";
import type { ExperimentWatch } from "../experiments/trainings.js";
import { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
import { writeFileAtomically } from "../files/atomic.js";
import { withOutputFolder } from "../library/output-folder.js";
import { adapterShape, type PretrainSettings, pretrainConfig } from "../library/plan.js";
import type { ExperimentSettings } from "../settings/knowledge-experiments.js";
import { chosenAdapterConfig } from "../training/backbone-start.js";
import type { TrainingConfig } from "../training/config.js";
import { createProgress } from "./progress.js";
import { type CommandContext, Interrupted, isAbort } from "./run.js";
import { withEngine } from "./runtime.js";

/** What an experiment runs with. */
export interface ExperimentRun {
  readonly executor: Executor;
  readonly backbone: BackboneHandle;
  /** Shows how far it is, and stops it. */
  readonly watch: Required<ExperimentWatch>;
  /** Prints the page with its tables, and writes it and all numbers into the experiment's folder under a name. */
  publish(name: string, page: string, json: Readonly<Record<string, unknown>>): Promise<void>;
}

type RunSettings = Pick<ExperimentSettings, "backbone" | "out" | "device" | "threads">;

/** Opens what an experiment needs, runs it, and says how to go on if it is stopped. */
export async function runExperiment(
  options: RunSettings,
  { output, signal, stderr }: CommandContext,
  run: (how: ExperimentRun) => Promise<void>,
): Promise<void> {
  const backbone = await openBackbone(options.backbone);
  const progress = createProgress(stderr);
  const watch = {
    onEvent: progress.handle.bind(progress),
    onNote: progress.note.bind(progress),
    signal,
  };
  const publish: ExperimentRun["publish"] = async (name, page, json) => {
    progress.stop();
    output.say(page);
    const all = { options, ...json };
    await writeFileAtomically(join(options.out, `${name}.md`), `${page}\n`);
    await writeFileAtomically(join(options.out, `${name}.json`), `${JSON.stringify(all, null, 1)}\n`);
    output.result(all);
  };
  try {
    await withEngine(options, (executor) =>
      withOutputFolder(options.out, () => run({ executor, backbone, watch, publish })),
    );
  } catch (error) {
    if (!isAbort(error)) throw error;
    throw new Interrupted("what is finished is kept: continue with the same command");
  } finally {
    progress.stop();
  }
}

/** The adapter of an experiment on how knowledge arrives and stays. */
export function experimentAdapter(
  options: ExperimentSettings,
  backbone: BackboneHandle,
  { output }: CommandContext,
): KAdapterConfig {
  return chosenAdapterConfig(backbone, options.preset, {
    ...adapterShape(options, backbone, output.note.bind(output)),
    // Random weights by default: a table's rows should differ by what was learnt, not by what was copied.
    init: options.init ?? randomInit,
  });
}

/** The training settings of such an experiment; its seeds are its own. */
export const experimentSettings = (options: ExperimentSettings) => ({
  epochs: options.epochs,
  maxSteps: options.maxSteps ?? 0,
  batchSize: options.batchSize,
  gradientAccumulation: 1,
  learningRate: options.learningRate,
  warmup: options.warmup,
  evalEvery: 0,
  saveEvery: 500,
  patience: 0,
});

/** How an experiment trains adapters as `pretrain` does; its seeds, and what it changes for a row, are its own. */
export function pretrainingOf(
  options: Omit<PretrainSettings, "features" | "freezeAdapter" | "seed" | "train" | "dev">,
  features: TrainingConfig["features"],
  backbone: BackboneHandle,
  { output }: CommandContext,
): TrainingConfig {
  const own = { ...options, features, freezeAdapter: false, seed: 0, train: [] };
  return { ...pretrainConfig(own, backbone, true, output.note.bind(output)), recipe: {} };
}
