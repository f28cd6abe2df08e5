import { printable } from "../phrases.js";
import { withFlags } from "./flags.js";

/** What a command needs of a stream. */
export interface Sink {
  write(text: string): unknown;
}

/**
 * Where a command's words go. Stdout carries results only: lines to read, or with `--json` exactly one line, an
 * object; everything said on the way goes to stderr.
 */
export class Output {
  #result: string | undefined;

  constructor(
    readonly json: boolean,
    private readonly stdout: Sink,
    private readonly stderr: Sink,
  ) {}

  /** A line of the result as people read it; not printed with `--json`. */
  say(line: string): void {
    if (!this.json) this.stdout.write(`${printable(line)}\n`);
  }

  /** A line about the way there, on stderr. */
  note(line: string): void {
    this.stderr.write(`${printable(withFlags(line))}\n`);
  }

  /** The result as scripts read it. Printed by {@link finish}, so that it is the last line; a second one is a defect. */
  result(object: Readonly<Record<string, unknown>>): void {
    if (this.#result !== undefined) throw new Error("a command may give one result only");
    this.#result = jsonLine(object);
  }

  /** Prints the result, if `--json` asked for it. */
  finish(): void {
    if (this.json && this.#result !== undefined) this.stdout.write(`${this.#result}\n`);
    this.#result = undefined;
  }
}

/**
 * JSON in one line for every reader and terminal: some split at Unicode's line separators too, which JSON.stringify
 * leaves as they are. Numbers that JSON cannot say (NaN, infinity) become null.
 */
export const jsonLine = (value: unknown): string => printable(JSON.stringify(value));
