import { isUtf8 } from "node:buffer";
import { userError } from "../errors.js";

const replacement = "\ufffd";
const replacementBytes = Buffer.from(replacement);

/** Where the first byte stands that is no UTF-8, counted from 1. */
function firstWrongByte(bytes: Buffer): number {
  const text = bytes.toString("utf8");
  let at = 0;
  let from = 0;
  for (let found = text.indexOf(replacement); found >= 0; found = text.indexOf(replacement, from)) {
    at += Buffer.byteLength(text.slice(from, found));
    // The text may hold the replacement character itself.
    if (!bytes.subarray(at, at + 3).equals(replacementBytes)) return at + 1;
    at += 3;
    from = found + 1;
  }
  return at + 1;
}

/** Decodes UTF-8, refusing bytes that are none. */
export function decodeUtf8(bytes: Buffer, where: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw userError({
    where,
    what: `byte ${firstWrongByte(bytes)} of it is not UTF-8`,
    expected: "UTF-8 text",
    fix: "convert the file, for example with iconv",
  });
}
