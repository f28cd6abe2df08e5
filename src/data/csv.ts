import { userError } from "../errors.js";
import { recordBytes } from "../files/bounds.js";
import { checkedUtf8 } from "../files/utf8.js";
import { CsvError, type CsvOptions, csvRows } from "../host/csv.js";
import { counted } from "../phrases.js";
import { type DataFile, fileName, readBytes } from "./bytes.js";
import type { JsonRecord } from "./records.js";

/** What stands between cells; a spreadsheet of a country where the comma parts decimals writes semicolons. */
export type Separator = "," | ";" | "\t";

/** A row of a table as it stands. */
export interface Row {
  readonly cells: readonly string[];
  /** `file:line` of its end. */
  readonly where: string;
}

/**
 * The rows of a file with a header, as objects by the header's names: CSV (RFC 4180), or TSV, in which a quotation mark
 * is one like any other.
 *
 * @param header names its columns, for the error line
 */
export async function* readCsv(file: DataFile, header: string, separator: Separator = ","): AsyncGenerator<JsonRecord> {
  for await (const { record, where } of parsed<unknown>(file, header, { delimiter: separator, columns: true })) {
    yield { key: undefined, value: record, where };
  }
}

/**
 * The rows of a file one by one, its header the first; they may have any number of cells.
 *
 * @param header names its columns, for the error line
 */
export async function* readRows(file: DataFile, header: string, separator: Separator = ","): AsyncGenerator<Row> {
  const options = { delimiter: separator, relax_column_count: true };
  for await (const { record, where } of parsed<string[]>(file, header, options)) yield { cells: record, where };
}

async function* parsed<T>(
  file: DataFile,
  header: string,
  options: CsvOptions & { readonly delimiter: Separator },
): AsyncGenerator<{ readonly record: T; readonly where: string }> {
  const path = fileName(file);
  const rows = csvRows<T>(checkedUtf8(readBytes(file), path), {
    ...options,
    ...(options.delimiter === "\t" ? { quote: null } : {}),
    bom: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: recordBytes,
  });
  try {
    for await (const { record, info } of rows) {
      yield { record, where: `${path}:${info.lines}` };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw userError({
      where: typeof error["lines"] === "number" ? `${path}:${error["lines"]}` : path,
      what: whatIsWrong(error),
      expected: `${options.delimiter === "\t" ? "TSV" : "CSV"} with a header: ${header}`,
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
