import { codeOf, userError } from "../errors.js";
import { Buffer } from "../host/bytes.js";
import { fileStream } from "../host/streams.js";
import { fileError } from "./atomic.js";
import { fileBytes } from "./bounds.js";
import { decodeUtf8 } from "./utf8.js";

/** What a file is, and how large it may be. */
export interface FileKind {
  /** With its article, for the error lines: `cannot read <what>`, `<what> is too large`. */
  readonly what: string;
  /** The largest size in bytes, that of a configuration if left out; no more than that is read. */
  readonly mostBytes?: number;
}

/**
 * Reads a text file whole, from a pipe too, and takes a byte order mark away.
 *
 * @throws UserError where it cannot be read, is larger than `mostBytes`, or is not UTF-8
 */
export function readText(path: string, kind: FileKind): Promise<string> {
  return readWhole(path, kind).catch((error: unknown) => {
    throw fileError(path, `read ${kind.what}`, error);
  });
}

/** {@link readText}, or null where there is no such file. */
export function readTextIfThere(path: string, kind: FileKind): Promise<string | null> {
  return readWhole(path, kind).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw fileError(path, `read ${kind.what}`, error);
  });
}

async function readWhole(path: string, { what, mostBytes = fileBytes.small }: FileKind): Promise<string> {
  const parts: Buffer[] = [];
  // `end` is inclusive and counts from 0, so one byte more than is allowed is read where there are too many.
  for await (const part of fileStream(path, { end: mostBytes })) parts.push(part);
  const bytes = Buffer.concat(parts);
  if (bytes.length <= mostBytes) return decodeUtf8(bytes, path).replace(/^\ufeff/, "");
  throw userError({ where: path, what: `${what} is too large`, expected: `at most ${sizeText(mostBytes)}` });
}

const sizeText = (bytes: number): string =>
  bytes >= 1 << 20 ? `${Math.floor(bytes / (1 << 20))} MiB` : `${Math.floor(bytes / 1024)} KiB`;
