import { once } from "node:events";
import { createGzip } from "node:zlib";

/** Text on its way into a gzipped file. */
export interface GzipSink {
  write(text: string): Promise<void>;
  /** Writes what is left; without it the file is broken. */
  end(): Promise<void>;
}

/** Gzips text piece by piece; the same text gives the same bytes. */
export function gzipped(write: (bytes: Uint8Array) => Promise<void>): GzipSink {
  const gzip = createGzip();
  let last = Promise.resolve();
  gzip.on("data", (bytes: Uint8Array) => {
    last = last.then(() => write(bytes));
  });
  return {
    write: async (text: string) => {
      if (!gzip.write(text)) await once(gzip, "drain");
    },
    end: async () => {
      gzip.end();
      await once(gzip, "end");
      await last;
    },
  };
}
