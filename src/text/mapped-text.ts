import { userError } from "../errors.js";

/**
 * Text that was changed on its way to the tokenizer and still knows where each of its UTF-16 units came from.
 * Without `starts` and `ends` it is a slice of the original that begins at `base`.
 */
export interface MappedText {
  readonly text: string;
  readonly base: number;
  /** For each unit of `text`, the range of the original text it stands for. */
  readonly starts?: readonly number[];
  readonly ends?: readonly number[];
}

/** Where the unit at `index` starts in the original text. */
export function originStart(mapped: MappedText, index: number): number {
  return mapped.starts?.[index] ?? mapped.base + index;
}

/** Where the unit at `index` ends in the original text. */
export function originEnd(mapped: MappedText, index: number): number {
  return mapped.ends?.[index] ?? mapped.base + index + 1;
}

/** A part of mapped text. */
export function sliceMapped(mapped: MappedText, start: number, end: number): MappedText {
  const text = mapped.text.slice(start, end);
  if (mapped.starts === undefined || mapped.ends === undefined) return { text, base: mapped.base + start };
  return { text, base: mapped.base, starts: mapped.starts.slice(start, end), ends: mapped.ends.slice(start, end) };
}

/**
 * Units that may stand for one of the original text: Unicode's longest decomposition makes 18 of one. A model's file could
 * double a text again and again.
 */
const mostGrowth = 64;
/** So many more, whatever the text: short ones may have long replacements. */
const freeGrowth = 4096;

/** Collects changed text piece by piece, each piece with the range it stands for. */
export class MappedTextBuilder {
  readonly #pieces: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** @throws UserError where the text has become far longer than what it stands for */
  add(text: string, start: number, end: number): void {
    const units = this.#starts.length + text.length;
    if (units > freeGrowth + mostGrowth * (end - (this.#starts[0] ?? start))) {
      throw userError({
        what: `the tokenizer's normaliser makes a text more than ${mostGrowth} times as long`,
        fix: "take the tokenizer from where the model was published",
      });
    }
    this.#pieces.push(text);
    for (let unit = 0; unit < text.length; unit++) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  finish(base: number): MappedText {
    return { text: this.#pieces.join(""), base, starts: this.#starts, ends: this.#ends };
  }
}

/** Changes text before it is cut into words, keeping track of where every character came from. */
export type Normaliser = (text: MappedText) => MappedText;
