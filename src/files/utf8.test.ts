import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { checkedUtf8, decodeUtf8 } from "./utf8.js";

const latin1 = Buffer.from("caf\u00e9 au lait", "latin1");
const utf16 = [
  Buffer.from("\ufeffcaf\u00e9", "utf16le"),
  Buffer.from("\ufeffcaf\u00e9", "utf16le").swap16(),
  Buffer.from("cafe", "utf16le"),
  Buffer.from("cafe", "utf16le").swap16(),
];

describe("decodeUtf8", () => {
  it("gives back what was encoded, zeros included", () => {
    for (const text of ["", "a", "a\0", "\0a", "\0\0", "a\0b", "caf\u00e9 \u{1f600} \ufffd"]) {
      expect(decodeUtf8(Buffer.from(text), "file")).toBe(text);
    }
  });

  it("says which byte is none, and knows UTF-16", () => {
    expect(() => decodeUtf8(latin1, "file")).toThrow(UserError);
    expect(() => decodeUtf8(latin1, "file")).toThrow(/^file: byte 4 of it is not UTF-8; .*iconv/);
    for (const bytes of utf16) expect(() => decodeUtf8(bytes, "file")).toThrow(/^file: it is UTF-16; expected UTF-8/);
  });
});

describe("checkedUtf8", () => {
  /** A stream of a buffer in chunks of a size. */
  async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const through = async (bytes: Buffer, size: number) => {
    const chunks: Buffer[] = [];
    for await (const chunk of checkedUtf8(cut(bytes, size), "file")) {
      // Each is whole by itself.
      expect(chunk.equals(Buffer.from(chunk.toString()))).toBe(true);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };

  it("lets text through unchanged, however it is cut", async () => {
    const unit = fc.constantFrom("a", "\n", "\u00e9", "\u20ac", "\u{1f600}", "\ufffd");
    await fc.assert(
      fc.asyncProperty(fc.array(unit), fc.integer({ min: 1, max: 9 }), async (units, size) => {
        const bytes = Buffer.from(units.join(""));
        expect(await through(bytes, size)).toEqual(bytes);
      }),
    );
  });

  it.each([1, 2, 3, 7, 100])("names line and byte of what is none, cut by %i", async (size) => {
    await expect(through(Buffer.concat([Buffer.from("\u00e9\nb\n"), latin1, Buffer.from("\n")]), size)).rejects.toThrow(
      /^file:3: byte \d of it is not UTF-8/,
    );
    // A character that the end cuts off.
    await expect(through(Buffer.from("a\n\u20ac").subarray(0, 4), size)).rejects.toThrow(/^file:2: byte 1/);
  });

  it("knows UTF-16", async () => {
    for (const bytes of utf16) await expect(through(bytes, 100)).rejects.toThrow(/it is UTF-16/);
  });
});
