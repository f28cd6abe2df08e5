import type { Tokenizer } from "../../text/tokenizer.js";
import { TokenSentences } from "./token-sentences.js";

/**
 * How far a subject opens the gate: the sentences in which it stands (and a few tokens around it, whatever ends there), or
 * the whole text, as for adapters that were taught before there was a choice.
 */
export const gateReaches = ["sentence", "text"] as const;
export type GateReach = (typeof gateReaches)[number];

/** Tokens around a subject that it opens in any case: a sentence's end is not always told from an abbreviation's. */
export const near = 8;

/** A subject's tokens in a text, end exclusive. */
interface Mention {
  readonly start: number;
  readonly end: number;
}

/**
 * The token sequences by which a subject is found. Its tokens depend on what is before it (a byte-level token carries the
 * space), so each is known as it stands at a text's beginning, after a space, and after a mark.
 */
export function subjectForms(
  { encode, specials }: Tokenizer,
  subjects: Iterable<string>,
): readonly (readonly number[])[] {
  const forms = new Map<string, readonly number[]>();
  const mark = encode("(").ids.length;
  for (const subject of subjects) {
    for (const ids of [encode(subject).ids, encode(` ${subject}`).ids, encode(`(${subject}`).ids.slice(mark)]) {
      // What the tokenizer does not know would stand for anything.
      if (ids.length > 0 && !ids.includes(specials.unk ?? -1)) forms.set(ids.join(), ids);
    }
  }
  return [...forms.values()];
}

/** Whether no letter or digit goes on before or after the tokens from `start` to `end`: `Niger` is not in `Nigeria`. */
export function isWhole(tokenizer: Tokenizer, ids: readonly number[], start: number, end: number): boolean {
  const text = (from: number, to: number) => tokenizer.decode(ids.slice(Math.max(0, from), to));
  const own = text(start, end).trim();
  const before = text(start - 1, end).slice(0, -own.length);
  const after = text(start, end + 1)
    .trimStart()
    .slice(own.length);
  return !/[\p{L}\p{N}]$/u.test(before) && !/^[\p{L}\p{N}]/u.test(after);
}

/** Tells where an adapter has a say: where one of its subjects stands, token by token. */
export class SubjectGate {
  /** Token sequences by their first token. */
  private readonly sequences = new Map<number, (readonly number[])[]>();
  private readonly sentences: TokenSentences;
  /** What was told of a text, by the array of its ids. */
  private readonly known = new WeakMap<readonly number[], readonly boolean[]>();

  constructor(
    private readonly tokenizer: Tokenizer,
    subjects: Iterable<string>,
    private readonly reach: GateReach,
  ) {
    this.sentences = new TokenSentences(tokenizer);
    for (const ids of subjectForms(tokenizer, subjects)) this.add(ids);
  }

  private add(ids: readonly number[]): void {
    const [first] = ids as [number];
    const known = this.sequences.get(first);
    if (known) known.push(ids);
    else this.sequences.set(first, [ids]);
  }

  /** Whether an adapter has a say at a position of a text. */
  opensAt(inputIds: readonly number[], position: number): boolean {
    let open = this.known.get(inputIds);
    if (!open) {
      open = this.openPositions(inputIds);
      this.known.set(inputIds, open);
    }
    return open[position] ?? false;
  }

  private openPositions(inputIds: readonly number[]): readonly boolean[] {
    const mentions = this.mentions(inputIds);
    if (this.reach === "text" || mentions.length === 0) return inputIds.map(() => mentions.length > 0);
    const sentences = this.sentences.of(inputIds);
    const named = new Set<number>();
    const open = inputIds.map(() => false);
    for (const { start, end } of mentions) {
      for (const sentence of sentences.slice(start, end)) named.add(sentence);
      open.fill(true, Math.max(0, start - near), end + near);
    }
    return open.map((isNear, at) => isNear || named.has(sentences[at] as number));
  }

  /** Where subjects stand, as whole words. */
  private mentions(inputIds: readonly number[]): readonly Mention[] {
    return inputIds.flatMap((first, start) => {
      const found = this.sequences
        .get(first)
        ?.filter((ids) => ids.every((id, i) => inputIds[start + i] === id))
        .map((ids) => ({ start, end: start + ids.length }));
      return found?.filter(({ end }) => isWhole(this.tokenizer, inputIds, start, end)) ?? [];
    });
  }
}
