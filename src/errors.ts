import { printable } from "./phrases.js";

/**
 * What a user did that cannot work: one line that says what is wrong, where, what was expected and what to do.
 * The command line prints it and exits with code 2; every other error is a defect of this project.
 *
 * `message` names settings as whoever calls the library knows them (`maxLength`); the command line shows its flags.
 */
export class UserError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "UserError";

  // Not shown when the error is printed: its settings are marked for whoever names them.
  readonly #line: string;

  /** @internal */
  constructor(line: string) {
    super(nameSettings(line, settingName));
    this.#line = line;
  }

  /**
   * The line with its settings marked, for another {@link UserError} with the same words.
   *
   * @internal
   */
  get line(): string {
    return this.#line;
  }

  /**
   * The line with its settings named in another way.
   *
   * @internal
   */
  lineFor(nameOf: SettingNames): string {
    return nameSettings(this.#line, nameOf);
  }
}

/** How a setting is called, with a value of it where one is meant: `init`, `init: "backbone"`, `--init backbone`. */
export type SettingNames = (key: string, value?: string | number | boolean) => string;

/** Parts of a {@link UserError}'s line, in the order in which they are printed. */
export interface Complaint {
  /** File, line, field: as exact as is known. */
  readonly where?: string;
  /** What is wrong. */
  readonly what: string;
  /** What was expected instead. */
  readonly expected?: string;
  /** What the user can do. */
  readonly fix?: string;
}

/** Builds the one line of a {@link UserError}: `where: what; expected …; fix`. Line breaks are folded. */
export function userError(complaint: Complaint): UserError {
  const { where, what, expected, fix } = complaint;
  const line = `${where === undefined ? "" : `${where}: `}${what}${
    expected === undefined ? "" : `; expected ${expected}`
  }${fix === undefined ? "" : `; ${fix}`}`;
  return new UserError(printable(shortened(foldLines(line))));
}

/** A text in one line. Split first, as a pattern that begins with white space would try each of a million spaces anew. */
function foldLines(text: string): string {
  if (!/[\r\n]/.test(text)) return text;
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  return lines.filter((line) => line !== "").join(" ");
}

/** Files hold names of megabytes, too. */
const mostLetters = 4000;

const shortened = (line: string): string => (line.length > mostLetters ? `${line.slice(0, mostLetters)}…` : line);

// Private-use characters, which no text about a setting holds.
const [open, close] = ["\ue000", "\ue001"];
const marked = new RegExp(`${open}([^${close}]*)${close}`, "g");

/**
 * Names a setting, or a value of it, in a text of a {@link Complaint} or in a help text. Who prints the text decides
 * how it looks: the library speaks of `maxLength`, the command line of `--max-length`.
 */
export const setting: SettingNames = (key, value) => `${open}${JSON.stringify([key, value])}${close}`;

/** Puts names in the places of {@link setting}. */
export function nameSettings(text: string, nameOf: SettingNames): string {
  return text.replace(marked, (_, named: string) => {
    const [key, value] = partsOf(named);
    return key === null ? named : nameOf(key, value ?? undefined);
  });
}

/** What {@link setting} marked; no key where a file's text holds these characters. */
function partsOf(named: string): readonly [string | null, (string | number | boolean | null)?] {
  try {
    const [key, value] = JSON.parse(named) as [unknown, string | number | boolean | null];
    return typeof key === "string" ? [key, value] : [null];
  } catch {
    return [null];
  }
}

/** As the library's callers write it. */
export const settingName: SettingNames = (key, value) =>
  value === undefined ? key : `${key}: ${JSON.stringify(value)}`;

/** The code that Node gives an error, such as `ENOENT`; empty where it has none. */
export const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");
