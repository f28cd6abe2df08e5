import { stat } from "node:fs/promises";
import { join } from "node:path";
import { adapterFiles, type KAdapterConfig, resolveAdapterConfig } from "../../adapters/index.js";
import { type RelationFormat, relationFormats } from "../../data/index.js";
import { userError } from "../../errors.js";
import { workerExecutor } from "../../runtime/index.js";
import type { TrainEvent } from "../../training/events.js";
import { defaultCacheFolder } from "../../training/feature-cache.js";
import { type BackboneFolder, openBackbone } from "../../training/frozen-backbone.js";
import { type EventSink, MetricsLog } from "../../training/metrics-log.js";
import {
  checkpointFolder,
  type FactualResult,
  pretrainFactual,
  removeEarlierRun,
} from "../../training/pretrain-factual.js";
import { TensorBoardWriter } from "../../training/tensorboard.js";
import type { FactualRequest } from "../commands/pretrain.js";
import type { FactualOptions } from "../options.js";
import { createProgress } from "../progress.js";
import { type CommandContext, Interrupted, isAbort } from "../run.js";
import { withOutputFolder } from "./files.js";

/** `pretrain factual`: from options to an adapter's folder. */
export async function handlePretrainFactual(request: FactualRequest, context: CommandContext): Promise<void> {
  const { options, overwrite } = request;
  await refuseUsed(request);
  const backbone = await openBackbone(options.backbone);
  for (const note of backbone.tokenizer.notes) context.output.note(note);
  // Made now, so that a folder that cannot be written is known before hours are spent.
  await withOutputFolder(options.out, async () => {
    if (overwrite) await removeEarlierRun(options.out);
    await train(request, backbone, context);
  });
}

async function train({ options, resume }: FactualRequest, backbone: BackboneFolder, context: CommandContext) {
  const architecture = architectureOf(options, backbone);
  const progress = createProgress(context.stderr);
  const logs = new RunLogs(options.out);
  const executor = await workerExecutor(runtimeOf(options));
  try {
    const result = await pretrainFactual(
      executor,
      { ...trainingOf(options), backbone, architecture, resume },
      async (event) => {
        progress.handle(event);
        await logs.handle(event);
      },
      context.signal,
    );
    progress.stop();
    report(result, options, context);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
  } catch (error) {
    if (!isAbort(error)) throw error;
    throw new Interrupted("the hidden states so far are kept: continue with the same command");
  } finally {
    progress.stop();
    await logs.close();
    await executor.close();
  }
}

export const runtimeOf = ({ device, threads }: Pick<FactualOptions, "device" | "threads">) => ({
  device,
  ...(threads === undefined ? {} : { threads }),
});

/** The format that a flag names, if it names one. */
export function formatOf(format: string | undefined): RelationFormat | "auto" {
  if (format === undefined || format === "auto") return "auto";
  const known = relationFormats.find((name) => name === format);
  if (!known) {
    throw userError({
      where: "--format",
      what: `there is no format ${JSON.stringify(format)}`,
      expected: `one of auto, ${relationFormats.join(", ")}`,
    });
  }
  return known;
}

function architectureOf(options: FactualOptions, { config }: BackboneFolder): KAdapterConfig {
  return resolveAdapterConfig({ hiddenSize: config.hiddenSize, layers: config.layers }, options.preset, {
    layers: options.layers,
    size: options.adapterSize,
    transformerLayers: options.transformerLayers,
    heads: options.adapterHeads,
    intermediateSize: options.adapterFfn,
    maskPadding: options.maskPadding,
    skip: options.skip,
    dropout: options.dropout,
    init: options.init,
  });
}

function trainingOf(options: FactualOptions) {
  const { train, dev, out, features, maxLength, headLearningRate, weightDecay, maxGradNorm } = options;
  return {
    train,
    dev,
    out,
    features,
    maxLength,
    headLearningRate,
    weightDecay,
    maxGradNorm,
    read: { format: formatOf(options.format), minEntityPairs: options.minEntityPairs },
    headInit: options.headInit,
    featureOptions: {
      cache: options.cache === "off" ? null : (options.cache ?? defaultCacheFolder()),
      cacheLimit: options.cacheSize * 2 ** 30,
      dtype: options.cacheDtype,
    },
    settings: {
      epochs: options.epochs,
      maxSteps: options.maxSteps ?? 0,
      batchSize: options.batchSize,
      gradientAccumulation: options.gradientAccumulation,
      learningRate: options.learningRate,
      warmup: options.warmup,
      seed: options.seed,
      evalEvery: options.evalEvery,
      saveEvery: options.saveEvery,
      patience: options.patience,
    },
    recipe: JSON.parse(JSON.stringify(options)),
  };
}

/** Refuses to mix two runs in one folder. */
async function refuseUsed({ options: { out }, resume, overwrite }: FactualRequest): Promise<void> {
  const exists = async (path: string) => (await stat(path).catch(() => null)) !== null;
  const used = (await exists(join(out, adapterFiles.config))) || (await exists(checkpointFolder(out)));
  if (used && !resume && !overwrite) {
    throw userError({
      where: out,
      what: "the folder holds an adapter or a run",
      fix: "choose another --out, go on with --resume, or replace it with --overwrite",
    });
  }
}

/** The run's log files; they are opened when it is known at which step the run starts. */
class RunLogs {
  private sinks: EventSink[] = [];

  constructor(private readonly out: string) {}

  async handle(event: TrainEvent): Promise<void> {
    if (event.kind === "start") {
      const resumed = event.step > 0 ? { resumeAt: event.step } : {};
      this.sinks.push(await MetricsLog.open(join(this.out, "metrics.jsonl"), resumed));
      this.sinks.push(await TensorBoardWriter.create(join(this.out, "tensorboard"), resumed));
    }
    for (const sink of this.sinks) await sink.append(event);
  }

  async close(): Promise<void> {
    for (const sink of this.sinks) await sink.close();
    this.sinks = [];
  }
}

function report(result: FactualResult, options: FactualOptions, { output }: CommandContext): void {
  const { scores, manifest, reason, skipped, backboneHash } = result;
  if (scores) {
    output.say(
      `accuracy ${(100 * scores.accuracy).toFixed(2)} %, macro F1 ${(100 * scores.macroF1).toFixed(2)} % on ${options.dev}`,
    );
    output.say(
      `the adapter is in ${options.out}; the backbone is unchanged (SHA-256 ${backboneHash.after.slice(0, 16)}…)`,
    );
  }
  output.result({
    out: options.out,
    reason,
    ...manifest.metrics,
    perRelation: scores?.perClass ?? {},
    skippedTrain: skipped.train,
    skippedDev: skipped.dev,
    backboneUnchanged: backboneHash.before === backboneHash.after,
    backboneHash: backboneHash.after,
    architecture: manifest.architecture,
    options,
  });
}
