/**
 * Zip archives for tests, sound ones and such as nobody should read.
 * @module
 */
import { crc32, deflateRawSync } from "node:zlib";

/** A member of an archive. */
export interface ZipMember {
  readonly name: string;
  readonly content: string | Buffer;
  readonly encrypted?: boolean;
  /** What the archive says of its unpacked size; the truth if it is left out. */
  readonly claimed?: number;
}

const field = (size: 2 | 4, value: number) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return bytes;
};
const [u16, u32] = [(value: number) => field(2, value), (value: number) => field(4, value)];

/** An archive of deflated members. */
export function zipOf(members: readonly ZipMember[]): Buffer {
  const [bodies, listed]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const { name, content, encrypted = false, claimed } of members) {
    const [bytes, path] = [Buffer.from(content), Buffer.from(name)];
    const packed = deflateRawSync(bytes);
    const sizes = [u32(crc32(bytes)), u32(packed.length), u32(claimed ?? bytes.length), u16(path.length), u16(0)];
    const common = Buffer.concat([u16(20), u16(0x800 | (encrypted ? 1 : 0)), u16(8), u32(0), ...sizes]);
    const body = Buffer.concat([u32(0x04034b50), common, path, packed]);
    listed.push(Buffer.concat([u32(0x02014b50), u16(20), common, Buffer.alloc(10), u32(at), path]));
    bodies.push(body);
    at += body.length;
  }
  const directory = Buffer.concat(listed);
  // Archives of more members have another form, whose sign is 65535.
  const count = u16(Math.min(members.length, 0xffff));
  const end = [u32(0x06054b50), u32(0), count, count, u32(directory.length), u32(at), u16(0)];
  return Buffer.concat([...bodies, directory, ...end]);
}
