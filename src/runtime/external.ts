import { readFile } from "node:fs/promises";
import { fileError } from "../files/atomic.js";
import type { GraphSource } from "../training/executor.js";

/** Contents of the files that hold a graph's external tensors. */
export function externalContents({
  externalFiles = {},
}: GraphSource): Promise<{ readonly path: string; readonly data: Uint8Array }[]> {
  return Promise.all(
    Object.entries(externalFiles).map(async ([path, file]) => ({
      path,
      data: typeof file === "string" ? await readWhole(file) : file,
    })),
  );
}

async function readWhole(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: unknown) => {
    throw fileError(file, "read the file", error);
  });
}
