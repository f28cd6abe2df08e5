/**
 * Bytes that come chunk by chunk; see `files.ts`.
 * @module
 */
import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** Chunks in their order. Whoever stops early says so by `destroy`. */
export interface ByteStream extends AsyncIterable<Buffer> {
  destroy(): unknown;
}

/**
 * The bytes of a file.
 *
 * @param options `chunkBytes`: size of a chunk at most; `end`: place of the last byte that is read
 */
export const fileStream = (
  path: string,
  {
    chunkBytes = 1 << 16,
    end = Number.POSITIVE_INFINITY,
  }: { readonly chunkBytes?: number; readonly end?: number } = {},
): ByteStream => createReadStream(path, { highWaterMark: chunkBytes, end });

/** A stream of chunks that are made when they are asked for. */
export const streamOf = (chunks: AsyncIterable<Buffer>): ByteStream => Readable.from(chunks);

/** The unpacked bytes of a gzip file; zlib's errors, by their codes, come where they are read. */
export function gunzipped(chunks: AsyncIterable<Buffer>, chunkBytes: number): ByteStream {
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  // Errors of either stream come to whoever reads; the callback only keeps them from being thrown elsewhere.
  pipeline(Readable.from(chunks, { objectMode: true }), gunzip, () => undefined);
  return gunzip;
}
