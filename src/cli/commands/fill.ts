import { fill } from "../../probing/fill.js";
import type { FillSettings } from "../../settings/probe.js";
import { withClozeModel } from "../cloze-model.js";
import type { CommandContext } from "../run.js";

/** `fill`: words for a mask, a column for each set of adapters. */
export async function run(options: FillSettings, { output }: CommandContext): Promise<void> {
  const { top, candidates, text } = options;
  await withClozeModel(options, output, async (model) => {
    const found = await fill(model, text, { top, candidates });
    const columns = Object.entries(found).map(([name, words]) => [
      name,
      ...words.map(({ word, probability }) => `${word} ${(100 * probability).toFixed(1)} %`),
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
