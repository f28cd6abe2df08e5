import type { GraphSource } from "../engine/executor.js";
import { fileError } from "../files/atomic.js";
import { open } from "../host/files.js";

/**
 * Contents of the files that hold a graph's external tensors.
 *
 * @param allocate where a file is read to
 */
export function externalContents(
  { externalFiles = {} }: GraphSource,
  allocate: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): Promise<{ readonly path: string; readonly data: Uint8Array }[]> {
  return Promise.all(
    Object.entries(externalFiles).map(async ([path, file]) => ({
      path,
      data: typeof file === "string" ? await readWhole(file, allocate) : file,
    })),
  );
}

async function readWhole(file: string, allocate: (bytes: number) => Uint8Array): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const data = allocate((await handle.stat()).size);
      let at = 0;
      while (at < data.length) {
        const { bytesRead } = await handle.read(data, at, Math.min(data.length - at, 2 ** 30), at);
        if (bytesRead === 0) throw new Error("the file became shorter while it was read");
        at += bytesRead;
      }
      return data;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(file, "read the file", error);
  }
}
