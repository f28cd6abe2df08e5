import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { type FileHandle, open, stat } from "../host/files.js";

/** One read call: Node refuses lengths from 2 GiB on. */
const LARGEST_READ = 1 << 30;

/** Memory of exactly `length` bytes; running out of it is the user's trouble (machine too small), told in one line. */
export function allocate(length: number, where: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch {
    throw userError({
      where,
      what: `no memory for ${length} bytes`,
      fix: "close other programs or use a machine with more memory",
    });
  }
}

/** A file read by position: nothing but the ranges asked for is ever in memory. */
export class RangeFile {
  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  /** Opens a file for reading. Throws a UserError when it is missing, unreadable or a folder. */
  static async open(path: string): Promise<RangeFile> {
    try {
      // Asked before opening: to open a named pipe is to wait for whoever writes into it.
      if ((await stat(path)).isFile()) {
        const handle = await open(path, "r");
        return new RangeFile(path, (await handle.stat()).size, handle);
      }
    } catch (error) {
      throw fileError(path, "read the file", error);
    }
    throw userError({ where: path, what: "this is not a regular file", expected: "a file of weights" });
  }

  /** Exactly `length` bytes from `offset`. The caller has checked the range against {@link size}. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw new RangeError(`bad range ${offset}+${length} of ${this.path}`);
    }
    if (offset + length > this.size) {
      throw userError({
        where: this.path,
        what: `the file ends at byte ${this.size}, before byte ${offset + length} that it should hold`,
        fix: "it is truncated: fetch or write it again",
      });
    }
    const bytes = allocate(length, this.path);
    let done = 0;
    while (done < length) {
      const count = await this.readOnce(bytes, done, Math.min(length - done, LARGEST_READ), offset + done);
      if (count === 0) {
        throw userError({
          where: this.path,
          what: "the file became shorter while it was read",
          fix: "let nothing write it meanwhile",
        });
      }
      done += count;
    }
    return bytes;
  }

  private async readOnce(into: Uint8Array, at: number, length: number, position: number): Promise<number> {
    try {
      return (await this.handle.read(into, at, length, position)).bytesRead;
    } catch (error) {
      throw fileError(this.path, "read the file", error);
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
