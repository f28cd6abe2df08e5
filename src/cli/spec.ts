import { type Command, Option } from "commander";
import { z } from "zod";
import { userError } from "../errors.js";

/**
 * One option of a command, said once: its flag, what a recipe may hold for it, and its default. The command line, the
 * recipe reader and `--help` are all made from a table of these.
 */
export interface OptionSpec<S extends z.ZodType = z.ZodType> {
  /** As commander writes it: `--batch-size <n>`; a switch has no argument. */
  readonly flags: string;
  /** How a flag's text becomes the value that a recipe would hold. */
  readonly kind: "number" | "text" | "switch";
  /** Checks the value and puts in the default. */
  readonly schema: S;
  /** What a good value is, for the error line. */
  readonly expects: string;
  readonly help: string;
}

/** A table of options; the keys are the names in {@link Options} and, in kebab case, those in a recipe. */
export type Specs = Readonly<Record<string, OptionSpec>>;

/** The values that a table of options resolves to. */
export type Options<T extends Specs> = z.output<z.ZodObject<{ [K in keyof T]: T[K]["schema"] }>>;

/** What was given for an option, and where: `--epochs` or `recipe.yaml:3: epochs`. */
export interface Given {
  readonly value: unknown;
  readonly where: string;
}

/** Given values by option key. */
export type GivenOptions = ReadonlyMap<string, Given>;

/** An {@link OptionSpec}, its schema's type kept. */
export function option<S extends z.ZodType>(spec: OptionSpec<S>): OptionSpec<S> {
  return spec;
}

/** `batchSize` → `batch-size`: the name in a recipe. */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The flag without its argument: `--batch-size`. */
export function flagName(spec: OptionSpec): string {
  return /--[\w-]+/.exec(spec.flags)?.[0] ?? spec.flags;
}

/** How a value is shown in an error line: short, and with quotes where they tell a text from a number. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A flag's text as a recipe would hold it; what is no number stays text, so that the schema says what it wanted. */
function fromText(spec: OptionSpec, text: unknown): unknown {
  return spec.kind === "number" && typeof text === "string" && decimal.test(text) ? Number(text) : text;
}

/** The attribute under which commander keeps an option. */
function attribute(spec: OptionSpec): string {
  return new Option(spec.flags).attributeName();
}

/** Adds the options of a table to a command. Commander itself gets no default: a flag that was not given is not given. */
export function addOptions(command: Command, specs: Specs): Command {
  for (const spec of Object.values(specs)) {
    const added = new Option(spec.flags, spec.help);
    command.addOption(added);
    // `--no-x` alone would make commander assume x; with `--x` beside it, nothing is assumed, and a recipe's "no" can be undone.
    if (added.negate) command.addOption(new Option(`--${flagName(spec).slice("--no-".length)}`).hideHelp());
  }
  return command;
}

/** The options of a table that were given on the command line. */
export function givenFlags(command: Command, specs: Specs): GivenOptions {
  const given = new Map<string, Given>();
  for (const [key, spec] of Object.entries(specs)) {
    const name = attribute(spec);
    if (command.getOptionValueSource(name) !== "cli") continue;
    const value: unknown = command.getOptionValue(name);
    const where = spec.flags.startsWith("--no-") && value === true ? `--${kebab(name)}` : flagName(spec);
    given.set(key, { value: fromText(spec, value), where });
  }
  return given;
}

/**
 * Checks the given values against the table and fills in the defaults; earlier sources win over later ones.
 *
 * @throws UserError naming the flag or the recipe's line of the first value that is missing or wrong.
 */
export function resolveOptions<T extends Specs>(specs: T, ...sources: readonly GivenOptions[]): Options<T> {
  const given = new Map<string, Given>();
  for (const source of sources.toReversed()) for (const [key, entry] of source) given.set(key, entry);
  const shape = Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, spec.schema]));
  const values = Object.fromEntries([...given].map(([key, { value }]) => [key, value]));
  const result = z.strictObject(shape).safeParse(values);
  // The shape was made from `specs`, which Object.fromEntries forgets.
  if (result.success) return result.data as Options<T>;
  const key = String(result.error.issues[0]?.path[0] ?? "");
  const spec = specs[key];
  if (spec === undefined) throw new Error(`the option table has no "${key}": ${result.error.message}`);
  const entry = given.get(key);
  if (entry === undefined) throw userError({ what: `${flagName(spec)} is missing`, expected: spec.expects });
  throw userError({ where: entry.where, what: `${show(entry.value)} is not valid`, expected: spec.expects });
}

/** The name among `known` that a mistyped one most likely meant. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, edits: edits(name, candidate) }));
  const best = ranked.sort((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein's distance; names longer than any option's are not compared. */
function edits(a: string, b: string): number {
  if (a.length > 64) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
