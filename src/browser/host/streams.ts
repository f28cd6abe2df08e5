/**
 * What `src/host/streams.ts` gives.
 * @module
 */
import { Buffer } from "./bytes.js";
import { getFile } from "./file-tree.js";

export interface ByteStream extends AsyncIterable<Buffer> {
  destroy(): unknown;
}

export const streamOf = (chunks: AsyncIterable<Buffer>): ByteStream => ({
  [Symbol.asyncIterator]: () => chunks[Symbol.asyncIterator](),
  destroy: () => undefined,
});

export function fileStream(
  path: string,
  {
    chunkBytes = 1 << 16,
    end = Number.POSITIVE_INFINITY,
  }: { readonly chunkBytes?: number; readonly end?: number } = {},
): ByteStream {
  return streamOf(readParts(path, chunkBytes, end));
}

async function* readParts(path: string, chunkBytes: number, end: number): AsyncGenerator<Buffer> {
  const file = getFile(path);
  for (let at = 0; at < Math.min(file.size, end + 1); at += chunkBytes) {
    yield bufferOf(await file.read(at, Math.min(at + chunkBytes, end + 1)));
  }
}

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);

export function gunzipped(chunks: AsyncIterable<Buffer>, _chunkBytes: number): ByteStream {
  return streamOf(unpack(chunks));
}

async function* unpack(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { readable, writable } = new DecompressionStream("gzip");
  const fed = feed(chunks, writable.getWriter());
  // Its error comes below.
  fed.catch(() => undefined);
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield bufferOf(value as Uint8Array);
    }
  } catch (error) {
    // What the chunks' source threw says more than that the stream was broken off.
    await fed;
    throw Object.assign(new Error(error instanceof Error ? error.message : String(error)), { code: "Z_DATA_ERROR" });
  }
  await fed;
}

interface Writer {
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

/** Fails where the source does; what the stream refuses is told where it is read. */
async function feed(chunks: AsyncIterable<Buffer>, writer: Writer): Promise<void> {
  try {
    for await (const chunk of chunks) {
      const taken = await writer.write(new Uint8Array(chunk)).then(
        () => true,
        () => false,
      );
      if (!taken) return;
    }
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
  await writer.close().catch(() => undefined);
}
