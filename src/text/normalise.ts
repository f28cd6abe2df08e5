import { z } from "zod";
import { userError } from "../errors.js";
import { Buffer } from "../host/bytes.js";
import { charsmapNormaliser, clusterNormaliser } from "./charsmap.js";
import type { Normaliser } from "./mapped-text.js";
import { type MappedText, MappedTextBuilder, originEnd, originStart, sliceMapped } from "./mapped-text.js";
import { formatControls, newerMarks, nonspacingMarks } from "./old-unicode.js";

/** BERT's normaliser: names as in tokenizer.json. */
export interface BertNormaliserOptions {
  readonly clean_text: boolean;
  readonly handle_chinese_chars: boolean;
  /** null: accents go when letters are lower-cased. */
  readonly strip_accents: boolean | null;
  readonly lowercase: boolean;
}

const plain = /^[\t\n\r\x20-\x7e]*$/;
const whiteSpace = /^\p{White_Space}$/u;
const control = new RegExp(`^[\\p{Cc}\\p{Co}${formatControls}]$`, "u");
const accent = new RegExp(`^[${nonspacingMarks}]$`, "u");

/** Blocks of Chinese characters, as in BERT's tokenization.py and Hugging Face's Rust code (its 2B920 included). */
const chinese: readonly (readonly [number, number])[] = [
  [0x4e00, 0x9fff],
  [0x3400, 0x4dbf],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0xf900, 0xfaff],
  [0x2f800, 0x2fa1f],
];

function isChinese(codePoint: number): boolean {
  return codePoint >= 0x3400 && chinese.some(([first, last]) => codePoint >= first && codePoint <= last);
}

function isDropped(character: string): boolean {
  if (character === "\t" || character === "\n" || character === "\r") return false;
  return character === "\0" || character === "\ufffd" || control.test(character);
}

/** Calls `visit` for each code point with the range it stands for. */
function eachCodePoint(mapped: MappedText, visit: (character: string, start: number, end: number) => void): void {
  let unit = 0;
  for (const character of mapped.text) {
    visit(character, originStart(mapped, unit), originEnd(mapped, unit + character.length - 1));
    unit += character.length;
  }
}

/**
 * BERT's normaliser. Accents are stripped character by character and lower case is Unicode's of each single character
 * (no final sigma), as in the Rust tokenizers the checkpoints were made with.
 */
function bertNormaliser(options: BertNormaliserOptions): Normaliser {
  const stripAccents = options.strip_accents ?? options.lowercase;
  return (mapped) => {
    if (mapped.starts === undefined && plain.test(mapped.text)) {
      return options.lowercase ? { text: mapped.text.toLowerCase(), base: mapped.base } : mapped;
    }
    const out = new MappedTextBuilder();
    eachCodePoint(mapped, (character, start, end) => {
      if (options.clean_text && isDropped(character)) return;
      const cleaned = options.clean_text && whiteSpace.test(character) ? " " : character;
      const isolated = options.handle_chinese_chars && isChinese(cleaned.codePointAt(0) ?? 0);
      if (isolated) out.add(" ", start, end);
      for (const part of stripAccents ? cleaned.normalize("NFD") : cleaned) {
        if (stripAccents && accent.test(part)) continue;
        out.add(options.lowercase ? part.toLowerCase() : part, start, end);
      }
      if (isolated) out.add(" ", start, end);
    });
    return out.finish(mapped.base);
  };
}

const lowercase: Normaliser = (mapped) => {
  const out = new MappedTextBuilder();
  eachCodePoint(mapped, (character, start, end) => out.add(character.toLowerCase(), start, end));
  return out.finish(mapped.base);
};

const mark = new RegExp(`^(?![${newerMarks}])\\p{M}$`, "u");

/** Not as in BERT's normaliser: marks of every kind go, vowel signs of Indian scripts and enclosing circles, too. */
const stripAccents: Normaliser = (mapped) => {
  const out = new MappedTextBuilder();
  eachCodePoint(mapped, (character, start, end) => {
    if (!mark.test(character)) out.add(character, start, end);
  });
  return out.finish(mapped.base);
};

/** Characters that join the one before them when Unicode composes or reorders. */
const joins = /^[\p{M}\u1160-\u11ff]$/u;

/** Unicode normalisation. What composes stays together, so every unit of a cluster stands for the whole cluster. */
function unicodeNormaliser(form: "NFC" | "NFD" | "NFKC" | "NFKD"): Normaliser {
  return (mapped) => {
    const out = new MappedTextBuilder();
    let cluster = "";
    let clusterStart = 0;
    let clusterEnd = 0;
    eachCodePoint(mapped, (character, start, end) => {
      if (cluster !== "" && joins.test(character)) {
        cluster += character;
      } else {
        out.add(cluster.normalize(form), clusterStart, clusterEnd);
        cluster = character;
        clusterStart = start;
      }
      clusterEnd = end;
    });
    out.add(cluster.normalize(form), clusterStart, clusterEnd);
    return out.finish(mapped.base);
  };
}

