import { join } from "node:path";
import { openAdapters } from "../../adapters/opened-adapter.js";
import type { Executor } from "../../engine/executor.js";
import { setting, userError } from "../../errors.js";
import { backboneIdentity, openBackbone } from "../../features/backbone-handle.js";
import { defaultCacheFolder } from "../../features/cache-room.js";
import { withOutputFolder } from "../../library/output-folder.js";
import { readable, trainerSettingsOf } from "../../library/plan.js";
import {
  type LmHeadManifest,
  readLmHeadManifest,
  removeLmHead,
  requireSameParts,
  setName,
} from "../../lm/lm-head-folder.js";
import { MaskedTexts } from "../../lm/masked-texts.js";
import { requireOwnHead, writeModelWithHead } from "../../lm/model-with-head.js";
import { collectTextBlocks } from "../../lm/text-blocks.js";
import { shown } from "../../phrases.js";
import type { TrainHeadSettings } from "../../settings/probe.js";
import { cacheSettings, runtimeSettings } from "../../settings/shared.js";
import { type LmHeadConfig, type LmHeadResult, trainLmHead } from "../../training/lm-head.js";
import { removeEarlierRun } from "../../training/run.js";
import { asStored } from "../../training/training-record.js";
import { refuseExisting } from "../files.js";
import { createProgress } from "../progress.js";
import { type CommandContext, Interrupted, isAbort } from "../run.js";
import { withEngine } from "../runtime.js";

/** `probe train-head`: a head for each set of adapters, one after the other. */
export async function run(options: TrainHeadSettings, context: CommandContext): Promise<void> {
  const { out, overwrite, resume } = options;
  const sets = adapterSets(options.sets, Object.keys(options.adapter));
  if (!resume) for (const set of sets) await refuseExisting(join(out, nameOf(set)), overwrite);
  await checkModelOut(options, sets);
  await withEngine(options, async (executor) => {
    const plan = await basePlan(options);
    const texts = await openTexts(executor, options, plan, context);
    try {
      const results = await trainAll(executor, sets, plan, texts, context);
      await writeModel(options, plan, context);
      context.output.result({ out, sets: results, trainTexts: texts.train.length, devTexts: texts.dev.length });
    } finally {
      await texts.close();
    }
  });
}

/** Before hours are spent: whether the head that is asked for is trained, and can be the model's own. */
async function checkModelOut(
  { modelOut, newDecoder, backbone, overwrite, resume }: TrainHeadSettings,
  sets: readonly (readonly string[])[],
): Promise<void> {
  if (modelOut === undefined) return;
  if (newDecoder || !sets.some(({ length }) => length === 0)) {
    const expected = `the set none, without ${setting("newDecoder", true)}`;
    throw userError({ where: setting("modelOut"), what: "no head is trained that can be the model's own", expected });
  }
  requireOwnHead(await openBackbone(backbone));
  await refuseExisting(modelOut, overwrite || resume);
}

async function writeModel({ modelOut }: TrainHeadSettings, { heads, backbone }: HeadsPlan, { output }: CommandContext) {
  if (modelOut === undefined) return;
  await withOutputFolder(modelOut, () => writeModelWithHead(modelOut, backbone, join(heads, nameOf([]))));
  output.say(`the model with its head is in ${modelOut}`);
}

/** What all heads have in common. */
type HeadsPlan = Omit<LmHeadConfig, "out"> & { readonly heads: string; readonly maxLength: number };

/** One head after the other; those that are finished are kept where a run goes on. */
async function trainAll(
  executor: Executor,
  sets: readonly (readonly string[])[],
  { heads, maxLength: _, ...plan }: HeadsPlan,
  texts: MaskedTexts,
  context: CommandContext,
): Promise<Readonly<Record<string, unknown>>> {
  const results: Record<string, unknown> = {};
  // Before the first is trained: else, once this is stopped, `--resume` would find older heads beside new ones.
  if (!plan.resume) for (const set of sets) await removeLmHead(join(heads, nameOf(set)));
  for (const set of sets) {
    const name = nameOf(set);
    const folder = join(heads, name);
    const adapters = plan.adapters.filter((adapter) => set.includes(adapter.name));
    // Finished ones are looked at under the lock, too: a killed run's lock and half-written files go then.
    const metrics = await withOutputFolder(folder, async () => {
      const finished = plan.resume ? await finishedHead(folder, { ...plan, adapters }) : null;
      if (finished !== null) return finished.metrics;
      if (!plan.resume) await removeEarlierRun(folder);
      return trainOne(executor, { ...plan, adapters, out: folder }, texts, context);
    });
    results[name] = metrics;
    const { perplexity, accuracy } = metrics as { perplexity: number; accuracy: number };
    const quality = `perplexity ${perplexity.toFixed(2)}, masked accuracy ${(100 * accuracy).toFixed(2)} %`;
    context.output.say(`${name}: ${quality}; the head is in ${folder}`);
  }
  return results;
}

