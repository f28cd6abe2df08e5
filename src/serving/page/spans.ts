/** Part of a text, in UTF-16 units, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A selection without the white space around it; null where nothing is left. */
export function trimmed(text: string, { start, end }: Span): Span | null {
  const words = text.slice(start, end);
  const from = start + (words.length - words.trimStart().length);
  const to = from + words.trim().length;
  return to > from ? { start: from, end: to } : null;
}

/**
 * Where a marked part stands after the text was edited: what comes before or behind an edit stays marked, an edit within
 * belongs to the part, and what an edit cuts into is no longer marked.
 */
export function moved({ start, end }: Span, before: string, after: string): Span | null {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const [from, to] = [head, before.length - tail];
  const by = after.length - before.length;
  if (end <= from) return { start, end };
  if (start >= to) return { start: start + by, end: end + by };
  const isWithin = start <= from && to <= end && end + by > start;
  return isWithin ? trimmed(after, { start, end: end + by }) : null;
}

/** A stretch of a text, with the marks that lie on it. */
export interface Piece {
  readonly text: string;
  /** Names of marks, the ones that were given first first. */
  readonly marks: readonly string[];
}

/** Cuts a text where marks begin and end. */
export function piecesOf(text: string, marks: Readonly<Record<string, Span | null>>): readonly Piece[] {
  const there = Object.entries(marks).filter((one): one is [string, Span] => one[1] !== null);
  const cuts = [...new Set([0, text.length, ...there.flatMap(([, { start, end }]) => [start, end])])];
  cuts.sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i] as number;
    const on = there.filter(([, span]) => span.start <= start && span.end >= end);
    return { text: text.slice(start, end), marks: on.map(([name]) => name) };
  });
}
