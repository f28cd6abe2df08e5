import { readFirstLines } from "../../data/text.js";
import type { RecallPlan } from "../../experiments/recall/plan.js";
import { readRecallPool } from "../../experiments/recall/pool.js";
import { recallTables } from "../../experiments/recall/report.js";
import { runRecall } from "../../experiments/recall/run.js";
import type { BackboneHandle } from "../../features/backbone-handle.js";
import { asRecall, keptBy, ownTexts } from "../../library/knowledge.js";
import type { RecallExperimentSettings } from "../../settings/recall-experiment.js";
import { otherTexts } from "../../tasks/recall/recall-data.js";
import { pretrainingOf, runExperiment } from "../experiment.js";
import type { CommandContext } from "../run.js";

/** `experiment recall`: how well taught facts answer, and what becomes of all else. */
export async function run(options: RecallExperimentSettings, context: CommandContext): Promise<void> {
  await runExperiment(options, context, async ({ executor, backbone, watch, publish }) => {
    const plan = await planOf(options, backbone, context);
    const { single, several, taught } = plan.pool;
    watch.onNote(
      `${single.length} facts with an object of one token, ${several.length} of several, of ${taught.size} relations`,
    );
    const result = await runRecall(executor, plan, {
      ...watch,
      onCell: ({ part, row, seed, heldOut }) =>
        watch.onNote(`${part}, ${row}, seed ${seed}: ${(100 * heldOut.p1).toFixed(1)} % in held-out wordings`),
      onJoined: ({ row, seed, others }) =>
        watch.onNote(`joiners, ${row}, seed ${seed}: ${(100 * others).toFixed(1)} % of facts that it was not taught`),
      onBoth: ({ row, seed, relations }) =>
        watch.onNote(`both, ${row}, seed ${seed}: ${(100 * relations).toFixed(1)} % in telling relations`),
      onRead: ({ row, seed, groups: { read } }) =>
        watch.onNote(`reading, ${row}, seed ${seed}: ${(100 * read.after.p1).toFixed(1)} % of what was read`),
    });
    await publish("recall", recallTables(result), { ...result, skipped: plan.pool.skipped });
  });
}

async function planOf(
  options: RecallExperimentSettings,
  backbone: BackboneHandle,
  context: CommandContext,
): Promise<RecallPlan> {
  const { parts, seeds, counts, sizes, few, packs, packSize, joinedShare, askedFacts, askedOthers, askedLines } =
    options;
  const { sentences, lama, readSentences: most, relationTrain, relationTest } = options;
  const { keep, margin, wordingsPerFact, wordDropout, textShare, neighbourShare, asked } = options;
  const training = { ...asRecall({ ...options, seed: 0, bothDirections: false }, backbone.name), evalEvery: 0 };
  return {
    training: (adapterSize = options.adapterSize) =>
      pretrainingOf(
        { ...training, ...(adapterSize === undefined ? {} : { adapterSize }) },
        training.features,
        backbone,
        context,
      ),
    teaching: {
      neighbours: keptBy(options),
      keep,
      margin,
      wordingsPerFact,
      wordDropout,
      textShare,
      neighbourShare,
      asked,
      bothDirections: false,
    },
    own: await otherTexts(options.text, ownTexts()),
    pool: await readRecallPool(options, backbone.tokenizer),
    ...{ parts, seeds, counts, sizes, few, packs, packSize, joinedShare },
    reading: sentences !== undefined && lama !== undefined ? { sentences, lama, most } : null,
    relations:
      relationTrain !== undefined && relationTest !== undefined ? { train: relationTrain, test: relationTest } : null,
    asked: { facts: askedFacts, others: askedOthers, text: await readFirstLines(options.askedText, askedLines) },
  };
}
