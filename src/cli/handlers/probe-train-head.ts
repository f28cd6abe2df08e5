import { join } from "node:path";
import { userError } from "../../errors.js";
import { workerExecutor } from "../../runtime/index.js";
import { maxTokens, openBackbone } from "../../training/frozen-backbone.js";
import { type LmHeadData, type LmHeadPlan, type LmHeadResult, trainLmHead } from "../../training/lm-head.js";
import { readLmHeadManifest, setName } from "../../training/lm-head-folder.js";
import { openFrozenAdapter } from "../../training/position-features.js";
import { removeEarlierRun } from "../../training/pretrain.js";
import { collectTextBlocks } from "../../training/text-blocks.js";
import { adapterSets, type TrainHeadOptions } from "../probe-options.js";
import { createProgress } from "../progress.js";
import { type CommandContext, Interrupted } from "../run.js";
import { refuseExisting, withOutputFolder } from "./files.js";
import { runtimeOf } from "./pretrain.js";

/** `probe train-head`: a head for each set of adapters, one after the other. */
export async function handleTrainHead(options: TrainHeadOptions, context: CommandContext): Promise<void> {
  const { out, overwrite, resume } = options;
  if (resume && overwrite) {
    throw userError({ what: "--resume and --overwrite contradict each other", expected: "one of them" });
  }
  const sets = adapterSets(options.sets, Object.keys(options.adapter));
  if (!resume) for (const set of sets) await refuseExisting(join(out, nameOf(set)), overwrite);
  const executor = await workerExecutor(runtimeOf(options));
  try {
    const plan = await basePlan(options);
    const data = await readData(options, plan);
    const results: Record<string, unknown> = {};
    for (const set of sets) {
      const name = nameOf(set);
      const folder = join(out, name);
      const finished = resume ? await readLmHeadManifest(folder).catch(() => null) : null;
      const adapters = plan.adapters.filter((adapter) => set.includes(adapter.name));
      const metrics =
        finished?.metrics ??
        (await withOutputFolder(folder, async () => {
          if (!resume) await removeEarlierRun(folder);
          return trainOne(executor, { ...plan, adapters, out: folder }, data, context);
        }));
      results[name] = metrics;
      const { perplexity, accuracy } = metrics as { perplexity: number; accuracy: number };
      const quality = `perplexity ${perplexity.toFixed(2)}, masked accuracy ${(100 * accuracy).toFixed(2)} %`;
      context.output.say(`${name}: ${quality}; the head is in ${folder}`);
    }
    context.output.result({ out, sets: results, trainTexts: data.train.length, devTexts: data.dev.length });
  } finally {
    await executor.close();
  }
}

const nameOf = (set: readonly string[]) => setName(set.map((name) => ({ name })));

async function basePlan(options: TrainHeadOptions): Promise<Omit<LmHeadPlan, "out">> {
  const backbone = await openBackbone(options.backbone);
  const limit = maxTokens(backbone.config);
  if (options.maxLength > limit) {
    throw userError({
      where: "--max-length",
      what: `${options.maxLength} tokens are more than the backbone has positions for`,
      expected: `at most ${limit}`,
    });
  }
  const adapters = [];
  for (const [name, folder] of Object.entries(options.adapter)) {
    adapters.push(await openFrozenAdapter(name, folder, backbone));
  }
  const { masking, maskRate: rate, seed, maxLength, weightDecay, maxGradNorm, resume } = options;
  const { epochs, maxSteps = 0, batchSize, learningRate, warmup, evalEvery, saveEvery, patience } = options;
  return {
    backbone,
    adapters,
    tied: !options.newDecoder,
    masking: { masking, rate, seed },
    maxLength,
    settings: {
      epochs,
      maxSteps,
      batchSize,
      gradientAccumulation: 1,
      learningRate,
      warmup,
      seed,
      evalEvery,
      saveEvery,
      patience,
    },
    weightDecay,
    maxGradNorm,
    resume,
    recipe: JSON.parse(JSON.stringify(options)),
  };
}

async function readData(
  { train, dev, maxTexts, devTexts }: TrainHeadOptions,
  { backbone, maxLength }: Pick<LmHeadPlan, "backbone" | "maxLength">,
): Promise<LmHeadData> {
  const read = (files: readonly string[], limit: number | undefined) =>
    collectTextBlocks(files, backbone.tokenizer, { maxLength, ...(limit === undefined ? {} : { limit }) });
  return { train: await read(train, maxTexts), dev: await read(dev, devTexts) };
}

async function trainOne(
  executor: Parameters<typeof trainLmHead>[0],
  plan: LmHeadPlan,
  data: LmHeadData,
  context: CommandContext,
): Promise<LmHeadResult["manifest"]["metrics"]> {
  const progress = createProgress(context.stderr);
  try {
    const result = await trainLmHead(executor, plan, data, (event) => progress.handle(event), context.signal);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
    if (!result.backboneUnchanged) {
      throw userError({ where: plan.backbone.folder, what: "the backbone's files changed while the head was trained" });
    }
    return result.manifest.metrics;
  } finally {
    progress.stop();
  }
}
