import { codeOf, UserError, userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { Buffer } from "../host/bytes.js";
import { type ByteStream, fileStream, gunzipped, streamOf } from "../host/streams.js";

const chunkBytes = 1 << 18;

/** A file of data that is read as often as is asked for: on the disk, by its path, or within an archive. */
export type DataFile = string | PackedFile;

/** A file within an archive. */
export interface PackedFile {
  /** `archive.zip!name`, for messages: it is no path. */
  readonly name: string;
  /** Its bytes from the start. */
  open(): Promise<ByteStream>;
}

/** What a file is called in messages. */
export const fileName = (file: DataFile): string => (typeof file === "string" ? file : file.name);

/** Puts what was already taken from an iterator back in front of it. */
async function* chain(first: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Reads at least two bytes ahead, where there are as many. */
async function peek(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

function readError(from: DataFile, error: unknown): Error {
  const path = fileName(from);
  if (error instanceof UserError) return error;
  const code = codeOf(error);
  if (typeof from !== "string" && error instanceof Error) {
    return userError({
      where: path,
      what: `broken data in the archive (${error.message})`,
      fix: "download or copy the archive again",
    });
  }
  if (error instanceof Error && (code.startsWith("Z_") || code === "ERR_TRAILING_JUNK_AFTER_STREAM_END")) {
    return userError({
      where: path,
      what: `broken gzip data (${error.message})`,
      fix: "download or copy the file again",
    });
  }
  return fileError(path, "read the file", error);
}

/** Lets chunks through as they are. */
async function* told(chunks: AsyncIterable<Buffer>, onChunk: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onChunk(chunk);
    yield chunk;
  }
}

/** A file whose bytes somebody is told of whenever it is read, as they lie on the disk. */
export const watchedFile = (file: DataFile, onChunk: (chunk: Buffer) => void): PackedFile => ({
  name: fileName(file),
  open: async () => streamOf(readBytes(file, onChunk)),
});

/**
 * The bytes of a file, chunk by chunk. Gzip is recognised by its first two bytes, whatever the file is called, and
 * unpacked on the way.
 *
 * @param onChunk told of the bytes before they are unpacked
 */
export async function* readBytes(from: DataFile, onChunk?: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  const file = typeof from === "string" ? fileStream(from, { chunkBytes }) : await from.open();
  const read = onChunk === undefined ? file : told(file, onChunk);
  const chunks = read[Symbol.asyncIterator]();
  let unpacked: ByteStream | undefined;
  try {
    const head = await peek(chunks);
    const all = chain([head], chunks);
    if (head[0] === 0x1f && head[1] === 0x8b) {
      unpacked = gunzipped(all, chunkBytes);
      yield* unpacked;
    } else {
      yield* all;
    }
  } catch (error) {
    throw readError(from, error);
  } finally {
    unpacked?.destroy();
    file.destroy();
  }
}
