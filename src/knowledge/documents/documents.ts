/**
 * Documents of any file that is recognised, one at a time.
 * @module
 */
import { type DataFile, fileName, readBytes, watchedFile } from "../../data/bytes.js";
import { beginning } from "../../data/records.js";
import { zipMembers } from "../../data/zip-members.js";
import { userError } from "../../errors.js";
import { type DocumentFile, type DocumentFormat, formatOfHead } from "./document-file.js";
import { parquetDocuments } from "./parquet-documents.js";
import { fitting, type ReadDocument, type ReadingOptions } from "./read-document.js";
import { recordDocuments } from "./record-documents.js";
import { textDocuments } from "./text-documents.js";
import { dumpDocuments } from "./wikipedia-dump.js";

export interface ReadDocumentsOptions extends Omit<ReadingOptions, "parts"> {
  /** `auto`: blank lines part those of a file that is given, and a file of a folder or an archive is one. */
  readonly parts: ReadingOptions["parts"] | "auto";
  /** Told of the files' bytes as they are read, as they lie on the disk. */
  readonly onBytes?: (count: number) => void;
}

/** The documents of files, in their order. Memory does not grow with the files. */
export async function* readDocuments(
  files: readonly DocumentFile[],
  options: ReadDocumentsOptions,
): AsyncGenerator<ReadDocument> {
  for (const file of files) {
    for await (const document of documentsOf(file, options)) yield* fitting(document, options.onSkip);
  }
}

function documentsOf(file: DocumentFile, options: ReadDocumentsOptions): AsyncGenerator<ReadDocument> {
  const { path, name, format, bytes, inFolder } = file;
  const { onBytes = () => undefined, onSkip } = options;
  if (format === "parquet") return parquetDocuments(path, name, (share) => onBytes(share * bytes));
  if (format === "zip") return zippedDocuments(file, { onSkip, onBytes, parts: partsOf(options, true) });
  const watched = watchedFile(path, (chunk) => onBytes(chunk.length));
  return streamedDocuments(watched, name, format, { onSkip, parts: partsOf(options, inFolder) });
}

const partsOf = ({ parts }: ReadDocumentsOptions, amongOthers: boolean): ReadingOptions["parts"] =>
  parts !== "auto" ? parts : amongOthers ? "files" : "blank-lines";

async function* zippedDocuments(
  { path, name, bytes }: DocumentFile,
  { onBytes, ...options }: ReadingOptions & { readonly onBytes: (count: number) => void },
): AsyncGenerator<ReadDocument> {
  for await (const member of zipMembers(path)) {
    const format = formatOfHead(await beginning(member), member.name);
    const inside = member.name.slice(path.length);
    yield* streamedDocuments(member, `${name}${inside}`, format, options);
  }
  onBytes(bytes);
}

/** The documents of what is read from its start to its end. */
function streamedDocuments(
  from: DataFile,
  name: string,
  format: DocumentFormat,
  { parts, onSkip }: ReadingOptions,
): AsyncGenerator<ReadDocument> {
  switch (format) {
    case "records":
      return recordDocuments(from, name);
    case "wikipedia":
      return dumpDocuments(readBytes(from), fileName(from), name, onSkip);
    case "text":
      return textDocuments(from, name, parts);
    default:
      throw userError({ where: fileName(from), what: `${format} within an archive is not read`, fix: "unpack it" });
  }
}
