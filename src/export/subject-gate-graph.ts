import { runningSum } from "../backbones/backbone.js";
import {
  add,
  cast,
  equal,
  type GraphBuilder,
  gather,
  greater,
  greaterOrEqual,
  max,
  mul,
  not,
  slice,
  sub,
  unsqueeze,
  type Value,
  where,
} from "../graph/index.js";
import { near as nearTokens } from "../tasks/recall/subject-gate.js";
import type { SentenceTables } from "./sentence-tables.js";
import { ending, type SubjectTrie, type TrieLevel } from "./subject-trie.js";

/** Tokens of texts: int32 `[batch, sequence]` each, the mask 1 for a token and 0 for padding. */
export interface TokenValues {
  readonly ids: Value;
  readonly mask: Value;
}

/** What decides where a gate opens. */
export interface GateTables {
  readonly trie: SubjectTrie;
  /** Null where a subject opens the whole text. */
  readonly sentences: SentenceTables | null;
}

/**
 * Where an adapter has a say: float32 `[batch, sequence, 1]`, or `[batch, 1, 1]` where a subject opens the whole text, as
 * `SubjectGate.opensAt` tells it. From every position at once it walks down the trie, token by token; each step finds its
 * edge by binary search, so the operators are as many as the longest subject's tokens times the logarithm of the
 * subjects, whatever a text holds.
 */
export function subjectGate(g: GraphBuilder, { trie, sentences }: GateTables, { ids, mask }: TokenValues): Value {
  return g.scoped("gate", () => {
    const tokens = where(g, equal(g, mask, g.int32(1)), ids, g.int32(trie.stride - 1));
    const named = mentioned(g, trie, tokens);
    const wide = () => g.emitOne("ReduceMax", [named, g.ints(1)], { keepdims: true });
    const open = sentences ? max(g, near(g, named), inSentences(g, named, sentences, tokens)) : wide();
    return unsqueeze(g, cast(g, open, "float32"), 2);
  });
}

/** Tokens of subjects that stand there as whole words: int32 `[batch, sequence]`, 1 for each. */
function mentioned(g: GraphBuilder, trie: SubjectTrie, tokens: Value): Value {
  const padding = trie.stride - 1;
  const { ends, goesOn, endings } = tables(g, trie);
  const boundary = not(g, gather(g, ends, shifted(g, tokens, padding, "right")));
  const none = mul(g, tokens, g.int32(0));
  let next = tokens;
  let node = none;
  const found = trie.levels.map((level) => {
    node = step(g, level, node, next, trie.stride);
    next = shifted(g, next, padding, "left");
    const how = cast(g, gather(g, endings, node), "int32");
    const whole = equal(g, how, g.int32(ending.whole));
    const glued = g.emitOne("And", [equal(g, how, g.int32(ending.needsBoundary)), boundary], {});
    const stops = cast(g, not(g, gather(g, goesOn, next)), "int32");
    return mul(g, max(g, cast(g, whole, "int32"), cast(g, glued, "int32")), stops);
  });
  // Of each length's mentions one end, as many places on as they are long.
  const starts = found.reduce((sum, one) => add(g, sum, one), none);
  const over = found.reduceRight((sum, one) => shifted(g, add(g, sum, one), 0, "right"), none);
  return cast(g, greater(g, runningSum(g, sub(g, starts, over)), g.int32(0)), "int32");
}

/** A few tokens around those of subjects, and these. */
function near(g: GraphBuilder, named: Value): Value {
  let open = named;
  for (let i = 0; i < nearTokens; i++) {
    open = max(g, open, max(g, shifted(g, open, 0, "left"), shifted(g, open, 0, "right")));
  }
  return open;
}

/** All tokens of sentences in which some of a subject's stands. */
function inSentences(g: GraphBuilder, named: Value, tables: SentenceTables, tokens: Value): Value {
  const numbers = sentenceNumbers(g, tables, tokens);
  const same = cast(g, equal(g, unsqueeze(g, numbers, 2), unsqueeze(g, numbers, 1)), "int32");
  const both = mul(g, same, unsqueeze(g, named, 1));
  return g.emitOne("ReduceMax", [both, g.ints(2)], { keepdims: false });
}

