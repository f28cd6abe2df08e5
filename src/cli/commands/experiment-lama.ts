import { runLama } from "../../experiments/lama.js";
import type { LamaPlan } from "../../experiments/lama-plan.js";
import { lamaTables } from "../../experiments/lama-report.js";
import type { BackboneHandle } from "../../features/backbone-handle.js";
import { featureOptionsOf, readable } from "../../library/plan.js";
import type { LamaExperimentSettings } from "../../settings/adapter-experiments.js";
import { defaultEntityVector, objectiveFeatures } from "../../tasks/relations/factual.js";
import { pretrainingOf, runExperiment } from "../experiment.js";
import type { CommandContext } from "../run.js";

/** `experiment lama`: LAMA without contamination, from the data to the tables. */
export async function run(options: LamaExperimentSettings, context: CommandContext): Promise<void> {
  await runExperiment(options, context, async ({ executor, backbone, watch, publish }) => {
    const result = await runLama(executor, planOf(options, backbone, context), {
      ...watch,
      onCell: ({ probe, seed }) => watch.onNote(`${probe}, ${seed === null ? "own head" : `seed ${seed}`}: asked`),
    });
    await publish("lama", lamaTables(result), { ...result });
  });
}

function planOf(options: LamaExperimentSettings, backbone: BackboneHandle, context: CommandContext): LamaPlan {
  const { objective, temperature, labelSmoothing, entityVector, seeds, seen, headEpochs } = options;
  const { maxLength } = readable(options, backbone);
  const { cache, cacheLimit } = featureOptionsOf(options);
  return {
    training: pretrainingOf(options, objectiveFeatures(objective, "adapter"), backbone, context),
    teaching: {
      ...{ objective, temperature, labelSmoothing },
      entityVector: entityVector ?? defaultEntityVector(backbone.config),
    },
    seeds,
    seen,
    facts: {
      train: options.relations,
      dev: options.relationsDev,
      sentences: options.sentences,
      devSentences: 500,
    },
    heads: {
      tied: true,
      weightDecay: options.weightDecay,
      maxGradNorm: options.maxGradNorm,
      settings: {
        ...{ epochs: headEpochs, maxSteps: 0, batchSize: options.headBatchSize, gradientAccumulation: 1 },
        ...{ learningRate: options.lmHeadLearningRate, warmup: options.warmup, seed: 0 },
        ...{ evalEvery: 0, saveEvery: options.saveEvery, patience: 0 },
      },
    },
    texts: {
      ...{ maxLength, cache, cacheLimit, draws: options.maskDraws ?? headEpochs },
      masking: { masking: "token", rate: options.maskRate, seed: 0 },
      ...{ train: options.text, dev: options.textDev, limit: options.texts, devLimit: 200 },
    },
    lama: options.lama,
    ownHead: options.ownHead,
  };
}
