/**
 * What the benchmarks' commands have in common.
 * @module
 */
import { UserError, userError } from "../src/errors.js";

/** A flag that is a whole number. */
export function whole(values: Readonly<Record<string, unknown>>, name: string, least = 1): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least) return value;
  throw userError({ where: `--${name}`, what: `${values[name]}`, expected: `a whole number from ${least}` });
}

/** A flag that is a number above 0. */
export function positive(values: Readonly<Record<string, unknown>>, name: string): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value > 0) return value;
  throw userError({ where: `--${name}`, what: `${values[name]}`, expected: "a number above 0" });
}

const isFlagError = (error: unknown): error is Error =>
  error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");

/** Runs a command: a user's mistake is one line and exit code 2. */
export async function command(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UserError) && !isFlagError(error)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

export const fixed = (value: number, digits = 1): string => value.toFixed(digits);

/** A line of a table: the first cell to the left, the others to the right. */
export const row = (width: number, ...cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(width) : cell.padStart(13))).join("");
