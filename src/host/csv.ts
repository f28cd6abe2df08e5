/**
 * Rows of tables, as csv-parse reads them; see `files.ts`.
 * @module
 */
import { pipeline, Readable } from "node:stream";
import { type Options, parse } from "csv-parse";

export { CsvError } from "csv-parse";

/** How a table is written. */
export type CsvOptions = Options;

/** A row and where it stands. */
export interface CsvRow<T> {
  readonly record: T;
  readonly info: { readonly lines: number };
}

/** The rows of a table; a CsvError, or what the chunks' source throws, comes where they are read. */
export function csvRows<T>(chunks: AsyncIterable<Buffer>, options: CsvOptions): AsyncIterable<CsvRow<T>> {
  const parser = parse(options);
  // Errors of either stream come to whoever reads; the callback only keeps them from being thrown elsewhere.
  pipeline(Readable.from(chunks), parser, () => undefined);
  return parser as unknown as AsyncIterable<CsvRow<T>>;
}
