import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { smallBert, smallBpe } from "../testing/small-tokenizers.js";
import type { Tokenizer } from "./tokenizer.js";
import { encodeWords, type SpacedWord, type WordEncoding } from "./words.js";

const bpe = await smallBpe();
const bert = smallBert();

const form = fc.oneof(
  fc.constantFrom("harbour", "isn", "'t", "n't", "river", "Vellmar", ".", "—", "“"),
  fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom("a", "t", "é", "😀", "'", "9", "-", "日") }),
);
const sentences = fc.array(fc.record({ form, spaceAfter: fc.boolean() }), { minLength: 1, maxLength: 12 });
const textOf = (words: readonly SpacedWord[]) =>
  words.map(({ form: text, spaceAfter }, i) => text + (spaceAfter && i < words.length - 1 ? " " : "")).join("");

/** Each word's ids. */
const partsOf = ({ ids, firsts }: WordEncoding) => firsts.map((first, i) => ids.slice(first, firsts[i + 1]));

describe("encodeWords", () => {
  it("gives each word exactly its own sub-words", () => {
    fc.assert(
      fc.property(sentences, (words) => {
        const encoded = encodeWords(bpe, words) as WordEncoding;
        const decoded = partsOf(encoded).map((ids) => bpe.decode(ids).trim());
        expect(decoded).toEqual(words.map(({ form: text }) => text));
        expect(encoded.firsts[0]).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("gives what the tokenizer makes of the whole text, where words do not share a sub-word", () => {
    fc.assert(
      fc.property(sentences, (words) => {
        const apart = words.map((word) => ({ ...word, spaceAfter: true }));
        for (const tokenizer of [bpe, bert]) {
          expect(encodeWords(tokenizer, apart)?.ids).toEqual(tokenizer.encode(textOf(apart)).ids);
        }
      }),
    );
    const glued = [
      { form: "harbour", spaceAfter: false },
      { form: ".", spaceAfter: false },
    ];
    expect(encodeWords(bert, glued)?.ids).toEqual(bert.encode("harbour.").ids);
  });

  it("tokenises words one by one where a sub-word would stand in two", () => {
    const words = [
      { form: "m", spaceAfter: false },
      { form: "arta", spaceAfter: false },
    ];
    const encoded = encodeWords(bert, words) as WordEncoding;
    expect(partsOf(encoded)).toEqual([bert.encode("m").ids, bert.encode("arta").ids]);
    expect(encoded.ids).not.toEqual(bert.encode("marta").ids);
  });

  it("gives an unknown token to a word of which nothing is left, or says that there is none", () => {
    const word = [{ form: "\u0000", spaceAfter: true }];
    expect(encodeWords(bert, word)).toEqual({ ids: [bert.specials.unk], firsts: [0] });
    const strict = { ...bert, encode: bert.encode.bind(bert), specials: { ...bert.specials, unk: undefined } };
    expect(encodeWords(strict, word)).toBeNull();
  });

  it("takes a word of more tokens than a call has room for arguments", () => {
    const many = 300_000;
    const tokenizer = {
      specials: {},
      encode: () => ({ ids: new Int32Array(many), offsets: Array<[number, number]>(many).fill([0, 1]) }),
    };
    const encoded = encodeWords(tokenizer as unknown as Tokenizer, [{ form: "x", spaceAfter: false }]);
    expect([encoded?.ids.length, encoded?.firsts]).toEqual([many, [0]]);
  });
});
