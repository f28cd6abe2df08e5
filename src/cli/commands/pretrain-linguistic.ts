import type { LinguisticSettings } from "../../settings/linguistic.js";
import { linguisticTaskData } from "../../tasks/trees/linguistic.js";
import type { RunRequest } from "../command.js";
import { runPretrain } from "../pretrain.js";
import type { CommandContext } from "../run.js";
import { attachmentSummary, treeFormat } from "../tasks/heads.js";

/** `pretrain linguistic`: head prediction. */
export async function run(request: RunRequest<LinguisticSettings>, context: CommandContext): Promise<void> {
  const { train, dev, seed, format, brokenTrees, head, loss, alignment, arcSize, las } = request.options;
  const read = { format: treeFormat(format), brokenTrees };
  const task = { head, loss, alignment, arcSize };
  await runPretrain(
    request,
    {
      taskData: () => linguisticTaskData({ train, dev, seed, read, task, relations: las }),
      summary: (scores) => attachmentSummary(scores),
      details: (scores) => (scores ? { perFile: scores.perFile } : {}),
    },
    context,
  );
}
