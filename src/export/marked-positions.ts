/**
 * Where entities stand in a text whose markers are tokens of it: what the head reads is found by their ids.
 * @module
 */
import {
  add,
  cast,
  concat,
  equal,
  type GraphBuilder,
  greater,
  less,
  max,
  mul,
  not,
  sub,
  unsqueeze,
  type Value,
  where,
} from "../graph/index.js";
import type { EntityVector } from "../text/markers.js";
import type { TextTokens } from "./token-inputs.js";

/** A marker in a batch of texts. */
interface Marker {
  /** bool `[batch, sequence]` */
  readonly here: Value;
  /** Where it opens and closes, int32 `[batch, 1]`. */
  readonly first: Value;
  readonly second: Value;
  /** bool `[batch, 1]`: whether it stands there twice, as around one entity. */
  readonly paired: Value;
}

function findMarker(g: GraphBuilder, { inputIds, attentionMask, index }: TextTokens, id: number): Marker {
  const real = cast(g, attentionMask, "bool");
  const here = g.emitOne("And", [equal(g, inputIds, g.int32(id)), real], {});
  // Of several highest values ArgMax gives the first.
  const firstOf = (flags: Value) =>
    cast(g, g.emitOne("ArgMax", [cast(g, flags, "int32")], { axis: 1, keepdims: true }), "int32");
  const first = firstOf(here);
  const second = firstOf(g.emitOne("And", [here, greater(g, index, first)], {}));
  const count = g.emitOne("ReduceSum", [cast(g, here, "int32"), g.ints(1)], { keepdims: true });
  return { here, first, second, paired: equal(g, count, g.int32(2)) };
}

/** What a head reads of marked texts. */
export interface MarkedPositions {
  /** int32 `[batch, markers]`, in the order of the markers. */
  readonly positions: Value;
  /** float32 `[batch, 1]`: 0, or NaN where a text does not have each marker exactly twice. */
  readonly doubt: Value;
}

/**
 * The positions that stand for marked entities.
 *
 * @param markers id of each entity's marker, which stands before and after it
 */
export function markedPositions(
  g: GraphBuilder,
  tokens: TextTokens,
  markers: readonly number[],
  vector: EntityVector,
): MarkedPositions {
  const found = markers.map((id) => findMarker(g, tokens, id));
  const positions = found.map((marker) =>
    vector === "first-marker" ? marker.first : lastToken(g, tokens, marker, found),
  );
  const paired = found.map((marker) => marker.paired).reduce((a, b) => g.emitOne("And", [a, b], {}));
  return { positions: concat(g, positions, 1), doubt: where(g, paired, g.scalar(0), g.scalar(Number.NaN)) };
}

/** The mention's last token, markers of the other one aside; its own first marker where it has no token. */
function lastToken(g: GraphBuilder, { index }: TextTokens, marker: Marker, all: readonly Marker[]): Value {
  const isMarker = all.map(({ here }) => cast(g, here, "int32")).reduce((a, b) => max(g, a, b));
  const word = g.emitOne("And", [not(g, cast(g, isMarker, "bool")), less(g, index, marker.second)], {});
  const at = where(g, word, index, g.int32(-1));
  return max(g, marker.first, g.emitOne("ReduceMax", [at, g.ints(1)], { keepdims: true }));
}

/**
 * Rows that pick positions, as heads read them: int32 `[batch, positions]` → float32 `[batch, positions, sequence]`. A
 * position that is none, such as −1, picks nothing.
 */
export function selectAt(g: GraphBuilder, positions: Value, { index }: TextTokens): Value {
  return cast(g, equal(g, unsqueeze(g, positions, 2), unsqueeze(g, index, 1)), "float32");
}

/** The first token of each text, or the last one that is no padding: int32 `[batch, 1]`. */
export function endPosition(g: GraphBuilder, { index, attentionMask }: TextTokens, end: "first" | "last"): Value {
  // Padding on the left comes before the first token.
  const real = cast(g, attentionMask, "bool");
  const order = end === "last" ? index : sub(g, g.int32(0), index);
  const at = where(g, real, order, g.int32(-(2 ** 30)));
  const found = g.emitOne("ReduceMax", [at, g.ints(1)], { keepdims: true });
  return end === "last" ? found : sub(g, g.int32(0), found);
}

/** 0, 1, 2 … down the batch: int32 `[batch, 1]`. */
export function rowNumbers(g: GraphBuilder, { index }: TextTokens): Value {
  const ones = add(g, mul(g, g.emitOne("ReduceMax", [index, g.ints(1)], { keepdims: true }), g.int32(0)), g.int32(1));
  return sub(g, g.emitOne("CumSum", [ones, g.int(0)], {}), g.int32(1));
}
