import { findModel } from "../../adapters/found-model.js";
import { readTextLines } from "../../data/text.js";
import { setName } from "../../lm/lm-head-folder.js";
import { ClozeModel } from "../../probing/cloze-model.js";
import { probeRecall, probeText } from "../../probing/recall.js";
import type { ProbeRecallSettings } from "../../settings/probe.js";
import { readQuestions } from "../../tasks/recall/recall-data.js";
import type { CommandContext } from "../run.js";
import { withEngine } from "../runtime.js";

/** Name of the adapter that is asked, among the model's sets. */
const asked = "adapter";

/** `probe recall`: what an adapter that was taught facts answers, beside the model alone and with other adapters. */
export async function run(options: ProbeRecallSettings, { output, signal }: CommandContext): Promise<void> {
  const { folder, manifest } = await findModel(options.adapter);
  const { task } = manifest;
  const questions = await readQuestions(options);
  await withEngine(options, async (executor) => {
    const { backbone } = options;
    const adapters = { [asked]: folder, ...options.beside };
    const together = setName(Object.keys(adapters).map((name) => ({ name })));
    const sets = ["none", ...new Set([asked, together])];
    await using model = await ClozeModel.open(executor, { backbone, adapters, sets });
    for (const note of model.notes) output.note(note);
    const how = { batchSize: options.batchSize, signal };
    const { scores, relations, wordings, skipped } = await probeRecall(model, questions, task.maxLength, how);
    const { none, [asked]: taught } = scores;
    for (const [name, one] of Object.entries(scores)) {
      const rates = [one.p1, one.typedP1].map((rate) => `${(100 * rate).toFixed(1)} %`);
      output.say(`${name}: P@1 ${rates[0]}, among the relation's objects ${rates[1]}, MRR ${one.mrr.toFixed(3)}`);
    }
    const lines: string[] = [];
    for await (const { text } of readTextLines(options.text ?? [])) lines.push(text);
    const text = lines.length === 0 ? undefined : (await probeText(model, lines, task.maxLength, how))[together];
    if (text) {
      const kept = `${(100 * text.argmaxKept).toFixed(1)} %`;
      output.say(
        `text: perplexity ${text.perplexity.toFixed(2)}, before ${text.before.toFixed(2)}; likeliest word kept ${kept}`,
      );
    }
    output.result({
      ...taught,
      before: none,
      ...(together === asked ? {} : { together: scores[together] }),
      relations,
      wordings,
      skipped: { ...questions.skipped, ...skipped },
      ...(text ? { text } : {}),
    });
  });
}
