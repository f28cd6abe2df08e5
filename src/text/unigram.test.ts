import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { markEntities } from "./markers.js";
import { fromSentencePiece } from "./sentencepiece.js";
import { createTokenizer, loadTokenizer, type Tokenizer } from "./tokenizer.js";
import { unigramEncoder } from "./unigram.js";

const [normal, unknown, control, userDefined, unused] = [1, 2, 3, 4, 5];
type Row = readonly [string, number, (number | undefined)?];

interface ModelOptions {
  readonly modelType?: number;
  readonly charsmap?: Uint8Array;
  readonly addDummyPrefix?: boolean;
  readonly removeExtraSpaces?: boolean;
}

/** A .model file as SentencePiece writes it. */
function modelFile(rows: readonly Row[], options: ModelOptions = {}): Uint8Array {
  const { modelType = 1, charsmap, addDummyPrefix = true, removeExtraSpaces = true } = options;
  const out = new BinaryWriter();
  for (const [piece, score, type = normal] of rows) {
    out.tag(1, WireType.LengthDelimited).fork();
    out.tag(1, WireType.LengthDelimited).string(piece).tag(2, WireType.Bit32).float(score);
    out.tag(3, WireType.Varint).int32(type).join();
  }
  out.tag(2, WireType.LengthDelimited).fork().tag(3, WireType.Varint).int32(modelType);
  out.tag(7, WireType.LengthDelimited).string("a field that nobody reads").join();
  out.tag(3, WireType.LengthDelimited).fork();
  if (charsmap) out.tag(2, WireType.LengthDelimited).bytes(charsmap);
  out.tag(3, WireType.Varint).bool(addDummyPrefix).tag(4, WireType.Varint).bool(removeExtraSpaces).join();
  return out.finish();
}

const words: readonly Row[] = [
  ["▁the", -2],
  ["▁", -3],
  ["▁river", -4],
  ["riv", -4],
  ["er", -3],
  ["r", -6],
  ["i", -6],
  ["e", -5],
  ["@", -7],
  ["#", -7],
  ['"', -7],
];
const rows: readonly Row[] = [["<unk>", 0, unknown], ["<s>", 0, control], ["</s>", 0, control], ...words];
const xlnetRows: readonly Row[] = [
  ["<unk>", 0, unknown],
  ["<cls>", 0, control],
  ["<sep>", 0, control],
  ["<eop>", 0, userDefined],
  ["<mask>", 0, control],
  ...words,
];

const settings = { specials: {}, lowercase: null, keepAccents: false, fairseq: false };
const make = (given: readonly Row[], options?: ModelOptions, more = {}): Tokenizer =>
  createTokenizer(fromSentencePiece(modelFile(given, options), { ...settings, ...more }, "m.model"), {}, "m.model");
const tokens = (tokenizer: Tokenizer, text: string) => tokenizer.encode(text).ids.map((id) => tokenizer.idToToken(id));
const slices = (tokenizer: Tokenizer, text: string) =>
  tokenizer.encode(text).offsets.map(([start, end]) => text.slice(start, end));

describe("unigramEncoder", () => {
  const encoder = (scores: Readonly<Record<string, number>>) =>
    unigramEncoder({
      unknownId: 0,
      pieces: new Map(Object.entries(scores).map(([piece, score], i) => [piece, { id: i + 1, score }])),
    });

  it("takes the way with the highest sum, not the longest piece first", () => {
    expect(encoder({ ab: -1, c: -9, a: -2, bc: -2 })("abc").ids).toEqual([3, 4]);
    expect(encoder({ ab: -1, c: -2, a: -2, bc: -2 })("abc").ids).toEqual([1, 2]);
  });

  it("agrees with trying every way", () => {
    const scores = { a: -1.5, b: -2, ab: -2.25, ba: -3.125, aab: -4, bb: -3.5 };
    const encode = encoder(scores);
    const every = (rest: string): number =>
      rest === ""
        ? 0
        : Math.max(
            ...Object.entries(scores).map(([piece, score]) =>
              rest.startsWith(piece) ? score + every(rest.slice(piece.length)) : Number.NEGATIVE_INFINITY,
            ),
          );
    const list = Object.values(scores);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 9 }), (word) => {
        const { ids, starts, ends } = encode(word);
        expect(ids.reduce((sum, id) => sum + (list[id - 1] as number), 0)).toBeCloseTo(every(word), 5);
        expect(ids.map((_, i) => word.slice(starts[i], ends[i])).join("")).toBe(word);
      }),
    );
  });

  it("makes one unknown token of neighbours that no piece holds", () => {
    expect(encoder({ a: -1 })("xy😀a𠀀")).toEqual({ ids: [0, 1, 0], starts: [0, 4, 5], ends: [4, 5, 7] });
  });
});

