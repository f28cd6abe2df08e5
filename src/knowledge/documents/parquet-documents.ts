import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { UserError, userError } from "../../errors.js";
import { fileError } from "../../files/atomic.js";
import { documentBounds } from "../../files/bounds.js";
import { counted, shown } from "../../phrases.js";
import type { ReadDocument } from "./read-document.js";

/**
 * The documents of a Parquet file with a column `text`, and perhaps `id` and `title`, such as Wikipedia's on Hugging
 * Face's hub. One row group is held at a time.
 *
 * @param onRead told which share of the file a row group was, when it is read
 */
export async function* parquetDocuments(
  path: string,
  name: string,
  onRead: (share: number) => void = () => undefined,
): AsyncGenerator<ReadDocument> {
  const file = await asyncBufferFromFile(path).catch((error: unknown) => {
    throw fileError(path, "read the file", error);
  });
  const metadata = await broken(path, parquetMetadataAsync(file));
  const columns = chosenColumns(path, metadata);
  const rows = Number(metadata.num_rows);
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    checkGroup(path, group, columns);
    const read = parquetReadObjects({ file, metadata, columns, compressors, rowStart: start, rowEnd: end });
    for (const [i, row] of (await broken(path, read)).entries()) {
      yield documentOf(row, `${path}: row ${start + i + 1}`, `${name}:${start + i + 1}`);
    }
    onRead((end - start) / Math.max(1, rows));
    start = end;
  }
}

/** What hyparquet throws is about the file: it knows no other errors. */
function broken<T>(path: string, result: Promise<T>): Promise<T> {
  return result.catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw userError({ where: path, what: `broken Parquet data (${why})`, fix: "download or copy the file again" });
  });
}

function chosenColumns(path: string, { schema }: FileMetaData): string[] {
  const names = schema.slice(1).map(({ name }) => name);
  if (names.includes("text")) return ["text", "id", "title"].filter((column) => names.includes(column));
  throw userError({
    where: path,
    what: `there is no column "text" among ${shown(names)}`,
    expected: "Parquet with a column text, and perhaps id and title",
  });
}

function checkGroup(path: string, group: FileMetaData["row_groups"][number], columns: readonly string[]): void {
  const sizes = group.columns.map(({ meta_data }) =>
    columns.includes(meta_data?.path_in_schema[0] ?? "") ? Number(meta_data?.total_uncompressed_size ?? 0) : 0,
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes <= documentBounds.rowGroup) return;
  throw userError({
    where: path,
    what: `a row group has ${counted(bytes, "byte")} of text`,
    expected: `at most ${documentBounds.rowGroup}`,
    fix: "write the file again with smaller row groups",
  });
}

function documentOf(row: Readonly<Record<string, unknown>>, where: string, own: string): ReadDocument {
  const { text, id, title } = row;
  if (typeof text !== "string") {
    throw userError({ where, what: `the text is ${shown(text)}`, expected: "a text", fix: "repair the file" });
  }
  const named = typeof id === "string" || typeof id === "number" || typeof id === "bigint" ? String(id) : "";
  return { id: named === "" ? own : named, title: typeof title === "string" ? title : null, text, where };
}
