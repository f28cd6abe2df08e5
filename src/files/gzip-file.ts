/**
 * Gzipped files that are written bit by bit and appear when they are whole.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { UserError } from "../errors.js";
import { fileError, makeFolder, renameDurably } from "./atomic.js";
import { removeLeftoversOf, temporaryBeside } from "./leftovers.js";

/** A file that was written. */
export interface WrittenFile {
  /** Of the file as it lies on the disk, in hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A gzipped text; the same text gives the same bytes, in whatever pieces it is written. */
export class GzipFile {
  readonly #gzip = createGzip();
  readonly #hash = createHash("sha256");
  readonly #done: Promise<void>;
  #bytes = 0;

  private constructor(
    private readonly path: string,
    private readonly temporary: string,
    private readonly file: FileHandle,
  ) {
    this.#done = pipeline(this.#gzip, async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        this.#hash.update(chunk);
        this.#bytes += chunk.length;
        await file.appendFile(chunk);
      }
    });
    // Errors come out of the next write, or of the end.
    this.#done.catch(() => undefined);
  }

  /** Folders on the way are made; under its own name nothing is seen until {@link finish}. */
  static async create(path: string): Promise<GzipFile> {
    const temporary = temporaryBeside(path);
    try {
      await makeFolder(dirname(path));
      await removeLeftoversOf(path);
      return new GzipFile(path, temporary, await open(temporary, "wx"));
    } catch (error) {
      throw fileError(path, "write the file", error);
    }
  }

  async write(text: string): Promise<void> {
    if (this.#gzip.write(text)) return;
    await Promise.race([once(this.#gzip, "drain"), this.#done]).catch((error: unknown) => {
      throw fileError(this.path, "write the file", error);
    });
  }

  /** Gives the file its name, when all of it is on the disk. */
  async finish(): Promise<WrittenFile> {
    try {
      this.#gzip.end();
      await this.#done;
      await this.file.sync();
      await this.file.close();
      await renameDurably(this.temporary, this.path);
    } catch (error) {
      await this.discard();
      throw fileError(this.path, "write the file", error);
    }
    return { sha256: this.#hash.digest("hex"), bytes: this.#bytes };
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    this.#gzip.destroy();
    await this.#done.catch(() => undefined);
    await this.file.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
  }
}

/** `writeAtomically` for a text that is gzipped on its way. */
export async function writeGzipped(
  path: string,
  fill: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<WrittenFile> {
  const file = await GzipFile.create(path);
  try {
    await fill((text) => file.write(text));
  } catch (error) {
    await file.discard();
    throw error instanceof UserError ? error : fileError(path, "write the file", error);
  }
  return file.finish();
}
