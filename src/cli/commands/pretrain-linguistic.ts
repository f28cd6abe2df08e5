import { treesOrTextsOf } from "../../library/knowledge.js";
import type { LinguisticSettings } from "../../settings/linguistic.js";
import type { RunRequest } from "../command.js";
import { runPretrain } from "../pretrain.js";
import type { CommandContext } from "../run.js";
import { attachmentSummary } from "../tasks/heads.js";

/** `pretrain linguistic`: head prediction. */
export async function run(request: RunRequest<LinguisticSettings>, context: CommandContext): Promise<void> {
  await runPretrain(
    request,
    {
      taskData: (_, how) => treesOrTextsOf(request.options, how),
      summary: (scores) => attachmentSummary(scores),
      details: (scores) => (scores ? { perFile: scores.perFile } : {}),
    },
    context,
  );
}
