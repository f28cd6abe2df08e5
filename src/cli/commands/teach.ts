import { asRecall, taughtFacts } from "../../library/knowledge.js";
import { ownModel } from "../../library/own-model.js";
import { counted } from "../../phrases.js";
import type { RecallSettings } from "../../settings/recall.js";
import type { RecallScores } from "../../tasks/recall/recall.js";
import type { RecallTaskData } from "../../tasks/recall/recall-data.js";
import type { RunRequest } from "../command.js";
import { runPretrain } from "../pretrain.js";
import type { CommandContext } from "../run.js";

/** `teach`: facts, asked in words that were never taught. */
export async function run({ options, ...begin }: RunRequest<RecallSettings>, context: CommandContext): Promise<void> {
  const backbone = options.backbone ?? ownModel();
  let data: RecallTaskData | null = null;
  await runPretrain(
    { ...begin, options: asRecall(options, backbone) },
    {
      taskData: async () => {
        data = await taughtFacts(options);
        for (const line of aboutWordings(data)) context.output.note(line);
        return data;
      },
      summary: recallSummary,
      details: (scores) => ({ ...scores, wordings: data === null ? {} : Object.fromEntries(data.wordings) }),
    },
    context,
  );
}

function aboutWordings({ wordings, made }: RecallTaskData): readonly string[] {
  const held = [...wordings].flatMap(([relation, { heldOut }]) => heldOut.map((one) => `${relation}: ${one}`));
  const some = held.length > 3 ? `${held.slice(0, 3).join(" | ")} …` : held.join(" | ");
  return [
    ...(made.length === 0
      ? []
      : [`wordings are made from the names of ${counted(made.length, "relation")}: ${list(made)}`]),
    held.length === 0
      ? "no relation has three wordings, so facts are asked only in those that are taught"
      : `never taught, but asked: ${counted(held.length, "wording")} (${some})`,
  ];
}

const list = (names: readonly string[]) => (names.length > 5 ? `${names.slice(0, 5).join(", ")} …` : names.join(", "));

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** What was reached, for people. */
export function recallSummary({ taught, heldOut, neighbours, text }: RecallScores): string {
  return [
    ...(heldOut.questions > 0 ? [`${percent(heldOut.p1)} answered in wordings never taught`] : []),
    `${percent(taught.p1)} in taught ones`,
    ...(neighbours.tokens > 0 ? [`answers about others kept ${percent(neighbours.argmaxKept)}`] : []),
    ...(text.tokens > 0
      ? [
          `other text kept ${percent(text.argmaxKept)} (perplexity ${text.perplexity.toFixed(1)}, before ${text.before.toFixed(1)})`,
        ]
      : []),
  ].join(", ");
}
