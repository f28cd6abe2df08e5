import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfTexts, cutBinary, splitBody, textsOfBytes } from "./binary-tensors.js";
import { jsonOf } from "./body.js";
import { ServingError } from "./serving-error.js";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a body", () => {
  it("is read as the JSON that it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(jsonOf(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
    ["half a character in UTF-8", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ["half a character", bytes('{"text": ["a", "\\ud800 b"]}')],
    ["half a character in a key", bytes('{"\\udc00": 1}')],
    ["no JSON", bytes('{"text": }')],
    ["nothing", bytes("")],
    ["brackets without end", bytes("[".repeat(100_000))],
  ])("is refused where it holds %s", (_, body) => {
    expect(() => jsonOf(body)).toThrow(ServingError);
  });

  it("may hold whole characters in escapes", () => {
    expect(jsonOf(bytes('"\\ud83d\\ude00"'))).toBe("😀");
  });
});

describe("binary tensors", () => {
  it("hold the texts that were written", () => {
    const texts = fc.array(fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(texts, (given) => {
        expect(textsOfBytes(bytesOfTexts(given), "text")).toEqual(given);
      }),
    );
  });

  it("are refused, and nothing else happens, whatever bytes they are", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (given) => {
        try {
          expect(bytesOfTexts(textsOfBytes(given, "text"))).toEqual(Buffer.from(given));
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
        }
      }),
    );
  });

  it("are cut by sizes that must be all there is", () => {
    const all = Uint8Array.of(1, 2, 3);
    expect(cutBinary(all, [1, 2])).toEqual([Uint8Array.of(1), Uint8Array.of(2, 3)]);
    expect(() => cutBinary(all, [1, 1])).toThrow(/2 bytes; 3 follow/);
    expect(() => cutBinary(all, [2 ** 40])).toThrow(/3 follow/);
  });

  it.each(["4", "-1", "1e1", "", "999999999999999999"])("are refused behind a header of %j bytes", (header) => {
    expect(() => splitBody(bytes("{}1"), header)).toThrow(/no length within the body/);
  });

  it("stand behind the JSON", () => {
    expect(splitBody(bytes('{"a":1}xyz'), "7")).toEqual({ json: { a: 1 }, binary: bytes("xyz") });
  });
});
