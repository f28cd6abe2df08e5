import { expect, it } from "vitest";
import { MappedTextBuilder } from "./mapped-text.js";
import { createNormaliser } from "./normalise.js";

const replace = (from: string, content: string) => ({ type: "Replace", pattern: { String: from }, content });
const normalise = (normalizers: readonly object[], text: string) =>
  createNormaliser({ type: "Sequence", normalizers }, "tokenizer.json")?.({ text, base: 0 }).text;

const doubled = (times: number) => Array.from({ length: times }, () => replace("a", "aa"));

it("refuses normalisers that double a text again and again", () => {
  expect(() => normalise(doubled(24), "a".repeat(100))).toThrow(/normaliser makes a text more than 64 times as long/);
  expect(() => normalise([replace("a", "b".repeat(1_000_000))], "a".repeat(1000))).toThrow(/64 times as long/);
});

it("takes what makes texts longer within reason", () => {
  expect(normalise(doubled(5), "a")).toBe("a".repeat(32));
  expect(normalise([replace("a", "b".repeat(4000))], "a")).toBe("b".repeat(4000));
  // U+FDFA has the longest decomposition.
  expect(normalise([{ type: "NFKD" }], "\ufdfa".repeat(1000))?.length).toBe(18_000);
});

it("measures growth by what a text stands for, wherever it begins", () => {
  const out = new MappedTextBuilder();
  for (let at = 1_000_000; at < 1_010_000; at++) out.add("x".repeat(60), at, at + 1);
  expect(out.finish(0).text.length).toBe(600_000);
});
