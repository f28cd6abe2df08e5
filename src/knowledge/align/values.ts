/**
 * Dates and numbers in a text, in their normal forms.
 * @module
 */
import { normalNumber, numberOfWord, numberWords, powerOfWord, timesTen } from "./number-text.js";
import { Tokens } from "./tokens.js";

/** A date or a number that stands in a text. */
export interface FoundValue {
  readonly kind: "date" | "number";
  /** A date as ISO 8601 as far as it is known; a number in digits. */
  readonly value: string;
  /** Tokens that it takes. */
  readonly length: number;
}

const monthNames = `january february march april may june july august september october november december`.split(" ");
const months = new Map<string, number>(
  monthNames.flatMap((name, i) => [
    [name, i + 1],
    [name.slice(0, 3), i + 1],
  ]),
).set("sept", 9);

/** Marks, by the lower half of a hash, which words may begin a value: few others have to be cut out of a text. */
const valueWords = new Uint8Array(1 << 16);
for (const word of [...months.keys(), ...numberWords]) {
  for (const form of [word, word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()]) {
    valueWords[new Tokens().read(form).low[0]! & 0xffff] = 1;
  }
}

/** Reads values at places of a text. */
export class ValueReader {
  constructor(
    private readonly text: string,
    private readonly tokens: Tokens,
  ) {}

  /** The longest value that begins with a token. */
  at(token: number): FoundValue | null {
    const code = this.text.charCodeAt(this.tokens.starts[token]!);
    const digit = code >= 0x30 && code <= 0x39;
    if (!digit && valueWords[this.tokens.low[token]! & 0xffff] === 0) return null;
    return (digit ? (this.isoDate(token) ?? this.dayFirst(token)) : this.monthFirst(token)) ?? this.number(token);
  }

  private word(token: number): string {
    if (token >= this.tokens.count) return "";
    const [start, end] = [this.tokens.starts[token]!, this.tokens.ends[token]!];
    return end - start > 40 ? "" : this.text.slice(start, end);
  }

  /** Whether nothing stands between a token and the one before it. */
  private joined(token: number): boolean {
    return token < this.tokens.count && token > 0 && this.tokens.ends[token - 1] === this.tokens.starts[token];
  }

  private year(token: number): string | null {
    const word = this.word(token);
    if (!/^[12]\d{3}$/.test(word)) return null;
    return this.joined(token + 1) && /^[-,.:/]$/.test(this.word(token + 1)) && this.joined(token + 2) ? null : word;
  }

  private month(token: number): number | undefined {
    const word = this.word(token);
    return /^\p{Lu}/u.test(word) ? months.get(word.toLowerCase()) : undefined;
  }

  private day(token: number): number | undefined {
    const match = /^(\d{1,2})(st|nd|rd|th)?$/.exec(this.word(token));
    const day = Number(match?.[1]);
    return day >= 1 && day <= 31 ? day : undefined;
  }

  private isoDate(token: number): FoundValue | null {
    const parts = [0, 2, 4].map((at) => this.word(token + at));
    const whole = [1, 2, 3, 4].every((at) => this.joined(token + at));
    if (!whole || this.word(token + 1) !== "-" || this.word(token + 3) !== "-") return null;
    const value = parts.join("-");
    return /^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(value) ? { kind: "date", value, length: 5 } : null;
  }

  /** `5 July 2001`, `5th of July, 2001`. */
  private dayFirst(token: number): FoundValue | null {
    const day = this.day(token);
    if (day === undefined) return null;
    const at = token + (this.word(token + 1) === "of" ? 2 : 1);
    const month = this.month(at);
    return month === undefined ? null : this.withYear(token, at + 1, month, day);
  }

  /** `July 5, 2001`, `July 2001`. */
  private monthFirst(token: number): FoundValue | null {
    const month = this.month(token);
    if (month === undefined) return null;
    // Before a full stop it is an abbreviation.
    const at = token + (this.word(token + 1) === "." && this.word(token).length < 5 ? 2 : 1);
    const day = this.day(at);
    return day === undefined ? this.withYear(token, at, month) : this.withYear(token, at + 1, month, day);
  }

  private withYear(first: number, token: number, month: number, day?: number): FoundValue | null {
    const at = token + (this.word(token) === "," ? 1 : 0);
    const year = this.year(at);
    if (year === null) return null;
    const parts = [year, String(month).padStart(2, "0"), ...(day === undefined ? [] : [String(day).padStart(2, "0")])];
    return { kind: "date", value: parts.join("-"), length: at + 1 - first };
  }

  private number(token: number): FoundValue | null {
    const year = this.year(token);
    const { written, length } = this.digits(token) ?? this.words(token) ?? { written: null, length: 0 };
    const normal = written === null ? null : normalNumber(written);
    if (normal === null) return null;
    const power = powerOfWord(this.word(token + length));
    if (power !== undefined) return { kind: "number", value: timesTen(normal, power), length: length + 1 };
    return year === null ? { kind: "number", value: normal, length } : { kind: "date", value: year, length: 1 };
  }

  /** `1,234.5` */
  private digits(token: number): { readonly written: string; readonly length: number } | null {
    let written = this.word(token);
    if (!/^\d+$/.test(written)) return null;
    let length = 1;
    const follows = (sign: string, pattern: RegExp) =>
      this.word(token + length) === sign &&
      this.joined(token + length) &&
      this.joined(token + length + 1) &&
      pattern.test(this.word(token + length + 1));
    while (written.length < 40 && (written.length < 4 || length > 1) && follows(",", /^\d{3}$/)) {
      written += this.word(token + length + 1);
      length += 2;
    }
    if (!follows(".", /^\d+$/)) return { written, length };
    return { written: `${written}.${this.word(token + length + 1)}`, length: length + 2 };
  }

  /** `twelve`, `twenty-one` */
  private words(token: number): { readonly written: string; readonly length: number } | null {
    const first = numberOfWord(this.word(token));
    // `one` alone is seldom a number.
    if (first === undefined || (first === 1 && powerOfWord(this.word(token + 1)) === undefined)) return null;
    const unit = this.word(token + 1) === "-" ? numberOfWord(this.word(token + 2)) : undefined;
    const both = first >= 20 && unit !== undefined && unit > 0 && unit < 10;
    return both ? { written: String(first + unit), length: 3 } : { written: String(first), length: 1 };
  }
}
