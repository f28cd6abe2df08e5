/**
 * Facts taught as `kadapter teach` does it, and what a peer needs to do the same.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fact } from "../src/data/fact.js";
import type { Wordings } from "../src/data/wordings.js";
import type { TrainEvent } from "../src/engine/events.js";
import type { Executor } from "../src/engine/executor.js";
import type { BackboneHandle } from "../src/features/backbone-handle.js";
import { epochBatches } from "../src/features/batches.js";
import { asRecall, keptBy, ownTexts } from "../src/library/knowledge.js";
import { learnAdapter } from "../src/library/learn.js";
import { pretrainConfig } from "../src/library/plan.js";
import { pretrainingDesign } from "../src/models/design.js";
import { recallSettings } from "../src/settings/recall.js";
import { resolveSettings } from "../src/settings/setting.js";
import type { EncodedRecall } from "../src/tasks/recall/recall.js";
import { taughtTaskData } from "../src/tasks/recall/recall-data.js";
import { encodeFitting } from "../src/tasks/task-data.js";
import { totalElements } from "../src/tensor.js";
import { backboneStart } from "../src/training/backbone-start.js";
import { makeTaskModel } from "../src/training/task-model.js";
import type { PeerFiles } from "./request.js";
import { writeStart } from "./start.js";
import { seconds } from "./stats.js";

/** Settings of `teach` that a benchmark gives; all others are the command's defaults. */
export interface TeachingSettings {
  readonly seed: number;
  readonly epochs?: number;
  /** Ends sooner than the epochs would. */
  readonly maxSteps?: number;
}

/** A teaching that is prepared: what it starts from and in which order it asks is known. */
export interface BenchTeaching {
  readonly facts: readonly Fact[];
  /** What is learnt, encoded: questions about the facts, and text that is to stay as it is. */
  readonly examples: readonly EncodedRecall[];
  /** Examples of a batch. */
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** Steps of all epochs, and how many of them are taken. */
  readonly allSteps: number;
  readonly steps: number;
  readonly learningRate: number;
  /** Longest text in tokens. */
  readonly maxLength: number;
  /** Numbers that learn. */
  readonly parameters: number;
  /** Writes first weights and batches. */
  writePeer(files: PeerFiles, rates: readonly number[]): Promise<void>;
  /** Teaches, and leaves the adapter in the folder `out`. */
  run(executor: Executor, folders: { readonly out: string; readonly cache: string }): Promise<TeachingTimes>;
}

export interface TeachingTimes {
  /** Seconds of preparing the frozen model's states of what is learnt, or of checking a cache that was there. */
  readonly states: number;
  /** Of each step. */
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
  readonly rates: readonly number[];
  /** Seconds of everything: evaluations, checkpoints and the folder, too. */
  readonly all: number;
  /** Processors that it had on average; where it is less than 1, others took them. */
  readonly busy: number;
}

export function benchTeaching(
  backbone: BackboneHandle,
  what: { readonly facts: readonly Fact[]; readonly wordings: Wordings; readonly where: string },
  given: TeachingSettings,
): BenchTeaching {
  const settingsOf = (folders: { readonly out: string; readonly cache: string }) =>
    resolveSettings(recallSettings, { ...given, ...folders, facts: what.where, backbone: backbone.folder });
  const settings = settingsOf({ out: "unused", cache: "off" });
  const questions = { facts: what.facts, wordings: what.wordings, made: [], skipped: {} };
  const data = taughtTaskData(what.where, questions, ownTexts(), { ...settings, neighbours: keptBy(settings) });
  const config = pretrainConfig(asRecall(settings, backbone.folder), backbone, false, () => undefined);
  const { architecture, maxLength, headInit } = config;
  const { batchSize, epochs, learningRate, maxSteps } = config.settings;
  const { task, model } = makeTaskModel(data.kind, data.settings, {
    ...{ backbone, maxLength, headInit, dropout: architecture.dropout, featureDtype: config.featureOptions.dtype },
    design: pretrainingDesign({ features: config.features, adapter: architecture }),
  });
  const { examples } = encodeFitting(task, backbone.tokenizer, data.train);
  const lengths = examples.map(({ inputIds }) => inputIds.length);
  const batchesOf = (epoch: number) => [...epochBatches(lengths, batchSize, given.seed, epoch)];
  const stepsPerEpoch = batchesOf(0).length;
  const allSteps = stepsPerEpoch * epochs;
  const steps = maxSteps > 0 ? Math.min(maxSteps, allSteps) : allSteps;
  const learnt = [...model.adapterParameters, ...model.taskParameters];
  return {
    ...{ facts: what.facts, examples, batchSize, stepsPerEpoch, allSteps, steps, learningRate, maxLength },
    parameters: totalElements(learnt),
    writePeer: async ({ start, taskData }, rates) => {
      await writeStart(start, learnt, given.seed, await backboneStart(backbone, architecture, model.adapterParameters));
      const { layers: taps, size: adapter, heads, intermediateSize, transformerLayers } = architecture;
      const shape = {
        ...{ taps, adapter, adapter_heads: heads, adapter_inner: intermediateSize, adapter_layers: transformerLayers },
        ...{ margin: settings.margin, keep: settings.keep },
        // What joins the adapter to the model learns at the head's rate.
        join_scale: settings.headLearningRate / settings.learningRate,
      };
      const epochsTaken = Math.ceil(steps / stepsPerEpoch);
      const batches = Array.from({ length: epochsTaken }, (_, epoch) => batchesOf(epoch)).flat();
      const texts = examples.map(peerText);
      await writeFile(taskData, JSON.stringify({ shape, texts, batches: batches.slice(0, steps), rates }));
    },
    run: (executor, folders) =>
      timed((onEvent) => {
        const how = { executor, backbone, begin: { resume: false, overwrite: true }, onEvent, note: () => undefined };
        return learnAdapter(how, asRecall(settingsOf(folders), backbone.folder), async () => data);
      }),
  };
}

/** A text with hidden words, as a peer reads it. */
export const peerText = ({ inputIds, positions, labels, open, example }: EncodedRecall) => ({
  ...{ ids: inputIds, positions, labels, open, taught: example.kind === "fact" },
});

/** Folders of a run in a scratch folder; all runs share the cache. */
export const foldersIn = (scratch: string, name: string) => ({
  out: join(scratch, name),
  cache: join(scratch, "cache"),
});

async function timed(teach: (onEvent: (event: TrainEvent) => void) => Promise<unknown>): Promise<TeachingTimes> {
  let states = 0;
  const steps: Extract<TrainEvent, { kind: "step" }>[] = [];
  const used = process.cpuUsage();
  const all = await seconds(() =>
    teach((event) => {
      if (event.kind === "prepare" && event.what === "train") states = event.seconds;
      if (event.kind === "step") steps.push(event);
    }),
  );
  const { user, system } = process.cpuUsage(used);
  return {
    ...{ states, all, busy: (user + system) / 1e6 / all },
    seconds: steps.map((step) => step.seconds),
    losses: steps.map(({ loss }) => loss),
    rates: steps.map(({ learningRate }) => learningRate),
  };
}
