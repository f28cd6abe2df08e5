import { defaultEntityVector, factualLesson } from "../../training/factual.js";
import type { FactualRequest } from "../commands/pretrain.js";
import type { CommandContext } from "../run.js";
import { relationFormat } from "../tasks/relation.js";
import { runPretrain } from "./pretrain.js";

/** `pretrain factual`: relation classification. */
export async function handlePretrainFactual(request: FactualRequest, context: CommandContext): Promise<void> {
  const { train, dev, format, minEntityPairs, labelSmoothing, entityVector } = request.options;
  const read = { format: relationFormat(format), minEntityPairs };
  await runPretrain(
    request,
    {
      lesson: (backbone) =>
        factualLesson({
          train,
          dev,
          read,
          labelSmoothing,
          entityVector: entityVector ?? defaultEntityVector(backbone),
        }),
      summary: ({ accuracy, macroF1 }) =>
        `accuracy ${(100 * accuracy).toFixed(2)} %, macro F1 ${(100 * macroF1).toFixed(2)} %`,
      details: (scores) => ({ perRelation: scores?.perClass ?? {} }),
    },
    context,
  );
}
