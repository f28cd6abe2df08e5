/**
 * SentencePiece's table of character sequences and what they become (`precompiled_charsmap`): a double-array trie
 * (darts-clone) over UTF-8 bytes, whose values are offsets of null-terminated strings.
 *
 * @see https://github.com/google/sentencepiece/blob/827591a0c552f2187aac8b8e0f999e8ff31aad81/src/normalizer.cc
 * @module
 */
import { userError } from "../errors.js";
import type { Normaliser } from "./mapped-text.js";
import { MappedTextBuilder, originEnd, originStart } from "./mapped-text.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What stands at the start of some bytes: how many of them, and what they become. */
interface Match {
  readonly length: number;
  readonly value: number;
}

class Charsmap {
  private readonly units: Uint32Array;
  private readonly strings: Uint8Array;
  private readonly decoded = new Map<number, string>();

  constructor(blob: Uint8Array, where: string) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const size = blob.byteLength >= 4 ? view.getUint32(0, true) : 0;
    if (size === 0 || size % 4 !== 0 || size > blob.byteLength - 4) {
      throw userError({
        where,
        what: "the table of character replacements (precompiled_charsmap) is damaged",
        fix: "use the tokenizer files that were published with the model",
      });
    }
    this.units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
    this.strings = blob.subarray(4 + size);
  }

  /** The longest entry that `bytes` holds at `from`, or the shortest one. */
  find(bytes: Uint8Array, from: number, which: "longest" | "shortest" = "longest"): Match | undefined {
    let found: Match | undefined;
    let node = offsetOf(this.units[0] ?? 0);
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      node ^= byte;
      const unit = this.units[node];
      // The label of a unit that holds a value has the highest bit set, so it equals no byte.
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) break;
      node ^= offsetOf(unit);
      const leaf = this.units[node];
      if ((unit >>> 8) & 1 && leaf !== undefined) {
        found = { length: at + 1 - from, value: leaf & 0x7fffffff };
        if (which === "shortest") return found;
      }
    }
    return found;
  }

  text(value: number): string {
    const known = this.decoded.get(value);
    if (known !== undefined) return known;
    const end = this.strings.indexOf(0, value);
    const text = decoder.decode(this.strings.subarray(value, end < 0 ? this.strings.length : end));
    this.decoded.set(value, text);
    return text;
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** Replaces what the table names, the longest entry first, as SentencePiece does. */
export function charsmapNormaliser(blob: Uint8Array, where: string): Normaliser {
  const map = new Charsmap(blob, where);
  return (mapped) => {
    const { text } = mapped;
    const bytes = encoder.encode(text);
    const out = new MappedTextBuilder();
    let unit = 0;
    for (let at = 0; at < bytes.length; ) {
      const match = map.find(bytes, at);
      const first = unit;
      let taken = 0;
      do {
        const code = text.codePointAt(unit) as number;
        unit += code > 0xffff ? 2 : 1;
        taken += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      } while (match && taken < match.length);
      const replaced = match && taken === match.length ? map.text(match.value) : undefined;
      out.add(replaced ?? text.slice(first, unit), originStart(mapped, first), originEnd(mapped, unit - 1));
      at += taken;
    }
    return out.finish(mapped.base);
  };
}

const clusters = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * Replaces what the table names as Hugging Face's tokenizers do (`tokenizers/src/normalizers/precompiled.rs`): a grapheme
 * cluster of fewer than six bytes as a whole by the shortest entry that it begins with, so that its other characters are
 * lost; else character by character. Where a text has no combining marks, this is what SentencePiece does.
 */
export function clusterNormaliser(blob: Uint8Array, where: string): Normaliser {
  const map = new Charsmap(blob, where);
  const replacement = (part: string) => {
    const match = map.find(encoder.encode(part), 0, "shortest");
    return match ? map.text(match.value) : undefined;
  };
  return (mapped) => {
    const out = new MappedTextBuilder();
    const add = (text: string, from: number, length: number) => {
      out.add(text, originStart(mapped, from), originEnd(mapped, from + length - 1));
    };
    for (const { segment, index } of clusters.segment(mapped.text)) {
      const whole = encoder.encode(segment).length < 6 ? replacement(segment) : undefined;
      if (whole !== undefined) {
        add(whole, index, segment.length);
        continue;
      }
      let at = index;
      for (const character of segment) {
        add(replacement(character) ?? character, at, character.length);
        at += character.length;
      }
    }
    return out.finish(mapped.base);
  };
}
