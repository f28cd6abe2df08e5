import { asRecall, taughtFacts } from "../../library/knowledge.js";
import { ownModel } from "../../library/own-model.js";
import { counted } from "../../phrases.js";
import type { RecallSettings } from "../../settings/recall.js";
import { questionText } from "../../tasks/recall/hidden-tokens.js";
import type { RecallScores } from "../../tasks/recall/recall.js";
import type { RecallTaskData } from "../../tasks/recall/recall-data.js";
import type { HeldOutWording } from "../../tasks/recall/said-facts.js";
import type { RunRequest } from "../command.js";
import { runPretrain } from "../pretrain.js";
import { madeNotes } from "../recall/notes.js";
import type { CommandContext } from "../run.js";
import { percentage } from "../tasks/numbers.js";

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
      details: (scores) => ({ ...scores, heldOutWordings: data === null ? [] : data.heldOut.map(heldOutRecord) }),
    },
    context,
  );
}

function aboutWordings({ facts, sentences, heldOut, made }: RecallTaskData): readonly string[] {
  const stated = sentences > 0;
  return [
    ...(stated ? [`${counted(facts, "fact")} in ${counted(sentences, "sentence")}`] : []),
    ...madeNotes(made),
    heldOut.length === 0
      ? `no ${stated ? "fact that is asked has two sentences" : "relation has three wordings"}, so facts are asked only in those that they are taught in`
      : `${heldOut.length} of ${counted(facts, "fact")} are asked in a ${stated ? "sentence" : "wording"} that they are not taught in, such as ${asked(heldOut[0])}`,
  ];
}

const asked = (one: HeldOutWording | undefined) =>
  one === undefined ? "" : JSON.stringify(questionText(one.wording, one.fact.subject, "…"));

const heldOutRecord = ({ fact: { subject, relation }, wording }: HeldOutWording) => ({ subject, relation, wording });

/** What was reached, for people. */
export function recallSummary({ taught, heldOut, backward, neighbours, text }: RecallScores): string {
  return [
    ...answered({ taught, heldOut }),
    ...(backward ? [`subjects from objects: ${answered(backward).join(", ")}`] : []),
    ...(neighbours.tokens > 0 ? [`answers about others kept ${percentage(neighbours.argmaxKept)}`] : []),
    ...(text.tokens > 0
      ? [
          `other text kept ${percentage(text.argmaxKept)} (perplexity ${text.perplexity.toFixed(1)}, before ${text.before.toFixed(1)})`,
        ]
      : []),
  ].join(", ");
}

const answered = ({ taught, heldOut }: Pick<RecallScores, "taught" | "heldOut">): readonly string[] => [
  ...(heldOut.questions > 0 ? [`${percentage(heldOut.p1)} answered in wordings never taught`] : []),
  `${percentage(taught.p1)} in taught ones`,
];