/** Of each token the number of its sentence, from 0, as `TokenSentences.of` tells it: int32 `[batch, sequence]`. */
function sentenceNumbers(g: GraphBuilder, tables: SentenceTables, tokens: Value): Value {
  const flags = (values: readonly boolean[]) => cast(g, gather(g, boolTable(g, values), tokens), "int32");
  const no = (x: Value) => sub(g, g.int32(1), x);
  const before = (x: Value) => shifted(g, x, 0, "right");
  const after = (x: Value) => shifted(g, x, 0, "left");
  const [ends, closes, begins, shortens, number] = [
    ...[tables.ends, tables.closes, tables.begins].map(flags),
    ...[tables.shortens, tables.number].map(flags),
  ] as [Value, Value, Value, Value, Value];
  // Whether the mark may end a sentence by what stands before it and behind the place.
  const allowed = (short: Value, digits: Value) => mul(g, no(short), no(mul(g, digits, after(number))));
  const here = mul(g, ends, allowed(before(shortens), before(number)));
  const closed = mul(g, mul(g, no(ends), closes), before(ends));
  const late = mul(g, closed, allowed(before(before(shortens)), before(before(number))));
  const last = mul(g, mul(g, after(begins), no(after(closes))), add(g, here, late));
  return sub(g, runningSum(g, last), last);
}

const boolTable = (g: GraphBuilder, values: readonly boolean[]): Value => {
  // Padding is nothing of all this.
  const data = Uint8Array.from([...values, false], Number);
  return g.constant({ dtype: "bool", shape: [data.length], data });
};

function tables(g: GraphBuilder, { endsInWord, goesOn, endings }: SubjectTrie) {
  return {
    ends: boolTable(g, endsInWord),
    goesOn: boolTable(g, goesOn),
    endings: g.constant({ dtype: "int8", shape: [endings.length], data: Int8Array.from(endings) }),
  };
}

/** What stands one place further on (`left`), or one before (`right`); beyond the text's end there is `edge`. */
function shifted(g: GraphBuilder, x: Value, edge: number, to: "left" | "right"): Value {
  const { dtype, shape } = x;
  const [start, end] = to === "left" ? [1, 2 ** 31 - 1] : [0, -1];
  const rest = { dtype, shape: [shape[0] as string, "sequence-1"] };
  const kept = g.emitAs("Slice", [x, g.ints(start), g.ints(end), g.ints(1)], {}, rest);
  const column = add(g, mul(g, slice(g, x, 1, 0, 1), g.int32(0)), g.int32(edge));
  return g.emitAs("Concat", to === "left" ? [kept, column] : [column, kept], { axis: 1 }, { dtype, shape });
}

/** The node that the edge with a token leads to, int32 `[batch, sequence]`; 0 where there is none. */
function step(g: GraphBuilder, { keys, nodes }: TrieLevel, node: Value, token: Value, stride: number): Value {
  const key = add(g, mul(g, cast(g, node, "int64"), g.int(stride)), cast(g, token, "int64"));
  const halvings = Math.ceil(Math.log2(keys.length + 1));
  const room = 2 ** halvings - 1 - keys.length;
  // Below all keys stands one that none equals, above them those that fill the table up.
  const all = [-1, ...keys, ...new Array<number>(room).fill(Number.MAX_SAFE_INTEGER)];
  const table = g.constant({ dtype: "int64", shape: [all.length], data: BigInt64Array.from(all, BigInt) });
  const targets = [0, ...nodes, ...new Array<number>(room).fill(0)];
  const found = g.constant({ dtype: "int32", shape: [all.length], data: Int32Array.from(targets) });
  let place = mul(g, token, g.int32(0));
  for (let width = 2 ** (halvings - 1); width >= 1; width /= 2) {
    const further = add(g, place, g.int32(width));
    place = where(g, greaterOrEqual(g, key, gather(g, table, further)), further, place);
  }
  return mul(g, gather(g, found, place), cast(g, equal(g, gather(g, table, place), key), "int32"));
}