/** Settings that do not decide what a head learns. */
const free: ReadonlySet<string> = new Set([
  ...["out", "modelOut", "sets", "resume", "overwrite", "saveEvery", "adapter"],
  ...[...Object.keys(cacheSettings), ...Object.keys(runtimeSettings)],
]);

/**
 * A head that an earlier run has finished; null where there is none.
 *
 * @throws UserError where it was trained with other options, or beside something else
 */
async function finishedHead(
  folder: string,
  { recipe, backbone, adapters }: Pick<HeadsPlan, "recipe" | "backbone" | "adapters">,
): Promise<LmHeadManifest | null> {
  const finished = await readLmHeadManifest(folder).catch(() => null);
  if (finished === null) return null;
  requireSameParts(folder, finished, backbone, adapters);
  const [then, now] = [finished.recipe, recipe as LmHeadManifest["recipe"]];
  const other = Object.keys(now).find(
    (name) => !free.has(name) && name in then && JSON.stringify(then[name]) !== JSON.stringify(now[name]),
  );
  if (other === undefined) return finished;
  throw userError({
    where: folder,
    what: `the finished head was trained with other options (${other} was ${shown(then[other])}, is ${shown(now[other])})`,
    fix: `resume with the same options, or start anew with ${setting("overwrite", true)}`,
  });
}

/** Sets as lists of names, each of which is an adapter that was given. */
function adapterSets(sets: readonly string[] | undefined, names: readonly string[]): readonly (readonly string[])[] {
  if (sets === undefined) {
    const each = names.map((name) => [name]);
    return names.length > 1 ? [[], ...each, names] : [[], ...each];
  }
  return sets.map((set) => {
    const wanted = set === "none" ? [] : set.split("+");
    const unknown = wanted.find((name) => !names.includes(name));
    if (unknown === undefined) return wanted;
    throw userError({
      where: "--sets",
      what: `there is no adapter ${JSON.stringify(unknown)}`,
      expected: names.length === 0 ? "adapters, given with --adapter NAME=DIR" : `some of ${names.join(", ")}, or none`,
    });
  });
}

const nameOf = (set: readonly string[]) => setName(set.map((name) => ({ name })));

async function basePlan(given: TrainHeadSettings): Promise<HeadsPlan> {
  const backbone = await openBackbone(given.backbone);
  const options = readable(given, backbone);
  const named = Object.entries(options.adapter).map(([name, folder]) => ({ name, folder }));
  const adapters = await openAdapters(named, backboneIdentity(backbone));
  const { weightDecay, maxGradNorm, resume } = options;
  return {
    heads: options.out,
    backbone,
    adapters,
    tied: !options.newDecoder,
    settings: trainerSettingsOf(options),
    weightDecay,
    maxGradNorm,
    resume,
    recipe: asStored({ ...options, resume: undefined, overwrite: undefined }),
    maxLength: options.maxLength,
  };
}

/** The masked texts, for all heads. */
async function openTexts(
  executor: Executor,
  options: TrainHeadSettings,
  { backbone, adapters, maxLength }: HeadsPlan,
  { stderr, signal }: CommandContext,
): Promise<MaskedTexts> {
  const { train, dev, maxTexts, devTexts, masking, maskRate: rate, seed, epochs } = options;
  const { maskSeed = seed, maskDraws: draws = epochs, cache, cacheSize } = options;
  const read = (files: readonly string[], limit: number | undefined) =>
    collectTextBlocks(files, backbone.tokenizer, { maxLength, ...(limit === undefined ? {} : { limit }) });
  const data = { train: await read(train, maxTexts), dev: await read(dev, devTexts) };
  const progress = createProgress(stderr);
  try {
    const own = { backbone, adapters, maxLength, draws, signal, masking: { masking, rate, seed: maskSeed } };
    const kept = { cache: cache === "off" ? null : (cache ?? defaultCacheFolder()), cacheLimit: cacheSize * 2 ** 30 };
    return await MaskedTexts.open(executor, { ...own, ...kept }, data, (event) => progress.handle(event));
  } finally {
    progress.stop();
  }
}

async function trainOne(
  executor: Executor,
  plan: LmHeadConfig,
  texts: MaskedTexts,
  context: CommandContext,
): Promise<LmHeadResult["manifest"]["metrics"]> {
  const progress = createProgress(context.stderr);
  try {
    const result = await trainLmHead(executor, plan, texts, (event) => progress.handle(event), context.signal);
    if (result.reason === "interrupted") throw stopped();
    if (!result.backboneUnchanged) {
      throw userError({ where: plan.backbone.folder, what: "the backbone's files changed while the head was trained" });
    }
    return result.manifest.metrics;
  } catch (error) {
    // While hidden states were computed.
    throw isAbort(error) ? stopped() : error;
  } finally {
    progress.stop();
  }
}

const stopped = () => new Interrupted("continue with the same command and --resume");
