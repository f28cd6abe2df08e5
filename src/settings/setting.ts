/**
 * Settings, each said once: what it may be, its default, and what it means. The library's defaults, the command line's
 * flags, the keys of recipes, `--help` and docs/cli.md are all made from tables of these.
 * @module
 */
import { z } from "zod";
import { type Complaint, setting as named, userError } from "../errors.js";
import { shown } from "../phrases.js";

/** One setting of a table; the table's key is its name. */
export interface Setting<S extends z.ZodType = z.ZodType> {
  /** How a text given for it, as on a command line, becomes the value; a switch takes no text. */
  readonly type: "number" | "text" | "switch";
  /** Checks the value and puts in the default. */
  readonly schema: S;
  /** What a good value is, for the error line. */
  readonly expects: string;
  /** What it means. The default is not written here: it comes from the schema. */
  readonly help: string;
  /** What is done if it is not given, where the schema has no default. */
  readonly otherwise?: string;
  /** What stands for its value in help: `n`, `file...` (several), `n|10%`. */
  readonly argument?: string;
  /** Shown by a short help, too. */
  readonly basic?: boolean;
  /** On a command line it is given by its place, without a flag; one that takes several values stands last. */
  readonly positional?: boolean;
  /** The heading that it stands under in help. */
  readonly group: string;
  /** Looks at the other settings of the table, too; gives what is wrong, if anything is. */
  readonly check?: (settings: Readonly<Record<string, unknown>>) => Omit<Complaint, "where"> | undefined;
}

/** The settings of a training or another task, by name. */
export type Table = Readonly<Record<string, Setting>>;

/** The values that a table resolves to. */
export type Settings<T extends Table> = z.output<z.ZodObject<{ [K in keyof T]: T[K]["schema"] }>>;

/** Settings under a common heading. */
export function group<const T extends Readonly<Record<string, Omit<Setting, "group">>>>(
  title: string,
  settings: T,
): { readonly [K in keyof T]: T[K] & { readonly group: string } } {
  const entries = Object.entries(settings).map(([key, one]) => [key, { ...one, group: title }]);
  return Object.fromEntries(entries) as { [K in keyof T]: T[K] & { group: string } };
}

/** The value that a setting has if it is not given; undefined where there is none. */
export function defaultOf({ schema }: Setting): unknown {
  const result = schema.safeParse(undefined);
  return result.success ? result.data : undefined;
}

/** Whether a setting must be given. */
export const isRequired = ({ schema }: Setting): boolean => !schema.safeParse(undefined).success;

/** What a setting means, with its default. */
export function helpText(setting: Setting): string {
  const fallback = setting.otherwise ?? shownDefault(defaultOf(setting));
  return fallback === undefined ? setting.help : `${setting.help} (default: ${fallback})`;
}

function shownDefault(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(",");
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/**
 * Checks values against a table and fills in the defaults.
 *
 * @param where where a value was given, for the error line: by default the setting's name
 * @throws UserError naming the first setting that is missing, unknown or wrong
 */
export function resolveSettings<T extends Table>(
  table: T,
  given: Readonly<Record<string, unknown>>,
  where: (key: string) => string = (key) => named(key),
): Settings<T> {
  const shape = Object.fromEntries(Object.entries(table).map(([key, { schema }]) => [key, schema]));
  const result = z.strictObject(shape).safeParse(given);
  if (!result.success) throw complaintOf(table, given, where, result.error);
  // The shape was made from the table, which Object.fromEntries forgets.
  const settings = result.data as Settings<T>;
  for (const [key, { check }] of Object.entries(table)) {
    const complaint = check?.(settings);
    if (complaint) throw userError({ ...(key in given ? { where: where(key) } : {}), ...complaint });
  }
  return settings;
}

function complaintOf(
  table: Table,
  given: Readonly<Record<string, unknown>>,
  where: (key: string) => string,
  error: z.ZodError,
): Error {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys" && issue.path.length === 0) {
    return unknownName("setting", String(issue.keys[0]), Object.keys(table));
  }
  const key = String(issue?.path[0] ?? "");
  const { expects: expected = "another value" } = table[key] ?? {};
  if (given[key] === undefined) return userError({ what: `${named(key)} is missing`, expected });
  const wrong = issue ? wrongPart(issue, given[key]) : given[key];
  const are = Array.isArray(wrong) && wrong.length > 1 ? "are" : "is";
  return userError({ where: where(key), what: `${shown(wrong)} ${are} not valid`, expected });
}

/** What of a setting's value is wrong: of a list one item, where the others are right. */
function wrongPart(issue: z.core.$ZodIssue, value: unknown): unknown {
  const inner = issue.code === "invalid_union" ? issue.errors.flat().find(({ path }) => path.length > 0) : undefined;
  const index = issue.path[1] ?? inner?.path[0];
  return Array.isArray(value) && typeof index === "number" ? value[index] : value;
}

/** The error for a name that is not among the known ones. */
export function unknownName(kind: string, name: string, known: readonly string[], where?: string): Error {
  const shown = name.length > 60 ? `${name.slice(0, 57)}…` : name;
  const meant = closest(name, known);
  return userError({
    ...(where === undefined ? {} : { where }),
    what: `unknown ${kind} "${shown}"`,
    ...(meant === undefined ? { expected: `one of ${known.join(", ")}` } : { fix: `did you mean "${meant}"?` }),
  });
}

/** The name among `known` that a mistyped one most likely meant. */
function closest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, edits: edits(name, candidate) }));
  const best = ranked.sort((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein's distance; names longer than any setting's are not compared. */
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
