import { userError } from "../errors.js";
import { Buffer } from "../host/bytes.js";
import type { RangeFile } from "./range-file.js";
import { quoted } from "./strict-json.js";

/** A member of a zip file. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of content, unpacked. */
  readonly size: number;
  /** Where the member's local header starts in the file. */
  readonly headerOffset: number;
  readonly compressed: boolean;
}

const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
/** The end record and the longest comment behind it. */
const LONGEST_END = 22 + 0xffff;
const MAX_DIRECTORY_BYTES = 64 << 20;

function bad(file: RangeFile, what: string): Error {
  return userError({
    where: file.path,
    what: `broken zip: ${what}`,
    fix: "the file is damaged or truncated: fetch or write it again",
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A 64-bit count as a number, or refuses it: beyond the safe integers no file is that long. */
function count64(file: RangeFile, view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw bad(file, "a size that no file can have");
  return value;
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** The zip64 end record, which its locator just before the plain end record points at. */
async function directory64(file: RangeFile, endOffset: number): Promise<Directory> {
  if (endOffset < 20) throw bad(file, "no zip64 locator");
  const locator = viewOf(await file.read(endOffset - 20, 20));
  if (locator.getUint32(0, true) !== LOCATOR64_SIGNATURE) throw bad(file, "no zip64 locator");
  const offset = count64(file, locator, 8);
  if (offset + 56 > file.size) throw bad(file, "the zip64 end record lies outside the file");
  const end = viewOf(await file.read(offset, 56));
  if (end.getUint32(0, true) !== END64_SIGNATURE) throw bad(file, "no zip64 end record");
  return { count: count64(file, end, 32), size: count64(file, end, 40), offset: count64(file, end, 48) };
}

async function findDirectory(file: RangeFile): Promise<Directory> {
  const length = Math.min(file.size, LONGEST_END);
  const tail = await file.read(file.size - length, length);
  const view = viewOf(tail);
  for (let at = length - 22; at >= 0; at--) {
    // The comment must reach exactly to the end, so that bytes inside it cannot pass for the record.
    if (view.getUint32(at, true) !== END_SIGNATURE || at + 22 + view.getUint16(at + 20, true) !== length) continue;
    if (view.getUint16(at + 4, true) !== view.getUint16(at + 6, true)) throw bad(file, "it spans several disks");
    const plain = {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    const wide = plain.count === 0xffff || plain.size === 0xffffffff || plain.offset === 0xffffffff;
    return wide ? directory64(file, file.size - length + at) : plain;
  }
  throw bad(file, "its end record is missing");
}

/** Sizes and offset that do not fit in 32 bits stand in the zip64 extra field, in this order, only those needed. */
function widen(file: RangeFile, extra: DataView, fields: number[]): number[] {
  if (!fields.includes(0xffffffff)) return fields;
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) === 1 && at + 4 + length <= extra.byteLength) {
      let from = at + 4;
      return fields.map((value) => {
        if (value !== 0xffffffff) return value;
        if (from + 8 > at + 4 + length) throw bad(file, "a short zip64 field");
        from += 8;
        return count64(file, extra, from - 8);
      });
    }
    at += 4 + length;
  }
  throw bad(file, "a zip64 field is missing");
}

function parseEntry(file: RangeFile, view: DataView, at: number): { entry: ZipEntry; next: number } {
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
    throw bad(file, "its directory has no entry where one should be");
  }
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  if (next > view.byteLength) throw bad(file, "its directory ends inside an entry");
  const start = view.byteOffset + at + 46;
  const name = Buffer.from(view.buffer, start, nameLength).toString("utf8");
  const [size, packed, headerOffset] = widen(file, new DataView(view.buffer, start + nameLength, extraLength), [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ]) as [number, number, number];
  if ((view.getUint16(at + 8, true) & 1) !== 0) throw bad(file, `the member ${quoted(name)} is encrypted`);
  const compressed = view.getUint16(at + 10, true) !== 0;
  if (!compressed && size !== packed) throw bad(file, `the member ${quoted(name)} has two sizes`);
  return { entry: { name, size, headerOffset, compressed }, next };
}

/**
 * Reads a zip file's central directory (zip64 included; .ZIP File Format Specification 6.3, sections 4.3 and 4.4) and
 * gives its members by name. Throws a UserError for whatever is broken. Checksums are not verified: torch may be told
 * to write none.
 */
export async function readZipDirectory(file: RangeFile): Promise<ReadonlyMap<string, ZipEntry>> {
  const { offset, size, count } = await findDirectory(file);
  if (offset + size > file.size) throw bad(file, "its directory lies outside the file");
  if (size > MAX_DIRECTORY_BYTES || count * 46 > size)
    throw bad(file, `a directory of ${size} bytes for ${count} members`);
  const view = viewOf(await file.read(offset, size));
  const entries = new Map<string, ZipEntry>();
  let [at, total] = [0, 0];
  for (let i = 0; i < count; i++) {
    const { entry, next } = parseEntry(file, view, at);
    if (entries.has(entry.name)) throw bad(file, `the member ${quoted(entry.name)} appears twice`);
    entries.set(entry.name, entry);
    at = next;
    // A few bytes that stand for a thousand members would unpack to a thousand times the file.
    total += entry.compressed ? 0 : entry.size;
    if (total > file.size) throw bad(file, "its members overlap");
  }
  return entries;
}

/**
 * Where a member's content starts: behind its local header, whose extra field torch pads for alignment. Refuses
 * compressed members: they cannot be read by range.
 */
export async function contentOffset(file: RangeFile, entry: ZipEntry): Promise<number> {
  if (entry.compressed) {
    throw userError({
      where: file.path,
      what: `the zip member ${quoted(entry.name)} is compressed`,
      expected: "stored members, as torch.save writes them",
      fix: "unpack the zip and pack it again without compression (zip -0 -r)",
    });
  }
  const header = viewOf(await file.read(entry.headerOffset, 30));
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE) throw bad(file, `the member ${quoted(entry.name)} has no header`);
  const offset = entry.headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (offset + entry.size > file.size) throw bad(file, `the member ${quoted(entry.name)} lies outside the file`);
  return offset;
}
