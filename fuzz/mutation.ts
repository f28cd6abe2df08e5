/**
 * Files as nobody would write them: seeded changes to bytes, and to the structure of JSON.
 * @module
 */
import type { RandomStream } from "../src/random.js";

/** No input is larger: what hurts by size alone is tested beside each reader. */
const mostBytes = 1 << 20;

/** Pieces that readers have stumbled over, here or elsewhere. */
const pieces: readonly (() => Buffer)[] = [
  ...[
    "\u001b[2J",
    "\u009b31m",
    "\u202e",
    "\0",
    "\r",
    "\n\n",
    "\t",
    "\ufeff",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "#",
  ],
  ...["__proto__", "constructor", "[MASK]", "[X]", "[Y]", "$&", "%", "../", "NaN", "1e400", "-1", "9007199254740993"],
  ...["<e1>", "</e2>", "&a", "*a", "<<: *a", "!!js/function x", "😀", "\ud800"],
]
  .map((text) => () => Buffer.from(text))
  .concat([
    () => Buffer.from([0xff, 0xfe]),
    () => Buffer.from([0x1f, 0x8b]),
    () => Buffer.from([0xe4]),
    () => Buffer.from("[".repeat(5000)),
    () => Buffer.from('{"a":'.repeat(2000)),
    () => Buffer.from(" ".repeat(100_000)),
    () => Buffer.from("\t ".repeat(50_000)),
    () => Buffer.from("x".repeat(100_000)),
    () => Buffer.from("1,".repeat(50_000)),
  ]);

/** Values that stand where another one was expected. */
const values: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, 2 ** 53, "", " ", "\u001b[2J", "\ud800", "x".repeat(10_000), [], {}, [[]]],
  ...[Array(2000).fill(1), Array(2000).fill([1, "x"]), JSON.parse('{"__proto__":{"a":1}}')],
];

const pick = <T>(random: RandomStream, items: readonly T[]): T => items[random.below(items.length)] as T;

/** An input that is another one, changed in a few places. */
export function mutated(random: RandomStream, original: Buffer): Buffer {
  const parsed = random.uniform() < 0.5 ? jsonOf(original) : null;
  let bytes = parsed ? Buffer.from(restructured(random, parsed)) : original;
  const changes = parsed ? random.below(2) : 1 + random.below(4);
  for (let i = 0; i < changes; i++) bytes = pick(random, byteChanges)(random, bytes);
  return bytes.subarray(0, mostBytes);
}

const byteChanges: readonly ((random: RandomStream, bytes: Buffer) => Buffer)[] = [
  // A bit turned over, a byte in the place of another.
  (random, bytes) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) {
      const at = random.below(changed.length);
      changed[at] = random.uniform() < 0.5 ? (changed[at] as number) ^ (1 << random.below(8)) : random.below(256);
    }
    return changed;
  },
  // A piece put in, or in the place of others.
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    const end = random.uniform() < 0.5 ? at : Math.min(bytes.length, at + random.below(32));
    return Buffer.concat([bytes.subarray(0, at), pick(random, pieces)(), bytes.subarray(end)]);
  },
  // A part left out.
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.below(64))]);
  },
  // A part again and again.
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    const part = bytes.subarray(at, at + 1 + random.below(200));
    const times = Math.min(2 ** random.below(12), Math.floor(mostBytes / 4 / Math.max(1, part.length)));
    return Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(times).fill(part), bytes.subarray(at)]);
  },
  // The end cut off.
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
];

/** A file's JSON: one value, or one a line. */
interface JsonFile {
  readonly values: unknown[];
  readonly lines: boolean;
}

function jsonOf(bytes: Buffer): JsonFile | null {
  const text = bytes.toString("utf8");
  try {
    return { values: [JSON.parse(text)], lines: false };
  } catch {
    try {
      return {
        values: text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
        lines: true,
      };
    } catch {
      return null;
    }
  }
}

/** The JSON with one of its values exchanged, doubled or left out, somewhere inside. */
function restructured(random: RandomStream, { values: all, lines }: JsonFile): string {
  const copies = all.map((value) => structuredClone(value));
  const at = random.below(copies.length);
  copies[at] = changedInside(random, copies[at]);
  return lines ? `${copies.map((value) => JSON.stringify(value)).join("\n")}\n` : JSON.stringify(copies[0]);
}

function changedInside(random: RandomStream, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random.uniform() < 0.15) return pick(random, values);
  const keys = Object.keys(value);
  const key = keys[random.below(keys.length)];
  if (key === undefined) return pick(random, values);
  const inside = value as Record<string, unknown>;
  if (random.uniform() < 0.1) {
    const { [key]: _, ...others } = inside;
    return Array.isArray(value) ? value.filter((_, i) => String(i) !== key) : others;
  }
  inside[key] = changedInside(random, inside[key]);
  return inside;
}
