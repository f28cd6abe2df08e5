import { userError } from "../errors.js";
import { recordBytes } from "./bounds.js";
import { crc32c } from "./crc32c.js";
import { Positions } from "./positions.js";
import { ScratchFile } from "./scratch-file.js";

const checksumBytes = 4;
const bufferBytes = 256 * 2 ** 10;
const aheadBytes = 64 * 2 ** 10;

/**
 * Records that are written one after the other and read in any order, for as long as the process wants them: on disk, with
 * a checksum each; in memory a good four bytes each, and the last ones that were written. So a few records never touch the
 * disk. It is closed with `close`, or when nobody holds it any more.
 */
export class RecordFile {
  private readonly positions = new Positions();
  /** What is not yet in the file: `waiting` bytes from `written` on. */
  private buffer: Buffer | null = null;
  private waiting = 0;
  private written = 0;
  /** What was read ahead of records that are read in order: the bytes from `aheadAt` on. */
  private ahead: Buffer = Buffer.alloc(0);
  private aheadAt = 0;
  private next = 0;

  private constructor(private readonly file: ScratchFile) {}

  /** @param folder where the file is; by default that of `scratchFolder` */
  static async create(folder?: string): Promise<RecordFile> {
    return new RecordFile(await ScratchFile.create(folder));
  }

  get length(): number {
    return this.positions.length;
  }

  /** @throws UserError where the record is larger than {@link recordBytes}, or the disk is full */
  append(record: Uint8Array): void {
    const size = checksumBytes + record.length;
    if (size > recordBytes) {
      throw userError({
        what: `an example takes ${record.length} bytes`,
        expected: `at most ${recordBytes - checksumBytes}`,
        fix: "make it shorter",
      });
    }
    this.buffer ??= Buffer.allocUnsafe(bufferBytes);
    if (this.waiting + size > this.buffer.length) this.flush();
    if (size > this.buffer.length) this.buffer = Buffer.allocUnsafe(size);
    this.positions.push(this.written + this.waiting);
    this.buffer.writeUInt32LE(crc32c(record), this.waiting);
    this.buffer.set(record, this.waiting + checksumBytes);
    this.waiting += size;
  }

  /**
   * A copy of a record.
   *
   * @throws UserError where it is no longer what was written
   */
  read(index: number): Buffer {
    const start = this.positions.at(index);
    const end = index + 1 < this.length ? this.positions.at(index + 1) : this.written + this.waiting;
    const bytes = this.bytesAt(start, end - start, index === this.next);
    this.next = index + 1;
    const record = bytes.subarray(checksumBytes);
    if (crc32c(record) === bytes.readUInt32LE(0)) return record;
    throw damaged();
  }

  close(): void {
    this.file.close();
    this.buffer = null;
  }

  private bytesAt(start: number, length: number, inOrder: boolean): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (start < this.written) {
      if (inOrder && this.isAhead(start, length)) this.ahead.copy(bytes, 0, start - this.aheadAt);
      else if (!this.file.read(bytes, start)) throw damaged();
      return bytes;
    }
    if (!this.buffer) throw new Error("the records are closed");
    this.buffer.copy(bytes, 0, start - this.written, start - this.written + length);
    return bytes;
  }

  /** Whether a part of the file stands in memory, where it does after this if it is short. */
  private isAhead(start: number, length: number): boolean {
    if (length > aheadBytes) return false;
    if (start >= this.aheadAt && start + length <= this.aheadAt + this.ahead.length) return true;
    const ahead = Buffer.allocUnsafe(Math.min(aheadBytes, this.written - start));
    if (!this.file.read(ahead, start)) throw damaged();
    [this.ahead, this.aheadAt] = [ahead, start];
    return true;
  }

  private flush(): void {
    if (!this.buffer || this.waiting === 0) return;
    this.file.write(this.buffer.subarray(0, this.waiting), this.written);
    this.written += this.waiting;
    this.waiting = 0;
    // A large record is not worth its room any longer.
    if (this.buffer.length > bufferBytes) this.buffer = Buffer.allocUnsafe(bufferBytes);
  }
}

const damaged = () =>
  userError({
    what: "an example that was kept on disk is damaged: it is not what was written",
    fix: "check the disk, or name a folder on another one with the variable TMPDIR, and begin again",
  });
