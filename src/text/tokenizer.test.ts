import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { sentences, smallBert, smallBpe, smallVocabTxt } from "../testing/small-tokenizers.js";
import { trainBpe } from "./bpe-trainer.js";
import { createTokenizer, loadTokenizer, type Tokenizer } from "./tokenizer.js";
import { fromVocabTxt } from "./vocab-files.js";

/** Text with everything that normalisers and bytes trip over. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(..."aB é\u0301日𠀀😀\t\n.,'@#[]İΣﬁ\u00ad\u200d\u0085\ufeff가\ud800½"),
    maxLength: 40,
  }),
);

let folder = "";
let bpe: Tokenizer;
const bert = smallBert();
const bertJson = () => ({
  ...fromVocabTxt(smallVocabTxt(), {}, "x"),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-tokenizer-"));
  bpe = await smallBpe();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Writes files into a folder of their own and loads the tokenizer from there. */
async function load(name: string, files: Readonly<Record<string, string>>): Promise<Tokenizer> {
  const place = await mkdtemp(join(folder, `${name}-`));
  for (const [file, content] of Object.entries(files)) await writeFile(join(place, file), content);
  return loadTokenizer(place);
}

const slices = (tokenizer: Tokenizer, text: string): string[] =>
  tokenizer.encode(text).offsets.map(([start, end]) => text.slice(start, end));
const tokens = (tokenizer: Tokenizer, text: string): (string | undefined)[] =>
  tokenizer.encode(text).ids.map((id) => tokenizer.idToToken(id));

describe("WordPiece", () => {
  it("gives each token the characters it was made of", () => {
    const text = "  Vellmar's CAFÉ, 日本!";
    expect(tokens(bert, text)).toEqual(["ve", "##llm", "##ar", "'", "s", "cafe", ",", "日", "本", "!"]);
    expect(slices(bert, text)).toEqual(["Ve", "llm", "ar", "'", "s", "CAFÉ", ",", "日", "本", "!"]);
  });

  it("drops control characters and accents, and lowers letter by letter", () => {
    expect(tokens(bert, "ri\u200dver\u0000")).toEqual(["river"]);
    expect(slices(bert, "ri\u200dver\u0000")).toEqual(["ri\u200dver"]);
    expect(tokens(bert, "cafe\u0301")).toEqual(["cafe"]);
    expect(tokens(bert, "İ")).toEqual(["i"]);
  });

  it("makes an unknown word one token that stands for all of it", () => {
    expect(tokens(bert, "the ψυχή river")).toEqual(["the", "[UNK]", "river"]);
    expect(slices(bert, "the ψυχή river")).toEqual(["the", "ψυχή", "river"]);
  });

  it("finds special tokens in the text", () => {
    expect(tokens(bert, "a[MASK] b")).toEqual(["a", "[MASK]", "b"]);
    expect(slices(bert, "a[MASK] b")).toEqual(["a", "[MASK]", "b"]);
  });

  it("has offsets in order and inside any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { ids, offsets } = bert.encode(text);
        expect(offsets.length).toBe(ids.length);
        let last = 0;
        for (const [start, end] of offsets) {
          expect(start).toBeGreaterThanOrEqual(last === 0 ? 0 : Math.min(start, last));
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          last = end;
        }
      }),
    );
  });
});

