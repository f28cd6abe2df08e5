import { expect, it } from "vitest";
import { int32Tensor } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { hashJson, hashLists } from "../weights/hash.js";
import { storeEncoded } from "./encoded-examples.js";
import { hashExamples } from "./example-hash.js";
import { chosenExamples, filteredExamples } from "./examples.js";
import { StoredExamples } from "./stored-examples.js";
import type { EncodedText } from "./task.js";
import { encodeExamples } from "./task-data.js";

interface Encoded extends EncodedText {
  readonly texts: readonly EncodedText[];
  readonly label: number;
}

/** Numbers as examples: each has as many texts as its last digit says, none longer than itself; 13 does not fit. */
const task = {
  encode: (example: number): Encoded | { skipped: string } => {
    if (example === 13) return { skipped: "unlucky" };
    const textOf = (_: unknown, i: number) => ({ inputIds: Array.from({ length: i + 1 }, (_, k) => example + k) });
    const texts = Array.from({ length: example % 10 }, textOf);
    return { inputIds: texts[0]?.inputIds ?? [], texts, label: -example };
  },
  feeds: (batch: readonly Encoded[]) => ({
    labels: int32Tensor(
      [batch.length],
      Int32Array.from(batch, ({ label }) => label),
    ),
  }),
};
const several = { ...task, texts: ({ texts }: Encoded) => texts };
const none = {} as Tokenizer;
const set = { where: "numbers", examples: Array.from({ length: 1200 }, (_, i) => i), skipped: { before: 2 } };

it("keeps what is encoded, counts what does not fit, and hashes both as they are in memory", async () => {
  const { examples, skipped } = await storeEncoded(task, none, set);
  const inMemory = encodeExamples<number, Encoded>(task, none, set);
  expect(skipped).toEqual({ before: 2, unlucky: 1 });
  expect(inMemory.skipped).toEqual(skipped);
  expect([...examples]).toEqual(inMemory.examples);
  expect(examples.at(1199)).toBeUndefined();
  expect([...examples.lengths]).toEqual(inMemory.examples.map(({ inputIds }) => inputIds.length));
  expect(examples.textCounts).toBeNull();
  const ids = inMemory.examples.map(({ inputIds }) => inputIds);
  const hashes = { examples: hashExamples(task, inMemory.examples), texts: hashLists(ids) };
  expect(examples.hashes).toEqual({ ...hashes, both: hashJson([hashes.examples, hashes.texts]) });
  const seventh = examples.at(7) as Encoded;
  expect(examples.indexOf(seventh)).toBe(7);
  expect(examples.indexOf({ ...seventh })).toBeUndefined();
  await examples.close();
});

it("finds the texts of examples that have several, or none", async () => {
  const { examples } = await storeEncoded(several, none, set);
  const inMemory = encodeExamples<number, Encoded>(task, none, set).examples;
  const texts = inMemory.flatMap((example) => example.texts);
  expect([...examples.texts]).toEqual(texts);
  expect([...examples.textCounts!]).toEqual(inMemory.map((example) => example.texts.length));
  expect([...examples.lengths]).toEqual(inMemory.map((example) => example.texts.length));
  expect(Array.from(examples.texts.lengths)).toEqual(texts.map(({ inputIds }) => inputIds.length));
  for (let i = 0; i < texts.length; i += 97) {
    const text = examples.texts.at(i) as EncodedText;
    expect(text).toEqual(texts[i]);
    expect(examples.texts.indexOf(text)).toBe(i);
  }
  expect(examples.texts.at(texts.length)).toBeUndefined();
  // Whoever reads an example finds its texts, too.
  for (const text of (examples.at(28) as Encoded).texts) {
    expect(examples.texts.at(examples.texts.indexOf(text) as number)).toEqual(text);
  }
  await examples.close();
});

it("stops where it is asked to, and says where nothing is left", async () => {
  const stop = new AbortController();
  const encode = (one: number) => {
    if (one === 300) stop.abort();
    return task.encode(one);
  };
  await expect(storeEncoded({ ...task, encode }, none, set, stop.signal)).rejects.toThrow("abort");
  await expect(storeEncoded(task, none, { where: "few", examples: [13], skipped: {} })).rejects.toThrow(
    "few: none of 1 example fits (1: unlucky); raise maxLength",
  );
});

it("refuses what the disk would give back as something else", async () => {
  class Custom {
    readonly inputIds = [1];
  }
  const [first, second] = [await StoredExamples.create<unknown>(), await StoredExamples.create<unknown>()];
  expect(() => first.add({ one: new Custom() })).toThrow(
    "an example.one: it is an object of the class Custom, which cannot be kept on disk; expected numbers, texts, lists",
  );
  expect(() => second.add({ parts: [() => 1] })).toThrow("an example.parts.0: it is a function, which cannot be kept");
  const plain = { ids: Int32Array.of(1, 2), by: new Map([["a", Number.NaN]]), none: undefined, list: [null, -0] };
  first.add(plain);
  expect(first.at(0)).toEqual(plain);
});

it("chooses among examples without moving them", () => {
  const all = ["a", "b", "c", "d"];
  expect([...chosenExamples(all, Uint32Array.of(3, 1))]).toEqual(["d", "b"]);
  const kept = filteredExamples(all, (one, i) => one !== "b" && i < 3);
  expect([kept.length, kept.at(1), kept.at(2), [...kept]]).toEqual([2, "c", undefined, ["a", "c"]]);
  expect(filteredExamples(all, () => true)).toBe(all);
});
