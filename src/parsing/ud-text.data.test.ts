/** Words and sentences of the treebanks' own texts, counted as CoNLL 2018's evaluation does: by their characters. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { SentenceCutter } from "../knowledge/align/sentences.js";
import { published } from "../testing/published.js";
import { udWords } from "../text/ud-words.js";

const folder = published("data", "ud");

/** A sentence of a treebank: its text, its words, and whether a paragraph begins with it. */
interface GoldSentence {
  readonly text: string;
  readonly words: readonly string[];
  readonly begins: boolean;
}

async function gold(name: string): Promise<GoldSentence[]> {
  const bytes = await readFile(join(folder, name));
  const content = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return content
    .trim()
    .split("\n\n")
    .map((block) => {
      const rows = block.split("\n").filter((line) => /^\d+\t/.test(line));
      return {
        text: /^# text = (.*)$/m.exec(block)?.[1] ?? "",
        words: rows.map((line) => line.split("\t")[1] ?? ""),
        begins: /^# new(doc|par)\b/m.test(block),
      };
    });
}

const solid = (text: string) => text.replace(/\s+/g, "").length;

/** Places of pieces in a text, white space not counted; each kind of piece covers the text. */
function places(pieces: readonly string[], from = 0): Set<string> {
  let at = from;
  return new Set(
    pieces.map((piece) => {
      const start = at;
      at += solid(piece);
      return `${start}-${at}`;
    }),
  );
}

function f1(found: ReadonlySet<string>, expected: ReadonlySet<string>): number {
  const right = [...found].filter((place) => expected.has(place)).length;
  return (100 * 2 * right) / (found.size + expected.size);
}

function wordScore(sentences: readonly GoldSentence[]): number {
  const [found, expected] = [new Set<string>(), new Set<string>()];
  let at = 0;
  for (const { text, words } of sentences) {
    for (const place of places(
      udWords(text).map(({ form }) => form),
      at,
    ))
      found.add(place);
    for (const place of places(words, at)) expected.add(place);
    at += Math.max(
      solid(text),
      words.reduce((sum, word) => sum + solid(word), 0),
    );
  }
  return f1(found, expected);
}

/** Where paragraphs end is told; sentences are not. */
function sentenceScore(sentences: readonly GoldSentence[]): number {
  const text = sentences.map(({ text, begins }, i) => `${i === 0 ? "" : begins ? "\n\n" : " "}${text}`).join("");
  const cut = new SentenceCutter("en").cut(text, []).map(({ start, end }) => text.slice(start, end));
  return f1(places(cut), places(sentences.map((one) => one.text)));
}

describe.skipIf(!folder)("words and sentences of treebanks", () => {
  // docs/linguistic.md has the same numbers.
  it.each([
    ["en_ewt-ud-test.conllu", 98.7, 79.4],
    ["en_gum-ud-test.conllu.gz", 99.5, 93.5],
    ["en_lines-ud-test.conllu.gz", 98.6, 86.4],
    ["en_partut-ud-test.conllu", 99.5, 95.6],
    ["en_pud-ud-test.conllu", 99.9, 99.3],
  ])("%s: F1 of words %f, of sentences %f", async (name, words, sentences) => {
    const expected = await gold(name);
    expect(wordScore(expected)).toBeGreaterThan(words);
    expect(sentenceScore(expected)).toBeGreaterThan(sentences);
  });
});
