import { setting, userError } from "../errors.js";
import type { CommandEntry } from "./command.js";
import { type CommandContext, tameCommander } from "./run.js";

/**
 * Parses a command line inside of another command, as if a user had typed it, and runs it with other commands than the
 * usual.
 *
 * @param words what follows `kadapter`
 * @param adapted makes the commands that are known inside
 */
export async function runInner(
  words: readonly string[],
  context: CommandContext,
  adapted: (entries: readonly CommandEntry[]) => readonly CommandEntry[],
): Promise<void> {
  const inside = (json: boolean): CommandContext => {
    if (!json || context.output.json) return context;
    throw userError({ where: setting("json"), what: "it stands behind `--`", fix: "put it before that" });
  };
  const program = await context.makeProgram(inside, words, adapted);
  tameCommander(program, (text) => context.output.say(text.trimEnd()));
  await program.parseAsync(["node", "kadapter", ...words]);
}

/** The command that words begin with. */
export const entryOf = (words: readonly string[], entries: readonly CommandEntry[]): CommandEntry | undefined =>
  entries.find(({ name }) => `${words.join(" ")} `.startsWith(`${name} `));