/** Replaces every occurrence; all of the replacement stands for all of what was replaced. */
function replaceAll(pattern: RegExp, content: string): Normaliser {
  return (mapped) => {
    const out = new MappedTextBuilder();
    let position = 0;
    const keep = (to: number) => {
      for (let unit = position; unit < to; unit++)
        out.add(mapped.text[unit]!, originStart(mapped, unit), originEnd(mapped, unit));
    };
    for (const { 0: found, index } of mapped.text.matchAll(pattern)) {
      keep(index);
      position = index + found.length;
      out.add(content, originStart(mapped, index), originEnd(mapped, position - 1));
    }
    if (position === 0) return mapped;
    keep(mapped.text.length);
    return out.finish(mapped.base);
  };
}

/** @param left what is taken off there, a character each; so is `right` */
function strip(left: RegExp | null, right: RegExp | null): Normaliser {
  return (mapped) => {
    const { text } = mapped;
    let start = 0;
    let end = text.length;
    while (start < end && left?.test(text[start] as string)) start++;
    while (start < end && right?.test(text[end - 1] as string)) end--;
    return start === 0 && end === text.length ? mapped : sliceMapped(mapped, start, end);
  };
}

const typed = z.looseObject({ type: z.string() });
const bert = z.object({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullable().default(null),
  lowercase: z.boolean().default(true),
});
/**
 * Patterns of models' files are run only where they are known: any other could take for ever. White space is Unicode's, as
 * in Rust's engines; JavaScript's `\s` differs at U+0085 and U+FEFF.
 */
const regexes = {
  " {2,}": " {2,}",
  "\\s+": "\\p{White_Space}+",
  /** Written by this project: what Python's str.split takes for white space. */
  "[\\s\\x1c-\\x1f]+": "[\\p{White_Space}\\x1c-\\x1f]+",
} as const;
const replace = z.object({
  pattern: z.union([
    z.object({ String: z.string().min(1) }),
    z.object({ Regex: z.enum(Object.keys(regexes) as (keyof typeof regexes)[]) }),
  ]),
  content: z.string(),
});
const stripSides = z.object({
  strip_left: z.boolean().default(true),
  strip_right: z.boolean().default(true),
  /** Written by this project for a `.model` file: SentencePiece strips spaces alone, and on the right their sign, too. */
  only_spaces: z.boolean().default(false),
});
const precompiled = z.object({
  precompiled_charsmap: z.base64(),
  /** Written by this project for a `.model` file: the table is applied as SentencePiece does. */
  longest_first: z.boolean().default(false),
});
const sequence = z.object({ normalizers: z.array(z.unknown()) });

/** Builds the normaliser that tokenizer.json describes; `undefined` where it has none. */
export function createNormaliser(description: unknown, where: string): Normaliser | undefined {
  if (description === null || description === undefined) return undefined;
  const type = typed.safeParse(description).data?.type;
  switch (type) {
    case "BertNormalizer": {
      const options = bert.safeParse(description);
      if (options.success) return bertNormaliser(options.data);
      break;
    }
    case "Replace": {
      const { data } = replace.safeParse(description);
      if (data === undefined) break;
      const { pattern } = data;
      const source =
        "String" in pattern ? pattern.String.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : regexes[pattern.Regex];
      return replaceAll(new RegExp(source, "gu"), data.content);
    }
    case "Strip": {
      const { data } = stripSides.safeParse(description);
      if (data?.only_spaces) return strip(/^ $/, /^[ ▁]$/);
      if (data !== undefined) return strip(data.strip_left ? whiteSpace : null, data.strip_right ? whiteSpace : null);
      break;
    }
    case "Precompiled": {
      const { data } = precompiled.safeParse(description);
      if (data !== undefined) {
        const normaliser = data.longest_first ? charsmapNormaliser : clusterNormaliser;
        return normaliser(Buffer.from(data.precompiled_charsmap, "base64"), where);
      }
      break;
    }
    case "Lowercase":
      return lowercase;
    case "StripAccents":
      return stripAccents;
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return unicodeNormaliser(type);
    case "Sequence": {
      const steps = sequence.safeParse(description).data?.normalizers.map((step) => createNormaliser(step, where));
      if (steps !== undefined) return (text) => steps.reduce((changed, step) => step?.(changed) ?? changed, text);
      break;
    }
    default:
  }
  throw userError({
    where,
    what: `normalizer ${JSON.stringify(type ?? null)} is unknown or its settings have wrong types`,
    expected:
      "BertNormalizer, Lowercase, StripAccents, Replace, Strip, Precompiled, NFC, NFD, NFKC, NFKD or a Sequence of them",
    fix: "use a BERT-like, RoBERTa-like or SentencePiece (Unigram) tokenizer",
  });
}
