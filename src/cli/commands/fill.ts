import { ClozeModel } from "../../probing/cloze-model.js";
import { fill } from "../../probing/fill.js";
import { workerExecutor } from "../../runtime/worker-executor.js";
import type { FillSettings } from "../../settings/probe.js";
import { askedModel } from "../own-model.js";
import type { CommandContext } from "../run.js";
import { runtimeOf } from "../runtime.js";

/** `fill`: words for a hole, a column for each set of adapters. */
export async function run(options: FillSettings, { output }: CommandContext): Promise<void> {
  const { heads, sets, adapter: adapters, top, candidates, text } = options;
  const backbone = askedModel(options);
  const executor = await workerExecutor(runtimeOf(options));
  try {
    const model = await ClozeModel.open(executor, { backbone, heads, sets, adapters });
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
  } finally {
    await executor.close();
  }
}
