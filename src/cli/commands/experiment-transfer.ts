import type { KAdapterConfig } from "../../adapters/config.js";
import { userError } from "../../errors.js";
import { runTransfer } from "../../experiments/transfer.js";
import type { TransferData, TransferPlan } from "../../experiments/transfer-plan.js";
import { transferLines, transferTable, verdict } from "../../experiments/transfer-report.js";
import type { BackboneHandle } from "../../features/backbone-handle.js";
import { featureOptionsOf, readable } from "../../library/plan.js";
import type { TransferSettings } from "../../settings/knowledge-experiments.js";
import { readRelationSet } from "../../tasks/relations/factual.js";
import { experimentAdapter, experimentSettings, runExperiment } from "../experiment.js";
import type { CommandContext } from "../run.js";

/** `experiment transfer`: trains and measures, prints the table and its verdicts, and writes both beside the results. */
export async function run(options: TransferSettings, context: CommandContext): Promise<void> {
  await runExperiment(options, context, async (how) => {
    const { backbone, watch } = how;
    const plan = planOf(options, backbone, experimentAdapter(options, backbone, context));
    const result = await runTransfer(how.executor, plan, await dataOf(options), {
      ...watch,
      onCell: ({ row, relations, view, measure, seed, accuracy }) =>
        watch.onNote(
          `${row}${relations === null ? "" : ` (${relations} relations)`} ${view}, seed ${seed}, ${measure}: ${(100 * accuracy).toFixed(1)} %`,
        ),
    });
    const lines = transferLines(result);
    const verdicts = result.measures.map((measure) => verdict(lines, measure));
    const about = [
      `Unseen relations: ${result.unseenRelations.join(", ")} (${result.unseenExamples} sentences).`,
      `Left out of pre-training: ${Object.entries(result.left)
        .map(([reason, count]) => `${count} ${reason}`)
        .join(", ")}.`,
      ...result.sets.map(
        ({ relations, train, dev }) =>
          `Pre-training: ${train} sentences of ${relations} relations, ${dev} for evaluation.`,
      ),
    ];
    const page = [...about, "", transferTable(lines, result.measures), "", ...verdicts.map((line) => `- ${line}`)].join(
      "\n",
    );
    await how.publish("transfer", page, { ...result, lines, verdicts });
  });
}

function planOf(options: TransferSettings, backbone: BackboneHandle, architecture: KAdapterConfig): TransferPlan {
  const { out, rows, seeds, contrastBatchSize, temperature, headLearningRate, relations, sentences } = options;
  const { maxLength } = readable(options, backbone);
  const { unseen, perUnseen, ways, shots, episodes, queries, perClass, dataSeed } = options;
  return {
    ...{
      backbone,
      out,
      rows,
      seeds,
      architecture,
      maxLength,
      contrastBatchSize,
      temperature,
      headLearningRate,
      relations,
    },
    ...{ sentences, unseen, perUnseen, ways, shots, episodes, queries, perClass, dataSeed },
    headInit: options.headInit,
    weightDecay: options.weightDecay,
    maxGradNorm: options.maxGradNorm,
    featureOptions: featureOptionsOf(options),
    settings: experimentSettings(options),
  };
}

async function dataOf({ train, fewShot, farTrain, farTest }: TransferSettings): Promise<TransferData> {
  if ((farTrain === undefined) !== (farTest === undefined)) {
    throw userError({ what: "the other data set needs both parts", expected: "--far-train and --far-test" });
  }
  const read = async (files: readonly string[]) => [...(await readRelationSet(files, {})).examples];
  const known = await read(train);
  return {
    train: known,
    fewShot: fewShot ? await read(fewShot) : known,
    far: farTrain && farTest ? { train: await read(farTrain), test: await read(farTest) } : null,
  };
}
