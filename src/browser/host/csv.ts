/**
 * What `src/host/csv.ts` gives; a table is read whole.
 * @module
 */
import { CsvError, type Options, parse } from "csv-parse/browser/esm/sync";
import { Buffer } from "./bytes.js";

export { CsvError };
export type CsvOptions = Options;

export interface CsvRow<T> {
  readonly record: T;
  readonly info: { readonly lines: number };
}

export async function* csvRows<T>(chunks: AsyncIterable<Buffer>, options: CsvOptions): AsyncGenerator<CsvRow<T>> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  yield* parse(Buffer.concat(parts) as never, options) as unknown as CsvRow<T>[];
}
