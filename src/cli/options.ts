/**
 * The options of a command, made from its table of settings.
 * @module
 */
import { Argument, type Command, Option } from "commander";
import { setting } from "../errors.js";
import { counted } from "../phrases.js";
import type { Given, GivenSettings } from "../settings/given.js";
import { kebab } from "../settings/names.js";
import { helpText, isRequired, type Setting, type Table } from "../settings/setting.js";
import type { CommandEntry } from "./command.js";
import { withFlags } from "./flags.js";
import type { ContextFactory } from "./run.js";

/** Adds a command's arguments and options to it, and what it does. */
export async function addEntry(
  command: Command,
  entry: CommandEntry,
  context: ContextFactory,
  all: boolean,
): Promise<Command> {
  const table = await entry.flags();
  if (entry.recipe) {
    command.option("--recipe <file>", "YAML file of these options, named without --; flags win over it");
  }
  const hidden = addSettings(command, table, all);
  command.option("--json", "print the result as one JSON object, the last line on stdout");
  if (hidden > 0) command.addHelpText("after", `\n\`--help --all\` shows ${counted(hidden, "more option")}.`);
  return command.action(async () => {
    const own: { recipe?: string; json?: true } = command.opts();
    const given = [givenFlags(command, table)];
    if (own.recipe !== undefined) {
      const { readRecipe } = await import("../settings/recipe.js");
      given.push(await readRecipe(own.recipe, await entry.table()));
    }
    await entry.run(given, context(own.json === true));
  });
}

/**
 * Adds a table's settings; commander itself gets no default: a flag that was not given is not given.
 *
 * @param all whether help shows more than the basic ones
 * @returns how many help does not show
 */
export function addSettings(command: Command, table: Table, all: boolean): number {
  let hidden = 0;
  for (const [key, one] of Object.entries(table)) {
    const help = withFlags(helpText(one));
    if (one.positional === true) {
      command.addArgument(new Argument(placeOf(key, one), help));
      continue;
    }
    const added = new Option(flagsOf(key, one), help);
    if (one.basic !== true) {
      if (all) added.helpGroup(`${one.group}:`);
      else added.hideHelp();
      hidden += all ? 0 : 1;
    }
    command.addOption(added);
    // `--no-x` alone would make commander assume x; with `--x` beside it, nothing is assumed, and a recipe's "no" can be undone.
    if (added.negate) command.addOption(new Option(`--${kebab(key)}`).hideHelp());
  }
  return hidden;
}

/** As commander writes it: `--batch-size <n>`, `--resume`; a switch that is on: `--no-mask-padding`. */
export function flagsOf(key: string, { type, schema, argument }: Setting): string {
  if (type !== "switch") return `--${kebab(key)} <${argument ?? "value"}>`;
  return schema.safeParse(undefined).data === true ? `--no-${kebab(key)}` : `--${kebab(key)}`;
}

const takesSeveral = ({ argument }: Setting): boolean => argument?.endsWith("...") ?? false;

/** A setting that is given by its place, as commander writes it: `<facts>`, `[dir]`, `<files...>`. */
export function placeOf(key: string, one: Setting): string {
  const name = takesSeveral(one) ? `${key}...` : key;
  return isRequired(one) ? `<${name}>` : `[${name}]`;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A flag's text as a recipe would hold it; what is no number stays text, so that the schema says what it wanted. */
function fromText({ type }: Setting, text: unknown): unknown {
  return type === "number" && typeof text === "string" && decimal.test(text) ? Number(text) : text;
}

/** The settings of a table that were given on the command line. */
export function givenFlags(command: Command, table: Table): GivenSettings {
  const given = new Map<string, Given>();
  const places = Object.keys(table).filter((key) => table[key]?.positional);
  for (const [key, one] of Object.entries(table)) {
    if (one.positional === true) {
      const rest = command.args.slice(places.indexOf(key));
      if (rest.length > 0) given.set(key, { value: takesSeveral(one) ? rest : rest[0], where: key });
      continue;
    }
    if (command.getOptionValueSource(key) !== "cli") continue;
    const value: unknown = command.getOptionValue(key);
    given.set(key, { value: fromText(one, value), where: setting(key, value === false ? false : undefined) });
  }
  return given;
}
