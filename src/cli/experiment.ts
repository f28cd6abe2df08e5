import { type KAdapterConfig, randomInit } from "../adapters/config.js";
import type { TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { type BackboneHandle, openBackbone } from "../features/frozen-backbone.js";
import { workerExecutor } from "../runtime/worker-executor.js";
import type { ExperimentSettings } from "../settings/experiment.js";
import { chosenAdapterConfig } from "../training/backbone-start.js";
import { withOutputFolder } from "./files.js";
import { adapterShape } from "./plan.js";
import { createProgress, type Progress } from "./progress.js";
import { type CommandContext, Interrupted, isAbort } from "./run.js";
import { runtimeOf } from "./watched.js";

/** What an experiment runs with. */
export interface ExperimentRun {
  readonly executor: Executor;
  readonly backbone: BackboneHandle;
  readonly architecture: KAdapterConfig;
  readonly progress: Progress;
  onEvent(event: TrainEvent): void;
}

/** Opens what an experiment needs, runs it, and says how to go on if it is stopped. */
export async function runExperiment(
  options: ExperimentSettings,
  context: CommandContext,
  run: (how: ExperimentRun) => Promise<void>,
): Promise<void> {
  const backbone = await openBackbone(options.backbone);
  const architecture = chosenAdapterConfig(backbone, options.preset, {
    ...adapterShape(options, backbone, context.output),
    // Random weights by default: a table's rows should differ by what was learnt, not by what was copied.
    init: options.init ?? randomInit,
  });
  const progress = createProgress(context.stderr);
  const executor = await workerExecutor(runtimeOf(options));
  try {
    await withOutputFolder(options.out, () =>
      run({ executor, backbone, architecture, progress, onEvent: (event) => progress.handle(event) }),
    );
  } catch (error) {
    if (!isAbort(error)) throw error;
    throw new Interrupted("what is finished is kept: continue with the same command");
  } finally {
    progress.stop();
    await executor.close();
  }
}

/** The training settings of an experiment's options; its seeds are its own. */
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
