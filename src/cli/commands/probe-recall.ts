import { findModel } from "../../adapters/found-model.js";
import { readTextLines } from "../../data/text.js";
import { probeRecall, probeText } from "../../probing/recall.js";
import { type TaughtModel, taughtSet } from "../../probing/taught-model.js";
import type { ProbeRecallSettings } from "../../settings/probe.js";
import { readQuestions } from "../../tasks/recall/recall-data.js";
import type { CommandContext } from "../run.js";
import { bothSets, scoreLine, withTaught } from "../tasks/recall.js";

/** `probe recall`: what an adapter that was taught facts answers, beside the model alone. */
export async function run(options: ProbeRecallSettings, { output, signal }: CommandContext): Promise<void> {
  const found = await findModel(options.adapter);
  const questions = await readQuestions(options);
  const probe = async ({ model, maxLength }: TaughtModel) => {
    const how = { batchSize: options.batchSize, signal };
    const { scores, skipped } = await probeRecall(model, questions, maxLength, how);
    const { none, [taughtSet]: taught } = scores;
    for (const [name, one] of Object.entries(scores)) output.say(scoreLine(name, one));
    const lines: string[] = [];
    for await (const { text } of readTextLines(options.text ?? [])) lines.push(text);
    const text = lines.length === 0 ? undefined : (await probeText(model, lines, maxLength, how))[taughtSet];
    if (text) {
      const kept = `${(100 * text.argmaxKept).toFixed(1)} %`;
      output.say(
        `text: perplexity ${text.perplexity.toFixed(2)}, before ${text.before.toFixed(2)}; likeliest word kept ${kept}`,
      );
    }
    output.result({
      ...taught,
      before: none,
      skipped: { ...questions.skipped, ...skipped },
      ...(text ? { text } : {}),
    });
  };
  await withTaught(found, options, output, probe, bothSets);
}
