import { Command } from "commander";
import type { CommandEntry } from "./command.js";
import { commandGroups, commands } from "./commands/index.js";
import type { ContextFactory } from "./run.js";
import { packageVersion } from "./version.js";

/**
 * The command line. Every command is there by name and description; the one that `words` name has its options too, so
 * that nothing else needs to be loaded.
 */
export async function createProgram(
  context: ContextFactory,
  words: readonly string[],
  adapted: (entries: readonly CommandEntry[]) => readonly CommandEntry[] = (entries) => entries,
): Promise<Command> {
  const entries = adapted(commands);
  const program = new Command("kadapter")
    .description("Knowledge adapters (K-Adapter) for pre-trained language models")
    .version(packageVersion(), "--version")
    .helpOption("-h, --help")
    .showSuggestionAfterError();
  const named = namedEntry(words, entries);
  for (const entry of entries) {
    const parts = entry.name.split(" ");
    const command = new Command(parts.at(-1)).description(entry.description);
    if (entry === named)
      await (await import("./options.js")).addEntry(command, entry, context, words.includes("--all"));
    parentOf(program, parts).addCommand(command);
  }
  return program;
}

/** The command that the first words name, with or without `help` before it. */
function namedEntry(words: readonly string[], entries: readonly CommandEntry[]): CommandEntry | undefined {
  const [first, ...rest] = words;
  const given = `${(first === "help" ? rest : words).join(" ")} `;
  return entries.find(({ name }) => given.startsWith(`${name} `));
}

function parentOf(program: Command, parts: readonly string[]): Command {
  const [group = "", own] = parts;
  if (own === undefined) return program;
  const known = program.commands.find((command) => command.name() === group);
  return known ?? program.command(group).description(commandGroups[group] ?? "");
}
