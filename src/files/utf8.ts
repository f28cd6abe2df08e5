/**
 * Where bytes from outside become text: every byte is checked to be UTF-8, since JavaScript's own reading turns what is
 * not into U+FFFD without a word.
 * @module
 */

import { userError } from "../errors.js";
import { Buffer, isUtf8 } from "../host/bytes.js";

const replacement = "\ufffd";
const replacementBytes = Buffer.from(replacement);

/** Where the first byte stands that is no UTF-8, counted from 0. */
function firstWrongByte(bytes: Buffer): number {
  const text = bytes.toString("utf8");
  let at = 0;
  let from = 0;
  for (let found = text.indexOf(replacement); found >= 0; found = text.indexOf(replacement, from)) {
    at += Buffer.byteLength(text.slice(from, found));
    // The text may hold the replacement character itself.
    if (!bytes.subarray(at, at + 3).equals(replacementBytes)) return at;
    at += 3;
    from = found + 1;
  }
  return at;
}

/** Whether text is UTF-16: it has that byte order mark, or two ASCII letters with a zero before or behind each. */
function looksUtf16(bytes: Buffer): boolean {
  const [first, second, third, fourth] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  if (!fourth && !third) return false;
  return first === 0 ? third === 0 && !!second && !!fourth : second === 0 && fourth === 0 && !!third;
}

function utf16(where: string): Error {
  return userError({
    where,
    what: "it is UTF-16",
    expected: "UTF-8 text",
    fix: "convert the file, for example with iconv -f UTF-16 -t UTF-8",
  });
}

/** @throws UserError where the beginning of a text is UTF-16 */
export function refuseUtf16(bytes: Buffer, where: string): void {
  if (looksUtf16(bytes)) throw utf16(where);
}

function notUtf8(where: string, byte: number): Error {
  return userError({
    where,
    what: `byte ${byte + 1} of it is not UTF-8`,
    expected: "UTF-8 text",
    fix: "convert the file, for example with iconv -f LATIN1 -t UTF-8",
  });
}

/**
 * Decodes UTF-8; a byte order mark stays.
 *
 * @throws UserError for bytes that are none
 */
export function decodeUtf8(bytes: Buffer, where: string): string {
  refuseUtf16(bytes, where);
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw notUtf8(where, firstWrongByte(bytes));
}

/** How many bytes at the end begin a character that is not whole. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/**
 * Lets a stream of UTF-8 through as it is, each chunk ending with a whole character.
 *
 * @param path names the file in the error, which says the line
 */
export async function* checkedUtf8(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  const check = (bytes: Buffer) => {
    const at = isUtf8(bytes) ? -1 : firstWrongByte(bytes);
    for (let end = bytes.indexOf(0x0a); end >= 0 && (at < 0 || end < at); end = bytes.indexOf(0x0a, end + 1)) line++;
    if (at < 0) return bytes;
    throw notUtf8(`${path}:${line}`, at - (bytes.lastIndexOf(0x0a, at) + 1));
  };
  let first = true;
  for await (const chunk of chunks) {
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (first) refuseUtf16(all, path);
    first = false;
    const whole = all.length - unfinished(all);
    rest = all.subarray(whole);
    if (whole > 0) yield check(all.subarray(0, whole));
  }
  if (rest.length > 0) check(rest);
}
