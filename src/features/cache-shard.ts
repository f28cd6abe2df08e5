/**
 * One file of a feature cache: the records, then the SHA-256 of all of them.
 *
 * Reading a record does not hash it, which would take several per cent of a small adapter's step. It looks at the file's
 * times and size instead (fstat, some microseconds a record): a system call that changes the content changes them. Only
 * then the whole shard is hashed again.
 * @module
 */
import { openedBeside } from "../engine/scopes.js";
import { codeOf, userError } from "../errors.js";
import { fileError, writeAtomically } from "../files/atomic.js";
import { Buffer } from "../host/bytes.js";
import { type FileHandle, open, stampOf } from "../host/files.js";
import { createHash } from "../host/hashing.js";
import { basename, dirname } from "../host/paths.js";
import type { CheckedShards } from "./checked-shards.js";

export const checksumBytes = 32;

/** A reading that failed. */
const nothing = { bytesRead: 0 };

/** Whether a file has the right size and the right checksum; what the disk does not give back is not whole. */
async function isWhole(handle: FileHandle, bytes: number): Promise<boolean> {
  if ((await handle.stat()).size !== bytes + checksumBytes) return false;
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(1 << 20);
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(chunk.length, bytes - at), at).catch(() => nothing);
    if (bytesRead === 0) return false;
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
  const sum = Buffer.alloc(checksumBytes);
  await handle.read(sum, 0, checksumBytes, bytes).catch(() => nothing);
  return hash.digest().equals(sum);
}

/** A whole shard, open for reading. */
export class OpenShard {
  private constructor(
    private readonly file: string,
    private readonly bytes: number,
    private readonly handle: FileHandle,
    private stamp: string,
  ) {}

  /**
   * Opens a shard that holds so many bytes of records.
   *
   * @param checked knows which shards were hashed before; those are not hashed again
   * @returns null where it is missing, torn or damaged
   */
  static async open(file: string, bytes: number, checked?: CheckedShards): Promise<OpenShard | null> {
    const handle = await open(file, "r").catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return null;
      throw fileError(file, "read the cache", error);
    });
    if (!handle) return null;
    const shard = await openedBeside([handle], async () => {
      const stamp = stampOf(handle);
      const name = basename(file);
      if (!checked?.has(name, stamp) && !(await isWhole(handle, bytes))) return null;
      checked?.add(name, stamp);
      return new OpenShard(file, bytes, handle, stamp);
    });
    if (!shard) await handle.close();
    return shard;
  }

  /** @throws UserError where the file is no longer what it was when it was opened */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const record = new Uint8Array(length);
    const { bytesRead } = await this.handle.read(record, 0, length, offset).catch((error: unknown) => {
      throw this.changed(error instanceof Error ? ` (${error.message})` : "");
    });
    // The check comes after the reading, so that no change can slip in between.
    const stamp = stampOf(this.handle);
    if (stamp === this.stamp && bytesRead === length) return record;
    if (!(await isWhole(this.handle, this.bytes))) throw this.changed("");
    // Only its name, rights or times changed, or the same content was written again.
    this.stamp = stamp;
    return this.read(offset, length);
  }

  private changed(why: string): Error {
    return userError({
      where: this.file,
      what: `the cache file was overwritten or damaged while it was in use${why}`,
      fix: `delete the folder ${dirname(this.file)}, which is computed again, and resume the run from its last checkpoint`,
    });
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/**
 * Writes a shard, record after record as they come; it gets its name when it is whole.
 *
 * @param bytes of all records together
 */
export async function writeShard(
  file: string,
  bytes: number,
  records: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const hash = createHash("sha256");
  await writeAtomically(file, async (handle) => {
    let total = 0;
    for await (const record of records) {
      hash.update(record);
      await handle.writeFile(record);
      total += record.length;
    }
    if (total !== bytes) throw new Error(`${file}: ${total} bytes were computed instead of ${bytes}`);
    await handle.writeFile(hash.digest());
  });
}
