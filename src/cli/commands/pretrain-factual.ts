import { classifiedFacts, contrastedFacts, withFeatures } from "../../library/knowledge.js";
import type { FactualSettings } from "../../settings/factual.js";
import type { RunRequest } from "../command.js";
import { runPretrain } from "../pretrain.js";
import type { CommandContext } from "../run.js";
import { percent } from "../tasks/numbers.js";

/** `pretrain factual`: relations, by classification or by contrast. */
export async function run(given: RunRequest<FactualSettings>, context: CommandContext): Promise<void> {
  const request = { ...given, options: withFeatures(given.options) };
  const settings = request.options;
  if (settings.objective === "contrastive") {
    return runPretrain(
      request,
      {
        taskData: (backbone) => contrastedFacts(settings, backbone),
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
      taskData: (backbone) => classifiedFacts(settings, backbone),
      summary: ({ accuracy, macroF1 }) =>
        `accuracy ${(100 * accuracy).toFixed(2)} %, macro F1 ${(100 * macroF1).toFixed(2)} %`,
      details: (scores) => ({ perRelation: scores?.perClass ?? {} }),
    },
    context,
  );
}
