import type { AlignSettings } from "../../settings/align.js";
import { evaluate } from "../align/evaluate.js";
import { alignTextFiles } from "../align/texts.js";
import type { CommandContext } from "../run.js";

/** `align`: entities and facts in the sentences of texts. */
export async function run(options: AlignSettings, context: CommandContext): Promise<void> {
  const { text, facts, out } = options;
  if (text === undefined || facts === undefined || out === undefined) await evaluate(options, context);
  else await alignTextFiles({ ...options, text, facts, out }, context);
}
