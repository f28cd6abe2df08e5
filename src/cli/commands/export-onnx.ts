import { exportOnnx } from "../../library/export.js";
import type { ExportSettings } from "../../settings/export.js";
import type { CommandContext } from "../run.js";

/** `export onnx`: one graph for other programs, in the folders that they open. */
export async function run({ adapters, out, ...options }: ExportSettings, { output }: CommandContext): Promise<void> {
  const { files, answers, notes } = await exportOnnx(adapters, out, options);
  for (const note of notes) output.note(note);
  for (const { name, task, outputs } of answers) {
    output.say(`${name} (${task}): ${Object.values(outputs).join(", ")}`);
  }
  for (const file of files) output.say(file);
  output.result({ out, files, answers });
}
