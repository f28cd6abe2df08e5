import type { FactualSettings } from "../../settings/factual.js";
import {
  defaultEntityVector,
  factualTaskData,
  objectiveFeatures,
  readContrastTaskData,
} from "../../tasks/relations/factual.js";
import type { RunRequest } from "../command.js";
import { runPretrain } from "../pretrain.js";
import type { CommandContext } from "../run.js";
import { percent } from "../tasks/percent.js";
import { relationFormat } from "../tasks/relation.js";

/** `pretrain factual`: relations, by classification or by contrast. */
export async function run(given: RunRequest<FactualSettings>, context: CommandContext): Promise<void> {
  const { train, dev, seed, format, minEntityPairs, labelSmoothing, entityVector, objective, temperature } =
    given.options;
  const request = {
    ...given,
    options: { ...given.options, features: objectiveFeatures(objective, given.options.features) },
  };
  const data = { train, dev, seed, read: { format: relationFormat(format), minEntityPairs } };
  if (objective === "contrastive") {
    return runPretrain(
      request,
      {
        taskData: (backbone) =>
          readContrastTaskData({ ...data, temperature, entityVector: entityVector ?? defaultEntityVector(backbone) }),
        summary: ({ accuracy, classes }) =>
          `nearest prototype: ${percent(accuracy).trim()} % of ${classes} relations' examples`,
        details: () => ({}),
      },
      context,
    );
  }
  await runPretrain(
    request,
    {
      taskData: (backbone) =>
        factualTaskData({
          ...data,
          labelSmoothing,
          head: objective === "own-output" ? "linear" : "released",
          entityVector: entityVector ?? defaultEntityVector(backbone),
        }),
      summary: ({ accuracy, macroF1 }) =>
        `accuracy ${(100 * accuracy).toFixed(2)} %, macro F1 ${(100 * macroF1).toFixed(2)} %`,
      details: (scores) => ({ perRelation: scores?.perClass ?? {} }),
    },
    context,
  );
}
