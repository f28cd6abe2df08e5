import type { AlignSettings } from "../../settings/align.js";
import { evaluate } from "../align/evaluate.js";
import type { CommandContext } from "../run.js";

/** `align`: entities and facts in the sentences of texts. */
export async function run(options: AlignSettings, context: CommandContext): Promise<void> {
  await evaluate(options, context);
}