describe("SentencePiece models", () => {
  it("encode with offsets, spaces not in them", () => {
    const tokenizer = make(rows);
    expect(tokens(tokenizer, "  the  river er ")).toEqual(["▁the", "▁river", "▁", "er"]);
    expect(slices(tokenizer, "  the  river er ")).toEqual(["the", "river", "", "er"]);
    expect(tokenizer.encode("   ").ids).toEqual([]);
    expect(tokenizer.decode(tokenizer.encode(" the  river").ids)).toBe("the river");
  });

  it("do without the space in front, and keep spaces, where the file says so", () => {
    expect(tokens(make(rows, { addDummyPrefix: false }), "river the")).toEqual(["riv", "er", "▁the"]);
    expect(tokens(make(rows, { removeExtraSpaces: false }), "the  river ")).toEqual(["▁the", "▁", "▁river", "▁"]);
  });

  it("never become control symbols or unused pieces by their text", () => {
    const tokenizer = make([
      ...rows.slice(0, 3),
      ["▁the", -2, unused],
      ["<", -5],
      ["s", -5],
      [">", -5],
      ...words.slice(1),
    ]);
    expect(tokens(tokenizer, "the")).not.toContain("▁the");
    expect(tokens(tokenizer, "er<s>")).toEqual(["▁", "er", "<s>"]);
    expect(tokenizer.specials).toMatchObject({ cls: 1, sep: 2, unk: 0 });
  });

  it("of XLNet have <sep> and <cls> at the end, plain quotes and no accents", () => {
    const tokenizer = make(xlnetRows);
    expect(tokenizer.withSpecials([9])).toEqual([9, 2, 1]);
    expect(tokenizer.specialsInFront).toBe(0);
    expect(tokens(tokenizer, "``riv\u00e9r''")).toEqual(["▁", '"', "riv", "er", '"']);
    expect(slices(tokenizer, "``riv\u00e9r''")).toEqual(["", "``", "riv", "\u00e9r", "''"]);
    expect(tokens(tokenizer, "the<eop> the <mask> er")).toEqual(["▁the", "<eop>", "▁the", "<mask>", "▁", "er"]);
    expect(tokenizer.decode([5, 2, 1], { skipSpecials: true })).toBe("the");
    const marked = markEntities(
      tokenizer,
      "the river er",
      { start: 4, end: 9 },
      { start: 10, end: 12 },
      { maxLength: 32 },
    );
    if ("skipped" in marked) throw new Error(marked.skipped);
    expect([marked.subject, marked.object].map((at) => tokenizer.idToToken(marked.inputIds[at]!))).toEqual(["@", "#"]);
    expect(marked.inputIds.slice(-2)).toEqual([2, 1]);
  });

  it("of XLM-RoBERTa have fairseq's numbers", () => {
    const tokenizer = make(rows, {}, { fairseq: true });
    expect(["<s>", "<pad>", "</s>", "<unk>", "▁the"].map((piece) => tokenizer.tokenToId(piece))).toEqual([
      0, 1, 2, 3, 4,
    ]);
    expect(tokenizer.specials.mask).toBe(tokenizer.vocabSize - 1);
    expect(tokenizer.withSpecials([4])).toEqual([0, 4, 2]);
  });

  it("differ in their hash where a score or the normaliser differs", () => {
    const changed = rows.map(([piece, score, type]): Row => [piece, piece === "er" ? -3.5 : score, type]);
    const hashes = [make(rows), make(changed), make(rows, { removeExtraSpaces: false })].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(3);
    expect(make(rows).hash).toBe(hashes[0]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /no pieces/],
    ["text", new TextEncoder().encode("no model at all, but words"), /no SentencePiece model/],
    ["a cut file", modelFile(rows).subarray(0, 40), /damaged/],
    ["a BPE model", modelFile(rows, { modelType: 2 }), /type is 2/],
    ["no unknown token", modelFile(words), /unknown/],
    ["pieces for bytes", modelFile([...rows, ["<0x00>", 0, 6]]), /bytes/],
    ["a broken charsmap", modelFile(rows, { charsmap: Uint8Array.of(200, 0, 0, 0, 1) }), /precompiled_charsmap/],
    ["a piece that is there twice", modelFile([...rows, ["er", -9]]), /twice/],
  ])("that hold %s are refused", (_name, bytes, message) => {
    const open = () => createTokenizer(fromSentencePiece(bytes, settings, "m.model"), {}, "m.model");
    expect(open).toThrow(UserError);
    expect(open).toThrow(message);
  });

  it("give a tokenizer or a UserError, whatever is changed in them", () => {
    const bytes = modelFile(rows, { charsmap: Uint8Array.of(8, 0, 0, 0, 0, 4, 0, 0, 1, 0, 0, 0, 65, 0) });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        try {
          createTokenizer(fromSentencePiece(changed, settings, "m.model"), {}, "m.model").encode("the river <s> é");
        } catch (error) {
          expect(error, String(error)).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("loading", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kadapter-unigram-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("finds the .model of a folder, by its usual name among several", async () => {
    await writeFile(join(folder, "any.model"), modelFile(rows));
    expect((await loadTokenizer(folder)).kind).toBe("unigram");
    await writeFile(join(folder, "other.model"), modelFile(rows));
    await expect(loadTokenizer(folder)).rejects.toThrow(/no tokenizer found/);
    await writeFile(join(folder, "spiece.model"), modelFile(xlnetRows));
    await writeFile(join(folder, "tokenizer_config.json"), '{"do_lower_case": true}');
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.specials.cls).toBe(1);
    expect(tokens(tokenizer, "THE")).toEqual(["▁the"]);
  });

  it.each([
    [{ type: "Metaspace", replacement: "▁", prepend_scheme: "always" }, ["▁the", "▁", "er"]],
    [{ type: "Metaspace", replacement: "▁", add_prefix_space: true }, ["▁the", "▁", "er"]],
    [{ type: "Metaspace", replacement: "▁", prepend_scheme: "never" }, ["<unk>", "e", "▁", "er"]],
    [
      {
        type: "Sequence",
        pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Metaspace", replacement: "▁", add_prefix_space: true }],
      },
      ["▁the", "▁", "er"],
    ],
  ])("reads tokenizer.json with %j", (pre_tokenizer, expected) => {
    const vocab = rows.map(([piece, score]) => [piece, score]);
    const json = { added_tokens: [], normalizer: null, pre_tokenizer, model: { type: "Unigram", unk_id: 0, vocab } };
    expect(tokens(createTokenizer(json, {}, "tokenizer.json"), "the er")).toEqual(expected);
  });
});