describe("byte-level BPE", () => {
  it("slices words without the space that their token carries", () => {
    const text = "The river, the sea";
    expect(slices(bpe, text).join("|").replaceAll("|", "")).toBe("Theriver,thesea");
  });

  it("gives every token that holds a part of a character the whole character", () => {
    const parts = bpe.encode("x😀");
    expect(parts.ids.length).toBe(5);
    expect(parts.offsets.slice(1)).toEqual([1, 2, 3, 4].map(() => [1, 3]));
  });

  it("writes any text so that it can be read back, with offsets in order", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { ids, offsets } = bpe.encode(text);
        expect(bpe.decode(ids)).toBe(Buffer.from(text).toString());
        let last = 0;
        for (const [start, end] of offsets) {
          expect(start).toBeLessThanOrEqual(end);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(end).toBeGreaterThanOrEqual(last);
          last = end;
        }
      }),
    );
  });

  it("puts a space in front where the model's settings say so", async () => {
    const { vocabJson, mergesTxt } = await trainBpe(sentences, { vocabSize: 420 });
    const files = { "vocab.json": vocabJson, "merges.txt": mergesTxt };
    const without = await load("bpe", files);
    const withSpace = await load("bpe", { ...files, "tokenizer_config.json": '{"add_prefix_space": true}' });
    expect(withSpace.encode("river").ids).toEqual(without.encode(" river").ids);
    expect(slices(withSpace, "river")).toEqual(["river"]);
    expect(withSpace.hash).not.toBe(without.hash);
  });

  it("reads half of a surrogate pair as the sign for what is no character", () => {
    const text = "a\ud83db \ude00<mask>\udc00";
    expect(bpe.encode(text)).toEqual(bpe.encode(text.replace(/\p{Cs}/gu, "\ufffd")));
    expect(bpe.encode(text).offsets.at(-1)).toEqual([text.length - 1, text.length]);
  });

  it("reads the space before <mask> as a part of it, as RoBERTa does", () => {
    expect(tokens(bpe, "a <mask>b")).toEqual(["a", "<mask>", "b"]);
  });
});

describe("special tokens", () => {
  it("are BERT's or RoBERTa's", () => {
    expect(bert.specials).toEqual({ pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 });
    expect(bpe.specials).toEqual({ cls: 0, pad: 1, sep: 2, unk: 3, mask: bpe.vocabSize - 1 });
    expect(bert.decode(bert.withSpecials(bert.encode("the river").ids))).toBe("[CLS] the river [SEP]");
    expect(bert.decode(bert.withSpecials(bert.encode("the river").ids), { skipSpecials: true })).toBe("the river");
    expect(bert.decode([])).toBe("");
    expect(() => bert.decode([1_000_000])).toThrow(UserError);
  });
});

