/**
 * Labelled sentences from the built-in facts and patterns, so that a training can run with nothing at hand. Test
 * sentences share neither a subject nor a pattern with training.
 *
 * @example
 * ```ts
 * const { train, dev, test } = demoData({ seed: 42 });
 * ```
 * @module
 */

import type { RelationExample, Span } from "../data/relation-example.js";
import { writeWiki80 } from "../data/wiki80-writer.js";
import { join } from "../host/paths.js";
import { shuffle } from "../random.js";
import { type Fact, facts, type Name } from "./facts.js";
import { openings, patterns } from "./patterns.js";

/** The three parts of the data. */
export const demoSplits = ["train", "dev", "test"] as const;
export type DemoSplit = (typeof demoSplits)[number];

/** How much of what to make. */
export interface DemoOptions {
  /** Decides which subject goes where, and which pattern a fact gets. */
  readonly seed?: number;
  /** At most this many sentences for each relation. */
  readonly perRelation?: Readonly<Partial<Record<DemoSplit, number>>>;
  /** The part whose patterns are used, if not the sentences' own: `train` puts new facts in familiar words. */
  readonly patternsOf?: DemoSplit;
}

/** The relations, in alphabetical order. */
export const demoRelations: readonly string[] = Object.keys(patterns).sort();

/** All parts; the same seed makes the same sentences, everywhere. */
export function demoData(options: DemoOptions = {}): Readonly<Record<DemoSplit, readonly RelationExample[]>> {
  return {
    train: demoExamples("train", options),
    dev: demoExamples("dev", options),
    test: demoExamples("test", options),
  };
}

/** One part of the data. */
export function demoExamples(split: DemoSplit, options: DemoOptions = {}): readonly RelationExample[] {
  const { seed = 42, perRelation, patternsOf = split } = options;
  const most = perRelation?.[split] ?? { train: 150, dev: 20, test: 40 }[split];
  const random = generator(hash(`${seed} ${split}`));
  const starts = openings[patternsOf];
  const chosen = demoRelations.flatMap((relation) => {
    const own = facts.filter((fact) => fact.relation === relation && splitOf(fact.subject, seed) === split);
    const pairs = own.flatMap((fact) =>
      patterns[relation]![patternsOf].filter((pattern) => fits(pattern, fact)).map((pattern) => ({ fact, pattern })),
    );
    return shuffle(pairs, random).slice(0, most);
  });
  return shuffle(chosen, random).map(({ fact, pattern }, index) => {
    const opening = starts[Math.floor(random() * starts.length)]!;
    const where = `built-in facts, ${split} ${index + 1}`;
    return { ...sentence(opening + pattern, fact), id: `${split}-${index + 1}`, where };
  });
}

/** Where a subject belongs, by its name alone: all that is known of it goes to the same part. */
export function splitOf(subject: Name, seed: number): DemoSplit {
  const share = generator(hash(`${seed} subject ${subject.text}`))();
  return share < 0.65 ? "train" : share < 0.8 ? "dev" : "test";
}

/** Whether all of a pattern's names are known of the fact's subject, and none of them is the object itself. */
function fits(pattern: string, fact: Fact): boolean {
  return [...pattern.matchAll(/\{([^}]+)\}/g)].every(([, field]) => {
    if (field === "s" || field === "o") return true;
    const other = fact.others.get(field!);
    return other !== undefined && other.text !== fact.object.text;
  });
}

/** Fills a pattern in; the sentence begins with a capital. */
function sentence(pattern: string, fact: Fact): Omit<RelationExample, "where"> {
  let text = "";
  const spans = new Map<string, Span>();
  for (const part of pattern.split(/(?=\{)|(?<=\})/)) {
    const field = /^\{(.+)\}$/.exec(part)?.[1];
    if (field === undefined) {
      text += text === "" ? capital(part) : part;
      continue;
    }
    const name = field === "s" ? fact.subject : field === "o" ? fact.object : fact.others.get(field)!;
    if (name.article) text += text === "" ? "The " : "the ";
    const shown = text === "" ? capital(name.text) : name.text;
    spans.set(field, { start: text.length, end: text.length + shown.length });
    text += shown;
  }
  return { text, subject: spans.get("s")!, object: spans.get("o")!, relation: fact.relation };
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Writes `train.jsonl`, `dev.jsonl` and `test.jsonl` in Wiki80's form; says where they are. */
export async function writeDemoData(
  folder: string,
  options: DemoOptions = {},
): Promise<Readonly<Record<DemoSplit, string>>> {
  const paths = {
    train: join(folder, "train.jsonl"),
    dev: join(folder, "dev.jsonl"),
    test: join(folder, "test.jsonl"),
  };
  const data = demoData(options);
  for (const split of demoSplits) await writeWiki80(paths[split], data[split]);
  return paths;
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/**
 * mulberry32: numbers from 0 to below 1. The demo's sentences, and so its published figures, follow from this generator
 * and this hash; new code takes `RandomStream`.
 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
