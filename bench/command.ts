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

/** A flag that is one number above 0 or several, with commas between them. */
export function positives(values: Readonly<Record<string, unknown>>, name: string): readonly number[] {
  const given = String(values[name]);
  const numbers = given.split(",").map(Number);
  if (numbers.every((one) => Number.isFinite(one) && one > 0)) return numbers;
  throw userError({ where: `--${name}`, what: given, expected: "numbers above 0 such as 1e-4,3e-4" });
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