describe("loading", () => {
  it("gives the same tokenizer from vocab.txt and tokenizer.json, and resets padding and truncation", async () => {
    const json = {
      ...bertJson(),
      truncation: { max_length: 4, strategy: "LongestFirst", stride: 0 },
      padding: { strategy: { Fixed: 128 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" },
    };
    const fromJson = await load("json", { "tokenizer.json": JSON.stringify(json) });
    const fromTxt = await load("txt", {
      "vocab.txt": smallVocabTxt(),
      "tokenizer_config.json": '{"do_lower_case": true}',
    });
    expect(fromJson.hash).toBe(fromTxt.hash);
    for (const text of sentences) expect(fromJson.encode(text)).toEqual(fromTxt.encode(text));
    expect(fromJson.encode("The river").ids).toHaveLength(2);
    expect(fromTxt.notes).toEqual([]);
  });

  it("lower-cases where nothing says otherwise, as transformers does, and says so where the vocabulary is cased", async () => {
    const uncased = await load("guess", { "vocab.txt": smallVocabTxt() });
    expect(uncased.notes).toEqual([]);
    expect(uncased.encode("THE").ids).toEqual(uncased.encode("the").ids);
    const cased = await load("guess", { "vocab.txt": `${smallVocabTxt()}\nThe` });
    expect(cased.notes[0]).toMatch(/vocab\.txt: it holds capitals.*lower-cased/);
    expect(cased.encode("The").ids).toEqual(cased.encode("the").ids);
  });

  it("says where a file beside tokenizer.json wins over it", async () => {
    const cased = { ...bertJson(), normalizer: { ...(bertJson().normalizer as object), lowercase: false } };
    const of = (config: object, more: Readonly<Record<string, string>> = {}) =>
      load("beside", {
        "tokenizer.json": JSON.stringify(cased),
        "tokenizer_config.json": JSON.stringify(config),
        ...more,
      });
    const generic = await of({ tokenizer_class: "PreTrainedTokenizerFast", do_lower_case: true });
    expect(generic.notes).toEqual([]);
    expect(tokens(generic, "THE")).not.toEqual(["the"]);
    const bertClass = await of({ tokenizer_class: "BertTokenizer" });
    expect(bertClass.notes).toEqual([expect.stringMatching(/lowercase is false.*default, do_lower_case true/)]);
    expect(tokens(bertClass, "THE")).toEqual(["the"]);
    const contradiction = await of(
      { tokenizer_class: "BertTokenizer", do_lower_case: false, added_tokens_decoder: { "9999": { content: "<e>" } } },
      { "added_tokens.json": '{"<f>": 7}', "special_tokens_map.json": '{"mask_token": "<f>"}' },
    );
    expect(contradiction.notes).toEqual([
      expect.stringMatching(/added_tokens\.json: it gives "<f>" the id 7, which is not read/),
      expect.stringMatching(/special_tokens_map\.json: its mask_token "<f>" is not read/),
      expect.stringMatching(/"<e>" has the id \d+, as transformers counts, not 9999/),
    ]);
    await expect(of({ tokenizer_class: "BertTokenizer", do_lower_case: "yes" })).rejects.toThrow(
      /tokenizer_config\.json beside .*: do_lower_case: /,
    );
  });

  it("refuses a decoder with a pattern of its own", () => {
    const json = JSON.parse(readFileSync("models/own/tokenizer.json", "utf8")) as object;
    const decoder = { type: "Sequence", decoders: [{ type: "Replace", pattern: { Regex: "(a+)+$" }, content: "" }] };
    expect(() => createTokenizer({ ...json, decoder }, {}, "tokenizer.json")).toThrow(
      /^tokenizer\.json: decoder\.type: /,
    );
  });

  it("agrees with @huggingface/tokenizers", () => {
    const theirs = new HuggingFaceTokenizer(bertJson(), {}) as unknown as {
      encode(text: string, options: object): { ids: number[] };
    };
    for (const text of sentences) {
      expect(bert.encode(text).ids).toEqual(theirs.encode(text, { add_special_tokens: false }).ids);
    }
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ["nothing there", {}, /no tokenizer found/],
    ["no JSON", { "tokenizer.json": "{" }, /not JSON/],
    ["an array", { "tokenizer.json": "[]" }, /expected/i],
    ["no model", { "tokenizer.json": "{}" }, /model/],
    ["a model of another kind", { "tokenizer.json": '{"model":{"type":"WordLevel","vocab":{"a":0}}}' }, /WordLevel/],
    ["ids that are no numbers", { "tokenizer.json": '{"model":{"type":"BPE","vocab":{"a":"0"}}}' }, /"a" has the id/],
    ["an id used twice", { "vocab.json": '{"a":0,"b":0}', "merges.txt": "" }, /another token/],
    ["a huge id", { "vocab.json": '{"a":99999999999}', "merges.txt": "" }, /99999999999/],
    ["a merge of three", { "vocab.json": '{"a":0}', "merges.txt": "#version: 0.2\na a a\n" }, /merges\.txt:2/],
    ["an unknown merge", { "vocab.json": '{"a":0}', "merges.txt": "a a\n" }, /"aa" is not in vocab\.json/],
    ["no [UNK]", { "vocab.txt": "a\nb\n" }, /\[UNK\]/],
    ["settings that are no object", { "vocab.txt": "[UNK]", "tokenizer_config.json": "3" }, /no JSON object/],
  ])("refuses %s in one line", async (_name, files, message) => {
    const error = await load("bad", files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).not.toContain("\n");
  });

  it("gives a tokenizer or a UserError for any change of a tokenizer.json", () => {
    const text = JSON.stringify(bertJson());
    const change = fc.record({
      at: fc.nat(1200),
      what: fc.constantFrom("", "0", "null", "[", '"', "-", "{}", "__proto__"),
    });
    fc.assert(
      fc.property(change, ({ at, what }) => {
        try {
          const tokenizer = createTokenizer(
            JSON.parse(text.slice(0, at) + what + text.slice(at + 1)),
            {},
            "tokenizer.json",
          );
          tokenizer.encode("The river [MASK]");
        } catch (error) {
          expect(error instanceof UserError || error instanceof SyntaxError, String(error)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("treats a token called __proto__ as any other", async () => {
    const { vocabJson, mergesTxt } = await trainBpe(["__proto__"], { vocabSize: 300 });
    const vocab = vocabJson.replace(/}$/, ',"__proto__":5000}');
    const tokenizer = await load("proto", { "vocab.json": vocab, "merges.txt": mergesTxt });
    expect(tokenizer.tokenToId("__proto__")).toBe(5000);
    expect(tokenizer.tokenToId("constructor")).toBeUndefined();
  });
});
