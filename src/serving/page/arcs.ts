/**
 * Where the words and arcs of a dependency tree are drawn.
 * @module
 */
import type { TreeWord } from "./api.js";

/** A word's place on the line. */
export interface PlacedWord {
  readonly form: string;
  /** Its middle. */
  readonly x: number;
}

/** An arc from a word's head to the word. */
export interface PlacedArc {
  /** Index of the word, and of its head; null for the root. */
  readonly word: number;
  readonly head: number | null;
  readonly relation: string;
  readonly from: number;
  readonly to: number;
  /** 1 for the lowest. */
  readonly level: number;
}

export interface PlacedTree {
  readonly words: readonly PlacedWord[];
  readonly arcs: readonly PlacedArc[];
  readonly width: number;
  readonly levels: number;
}

/** Pixels between words, beside the line, around a label, and between arcs that leave one word. */
const [gap, margin, padding, step] = [18, 16, 26, 8];

interface Link {
  readonly word: number;
  readonly head: number;
  readonly relation: string;
}

const ends = ({ word, head }: Link): readonly [number, number] => [Math.min(word, head), Math.max(word, head)];
const spanOf = (link: Link) => Math.abs(link.word - link.head);

/** @param widthOf pixels of a text: of a word, or of the label of an arc */
export function placeTree(
  words: readonly TreeWord[],
  widthOf: (text: string, what: "word" | "label") => number,
): PlacedTree {
  const links = words.flatMap(({ head, relation = "" }, word): Link[] =>
    head > 0 ? [{ word, head: head - 1, relation }] : [],
  );
  const levels = levelsOf(links);
  const placed = placeWords(words, links, widthOf);
  const x = (i: number) => placed.words[i]?.x ?? 0;
  const arcs = links.map((link): PlacedArc => {
    const { word, head, relation } = link;
    const from = x(head) + Math.sign(word - head) * offsetOf(link, links);
    return { word, head, relation, from, to: x(word), level: levels.get(link) ?? 1 };
  });
  const most = Math.max(0, ...arcs.map(({ level }) => level));
  const roots = words.flatMap(({ head, relation = "root" }, word): PlacedArc[] =>
    head > 0 ? [] : [{ word, head: null, relation, from: x(word), to: x(word), level: most + 1 }],
  );
  return { words: placed.words, arcs: [...arcs, ...roots], width: placed.width, levels: most + 1 };
}

/** An arc is drawn above all those that lie below it, and that it would cross at one height. */
function levelsOf(links: readonly Link[]): ReadonlyMap<Link, number> {
  const levels = new Map<Link, number>();
  for (const link of links.toSorted((a, b) => spanOf(a) - spanOf(b) || a.word - b.word)) {
    const [start, end] = ends(link);
    const below = [...levels].filter(([other]) => {
      const [from, to] = ends(other);
      return from < end && to > start;
    });
    levels.set(link, 1 + Math.max(0, ...below.map(([, level]) => level)));
  }
  return levels;
}

/** Arcs that leave a word at one side begin side by side: the longest nearest to the middle, as it is the highest. */
function offsetOf(link: Link, links: readonly Link[]): number {
  const side = Math.sign(link.word - link.head);
  const beside = links.filter(({ word, head }) => head === link.head && Math.sign(word - head) === side);
  return step * (1 + beside.filter((other) => spanOf(other) > spanOf(link)).length);
}

/** Words follow one another, as far apart as they and the labels above them need. */
function placeWords(
  words: readonly TreeWord[],
  links: readonly Link[],
  widthOf: (text: string, what: "word" | "label") => number,
): Pick<PlacedTree, "words" | "width"> {
  const placed: { form: string; x: number }[] = [];
  let right = margin - gap;
  words.forEach(({ form }, i) => {
    const half = widthOf(form, "word") / 2;
    let x = right + gap + half;
    for (const link of links) {
      const [start, end] = ends(link);
      if (end !== i) continue;
      const needed = widthOf(link.relation, "label") + padding + offsetOf(link, links);
      x = Math.max(x, (placed[start]?.x ?? 0) + needed);
    }
    placed.push({ form, x });
    right = x + half;
  });
  return { words: placed, width: right + margin };
}
