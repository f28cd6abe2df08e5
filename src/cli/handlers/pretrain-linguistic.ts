import { linguisticTaskData } from "../../tasks/trees/linguistic.js";
import type { LinguisticRequest } from "../commands/pretrain.js";
import type { CommandContext } from "../run.js";
import { attachmentSummary, treeFormat } from "../tasks/heads.js";
import { runPretrain } from "./pretrain.js";

/** `pretrain linguistic`: head prediction. */
export async function handlePretrainLinguistic(request: LinguisticRequest, context: CommandContext): Promise<void> {
  const { train, dev, format, brokenTrees, head, loss, alignment, arcSize, las } = request.options;
  const read = { format: treeFormat(format), brokenTrees };
  const task = { head, loss, alignment, arcSize };
  await runPretrain(
    request,
    {
      taskData: () => linguisticTaskData({ train, dev, read, task, relations: las }),
      summary: (scores) => attachmentSummary(scores),
      details: (scores) => (scores ? { perFile: scores.perFile } : {}),
    },
    context,
  );
}
