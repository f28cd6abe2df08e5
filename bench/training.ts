import type { KAdapterConfig } from "../src/adapters/config.js";
import type { RelationExample } from "../src/data/relation-example.js";
import type { TrainEvent } from "../src/engine/events.js";
import type { Executor } from "../src/engine/executor.js";
import type { BackboneHandle } from "../src/features/backbone-handle.js";
import { epochBatches } from "../src/features/batches.js";
import type { FeatureOptions } from "../src/features/features.js";
import { pretrainingDesign } from "../src/models/design.js";
import { type EncodedRelation, relationClassification } from "../src/tasks/relations/relation-classification.js";
import type { TaskData } from "../src/tasks/task-data.js";
import { encodeExamples } from "../src/tasks/task-data.js";
import type { TrainingConfig } from "../src/training/config.js";
import { trainingConfig } from "../src/training/config.js";
import { pretrain } from "../src/training/pretrain.js";
import { makeTaskModel } from "../src/training/task-model.js";
import { writeStart } from "./start.js";

/** How it is trained. */
export interface TrainingSettings {
  readonly adapter: KAdapterConfig;
  readonly batch: number;
  readonly maxLength: number;
  readonly epochs: number;
  readonly rate: number;
  readonly seed: number;
  /** Every sentence padded to `maxLength`, as in the released code. */
  readonly fixedWidth?: boolean;
  /** Ends sooner than the epochs would. */
  readonly maxSteps?: number;
}

type RelationTaskData = TaskData<RelationExample, EncodedRelation, unknown>;

/** A training that is prepared: what it starts from and in which order it reads is known. */
export interface BenchTraining {
  /** Tokens of every sentence. */
  readonly lengths: readonly number[];
  readonly labels: number;
  /** Indices of the examples of every epoch's batches. */
  readonly epochs: readonly (readonly (readonly number[])[])[];
  /** The sentences as the training sees them, encoded anew: kept, they would count as the training's own memory. */
  encoded(): readonly EncodedRelation[];
  /** Writes the first weights of adapter and head. */
  writeStart(path: string): Promise<void>;
  /** Trains, and leaves a run in the folder `out`. */
  run(executor: Executor, out: string, seed?: number): Promise<TrainingTimes>;
}

export interface TrainingTimes {
  /** Seconds of the backbone's pass over all sentences, or of checking a cache that was there. */
  readonly backbone: number;
  /** Seconds of each epoch's steps; evaluation and checkpoints are left out. */
  readonly epochs: readonly number[];
  /** Of each step. */
  readonly losses: readonly number[];
  readonly notes: readonly string[];
}

export function benchTraining(
  backbone: BackboneHandle,
  examples: readonly RelationExample[],
  settings: TrainingSettings,
  featureOptions: FeatureOptions,
): BenchTraining {
  const { adapter: architecture, batch: batchSize, epochs, maxLength, rate, maxSteps = 0 } = settings;
  const labels = [...new Set(examples.map(({ relation }) => relation))].sort();
  const taskSettings = { labels, options: {} };
  const plan = (out: string, seed: number): TrainingConfig =>
    trainingConfig(backbone, out, {
      architecture,
      headInit: "official",
      headLearningRate: rate,
      maxLength,
      fixedWidth: settings.fixedWidth ?? false,
      featureOptions,
      settings: {
        ...{ learningRate: rate, warmup: 0, decay: 0, epochs, maxSteps, batchSize, seed },
        ...{ saveEvery: 0, evalEvery: 1_000_000 },
      },
    });
  const set = (some: readonly RelationExample[]) => ({ where: "bench", examples: some, skipped: {} });
  const taskData: RelationTaskData = {
    kind: relationClassification,
    settings: taskSettings,
    train: set(examples),
    dev: set(examples.slice(0, 2)),
  };
  const { seed: ownSeed } = settings;
  const made = makeTaskModel(relationClassification, taskSettings, {
    ...plan("", ownSeed),
    design: pretrainingDesign({ features: "adapter", adapter: architecture }),
    dropout: architecture.dropout,
    featureDtype: featureOptions.dtype,
  });
  const encoded = () => encodeExamples(made.task, backbone.tokenizer, taskData.train).examples;
  const lengths = encoded().map(({ inputIds }) => inputIds.length);
  return {
    lengths,
    encoded,
    labels: labels.length,
    epochs: Array.from({ length: epochs }, (_, epoch) => [...epochBatches(lengths, batchSize, ownSeed, epoch)]),
    writeStart: (path) => writeStart(path, made.model.parameters, ownSeed),
    run: (executor, out, seed = ownSeed) => timed(executor, plan(out, seed), taskData),
  };
}

async function timed(executor: Executor, plan: TrainingConfig, taskData: RelationTaskData): Promise<TrainingTimes> {
  let backbone = 0;
  const epochs: number[] = [];
  const losses: number[] = [];
  const notes: string[] = [];
  await pretrain(executor, plan, taskData, (event: TrainEvent) => {
    if (event.kind === "note") notes.push(event.text);
    if (event.kind === "prepare" && event.what === "train") backbone = event.seconds;
    if (event.kind !== "step") return;
    // Events count epochs from 1.
    const epoch = event.epoch - 1;
    epochs[epoch] = (epochs[epoch] ?? 0) + event.seconds;
    losses.push(event.loss);
  });
  return { backbone, epochs, losses, notes };
}
