import { fill } from "../../probing/fill.js";
import type { FillSettings } from "../../settings/probe.js";
import { withClozeModel } from "../cloze-model.js";
import type { CommandContext } from "../run.js";

/** Several tokens together are seldom likely: what would be 0.0 % has two digits that say something. */
function shownPercent(probability: number): string {
  const percent = 100 * probability;
  return `${percent >= 0.1 || percent === 0 ? percent.toFixed(1) : percent.toPrecision(2)} %`;
}

/** `fill`: words for masks, a column for each set of adapters. */
export async function run(options: FillSettings, { output }: CommandContext): Promise<void> {
  const { top, candidates, tokens, text } = options;
  await withClozeModel(options, output, async (model) => {
    const found = await fill(model, text, { top, candidates, tokens });
    const columns = Object.entries(found).map(([name, words]) => [
      name,
      ...words.map(({ word, probability }) => `${word} ${shownPercent(probability)}`),
    ]);
    const widths = columns.map((column) => Math.max(...column.map(({ length }) => length)));
    for (let row = 0; row < Math.max(...columns.map(({ length }) => length)); row++) {
      output.say(
        columns
          .map((column, i) => (column[row] ?? "").padEnd(widths[i] as number))
          .join("   ")
          .trimEnd(),
      );
    }
    output.result({ text, sets: found });
  });
}
