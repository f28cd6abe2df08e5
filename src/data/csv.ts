import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { userError } from "../errors.js";
import { recordBytes } from "../files/bounds.js";
import { checkedUtf8 } from "../files/utf8.js";
import { counted } from "../phrases.js";
import { readBytes } from "./bytes.js";
import type { JsonRecord } from "./records.js";

/** What stands between cells; a spreadsheet of a country where the comma parts decimals writes semicolons. */
export type Separator = "," | ";" | "\t";

/**
 * The rows of a file with a header, as objects by the header's names: CSV (RFC 4180), or TSV, in which a quotation mark
 * is one like any other.
 *
 * @param header names its columns, for the error line
 */
export async function* readCsv(path: string, header: string, separator: Separator = ","): AsyncGenerator<JsonRecord> {
  const parser = parse({
    delimiter: separator,
    ...(separator === "\t" ? { quote: null } : {}),
    bom: true,
    columns: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: recordBytes,
  });
  // Errors of either stream come out of the loop below; the callback only keeps them from being thrown elsewhere.
  pipeline(Readable.from(checkedUtf8(readBytes(path), path)), parser, () => undefined);
  try {
    for await (const { record: value, info } of parser as AsyncIterable<{ record: unknown; info: { lines: number } }>) {
      yield { key: undefined, value, where: `${path}:${info.lines}` };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw userError({
      where: typeof error["lines"] === "number" ? `${path}:${error["lines"]}` : path,
      what: whatIsWrong(error),
      expected: `${separator === "\t" ? "TSV" : "CSV"} with a header: ${header}`,
      fix: "repair the file",
    });
  }
}

function whatIsWrong(error: CsvError): string {
  const { record, columns } = error as { readonly record?: unknown; readonly columns?: unknown };
  if (error.code === "CSV_RECORD_INCONSISTENT_COLUMNS" && Array.isArray(record) && Array.isArray(columns)) {
    return `the row has ${counted(record.length, "cell")}, the header ${columns.length}`;
  }
  return `not CSV (${error.message.replace(/\s+/g, " ")})`;
}
