import {
  add,
  cast,
  equal,
  type GraphBuilder,
  gather,
  greaterOrEqual,
  max,
  mul,
  not,
  slice,
  unsqueeze,
  type Value,
  where,
} from "../graph/index.js";
import { ending, type SubjectTrie, type TrieLevel } from "./subject-trie.js";

/** Tokens of texts: int32 `[batch, sequence]` each, the mask 1 for a token and 0 for padding. */
export interface TokenValues {
  readonly ids: Value;
  readonly mask: Value;
}

/**
 * Whether one of the subjects stands in a text, as whole words: float32 `[batch, 1, 1]`, as `SubjectGate.opens` tells it.
 * From every position at once it walks down the trie, token by token; each step finds its edge by binary search, so the
 * operators are as many as the longest subject's tokens times the logarithm of the subjects, whatever a text holds.
 */
export function subjectGate(g: GraphBuilder, trie: SubjectTrie, { ids, mask }: TokenValues): Value {
  return g.scoped("gate", () => {
    const padding = g.int32(trie.stride - 1);
    const tokens = where(g, equal(g, mask, g.int32(1)), ids, padding);
    const edge = add(g, mul(g, slice(g, tokens, 1, 0, 1), g.int32(0)), padding);
    const { ends, goesOn, endings } = tables(g, trie);
    const boundary = not(g, gather(g, ends, shifted(g, tokens, edge, "right")));
    let next = tokens;
    let node = mul(g, tokens, g.int32(0));
    let open = node;
    for (const level of trie.levels) {
      node = step(g, level, node, next, trie.stride);
      next = shifted(g, next, edge, "left");
      const found = cast(g, gather(g, endings, node), "int32");
      const whole = equal(g, found, g.int32(ending.whole));
      const glued = g.emitOne("And", [equal(g, found, g.int32(ending.needsBoundary)), boundary], {});
      const stops = cast(g, not(g, gather(g, goesOn, next)), "int32");
      open = max(g, open, mul(g, max(g, cast(g, whole, "int32"), cast(g, glued, "int32")), stops));
    }
    return unsqueeze(g, cast(g, g.emitOne("ReduceMax", [open, g.ints(1)], { keepdims: true }), "float32"), 2);
  });
}

function tables(g: GraphBuilder, { endsInWord, goesOn, endings, stride }: SubjectTrie) {
  const flags = (values: readonly boolean[]) =>
    g.constant({ dtype: "bool", shape: [stride], data: Uint8Array.from([...values, false], Number) });
  return {
    ends: flags(endsInWord),
    goesOn: flags(goesOn),
    endings: g.constant({ dtype: "int8", shape: [endings.length], data: Int8Array.from(endings) }),
  };
}

/** What stands one place further on (`left`), or one before (`right`); beyond the text's end there is `edge`, `[batch, 1]`. */
function shifted(g: GraphBuilder, x: Value, edge: Value, to: "left" | "right"): Value {
  const { dtype, shape } = x;
  const [start, end] = to === "left" ? [1, 2 ** 31 - 1] : [0, -1];
  const rest = { dtype, shape: [shape[0] as string, "sequence-1"] };
  const kept = g.emitAs("Slice", [x, g.ints(start), g.ints(end), g.ints(1)], {}, rest);
  return g.emitAs("Concat", to === "left" ? [kept, edge] : [edge, kept], { axis: 1 }, { dtype, shape });
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
