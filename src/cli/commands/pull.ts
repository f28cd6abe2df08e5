import { pull } from "../../library/hub.js";
import { counted } from "../../phrases.js";
import type { PullSettings } from "../../settings/hub.js";
import type { CommandContext } from "../run.js";

/** `pull`: a model of the hub into a folder. */
export async function run({ repository, out, ...options }: PullSettings, { output }: CommandContext): Promise<void> {
  const pulled = await pull(repository, out, options);
  output.say(`${counted(pulled.files.length, "file")} of ${pulled.name} in ${out}`);
  for (const [file, hash] of Object.entries(pulled.tensors)) output.say(`${file}: SHA-256 of its tensors ${hash}`);
  output.result({ ...pulled });
}
