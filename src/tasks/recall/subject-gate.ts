import type { Tokenizer } from "../../text/tokenizer.js";

/**
 * Tells in which texts an adapter has a say: those in which one of its subjects stands, token by token. A subject's
 * tokens depend on what is before it (a byte-level token carries the space), so each is known as it stands at a text's
 * beginning, after a space, and after a mark.
 */
export class SubjectGate {
  /** Token sequences by their first token. */
  private readonly sequences = new Map<number, (readonly number[])[]>();

  constructor(
    private readonly tokenizer: Tokenizer,
    subjects: Iterable<string>,
  ) {
    const { encode, specials } = tokenizer;
    const mark = encode("(").ids.length;
    for (const subject of subjects) {
      const forms = [encode(subject).ids, encode(` ${subject}`).ids, encode(`(${subject}`).ids.slice(mark)];
      // What the tokenizer does not know would stand for anything.
      const known = forms.filter((ids) => ids.length > 0 && !ids.includes(specials.unk ?? -1));
      for (const ids of new Map(known.map((one) => [one.join(), one])).values()) this.add(ids);
    }
  }

  private add(ids: readonly number[]): void {
    const [first] = ids as [number];
    const known = this.sequences.get(first);
    if (known) known.push(ids);
    else this.sequences.set(first, [ids]);
  }

  /** Whether one of the subjects stands in a text, as whole words. */
  opens(inputIds: readonly number[]): boolean {
    return inputIds.some((first, at) =>
      this.sequences
        .get(first)
        ?.some((ids) => ids.every((id, i) => inputIds[at + i] === id) && this.isWhole(inputIds, at, at + ids.length)),
    );
  }

  /** Whether no letter or digit goes on before or after what stands there: `Niger` is not in `Nigeria`. */
  private isWhole(inputIds: readonly number[], start: number, end: number): boolean {
    const text = (from: number, to: number) => this.tokenizer.decode(inputIds.slice(Math.max(0, from), to));
    const own = text(start, end).trim();
    const before = text(start - 1, end).slice(0, -own.length);
    const after = text(start, end + 1)
      .trimStart()
      .slice(own.length);
    return !/[\p{L}\p{N}]$/u.test(before) && !/^[\p{L}\p{N}]/u.test(after);
  }
}
