import {
  add,
  cast,
  type Dim,
  div,
  type GraphBuilder,
  gather,
  greaterOrEqual,
  max,
  mul,
  reduceSum,
  reshape,
  reshapeLike,
  rowUnit,
  type Shape,
  sub,
  takeRows,
  tallRows,
  unsqueeze,
  type Value,
} from "../graph/index.js";

const packings = new WeakMap<Value, Packing>();

/** Name of the dimension of all tokens of a batch, by the name of its mask. */
export const packedTokens = (mask: string): string => `${mask}.tokens`;

/**
 * A mask that keeps, where there are many tokens, a few places of padding so that products can take the rows in blocks.
 * Padding enters as 0 and gets no gradient.
 *
 * @param flat int32 `[batch·sequence]`
 */
function filledUp(g: GraphBuilder, flat: Value): Value {
  const tokens = reduceSum(g, flat);
  const unit = g.int32(rowUnit);
  const units = div(g, add(g, tokens, g.int32(rowUnit - 1)), unit);
  const tall = cast(g, greaterOrEqual(g, tokens, g.int32(tallRows)), "int32");
  const missing = mul(g, sub(g, mul(g, units, unit), tokens), tall);
  const paddingSoFar = g.emitOne("CumSum", [sub(g, g.int32(1), flat), g.int(0)], {});
  return max(g, flat, cast(g, greaterOrEqual(g, missing, paddingSoFar), "int32"));
}

/**
 * A batch without padding, but for what {@link filledUp} keeps: the real tokens of all texts one after another,
 * `[tokens, size]`. What works on each position alone (linear layers, norms, activations) costs nothing for padding
 * then; attention gets its padded form back.
 */
export class Packing {
  /** int64 `[tokens]`: where each token stands among the batch·sequence places. */
  readonly places: Value;
  /** int32 `[batch·sequence]`: which token stands at a place; at padding, some token. */
  private readonly tokenAt: Value;
  /** float32 `[batch, sequence, 1]`: 0 at padding. */
  private readonly real: Value;

  /**
   * The packing of what a mask belongs to; asking again gives the same.
   *
   * @param mask int32 `[batch, sequence]`, 1 for a token and 0 for padding
   */
  static of(g: GraphBuilder, mask: Value): Packing {
    const known = packings.get(mask);
    if (known) return known;
    const made = new Packing(g, mask);
    packings.set(mask, made);
    return made;
  }

  private constructor(
    private readonly g: GraphBuilder,
    private readonly mask: Value,
  ) {
    const kept = filledUp(g, reshape(g, mask, -1));
    this.places = reshape(g, g.emitOne("NonZero", [kept], { count: packedTokens(mask.name) }), -1);
    const before = sub(g, g.emitOne("CumSum", [kept, g.int(0)], {}), g.int32(1));
    this.tokenAt = max(g, before, g.int32(0));
    this.real = unsqueeze(g, cast(g, mask, "float32"), 2);
  }

  /** The packed dimension. */
  get tokens(): Dim {
    return this.places.shape[0] as Dim;
  }

  /** The dimensions that it stands for, batch and sequence. */
  get padded(): Shape {
    return this.mask.shape;
  }

  /** `[batch, sequence, size]` → `[tokens, size]` */
  pack(x: Value): Value {
    const { g } = this;
    const rows = reshape(g, mul(g, x, this.real), -1, x.shape.at(-1) as number);
    return takeRows(g, rows, this.places, this.tokenAt);
  }

  /**
   * `[tokens, size]` → `[batch, sequence, size]`, with some token's vector at padding: the loss must not depend on
   * these, as it does not behind masked attention, for they pass no gradient on.
   */
  unpack(x: Value): Value {
    const { g } = this;
    return takeRows(g, x, reshapeLike(g, this.tokenAt, this.mask), this.places);
  }

  /** Of values at all places those at tokens, without a gradient's way back: `[batch, sequence]` → `[tokens]`. */
  pick(x: Value): Value {
    return gather(this.g, reshape(this.g, x, -1), this.places);
  }
}
