import {
  add,
  cast,
  type Dim,
  type GraphBuilder,
  greaterOrEqual,
  mul,
  type Shape,
  unsqueeze,
  type Value,
  xor,
} from "../graph/index.js";
import { hash32 } from "../random.js";
import type { HostTensor } from "../tensor.js";
import type { Packing } from "./packing.js";

/** Names of the inputs that a graph with dropout needs; {@link dropoutFeeds} fills them. */
const dropoutSeedInput = "dropout.seed";
const iotaPrefix = "dropout.iota.";

/**
 * Dropout whose masks are hashed inside the graph from (seed, step), site and index, so that a resumed run drops what
 * an uninterrupted one would have dropped. ONNX's own Dropout keeps its generator inside the session.
 *
 * For each shape one tensor of well-mixed 32-bit numbers is made; each site then derives its own with one product by
 * an odd constant, and compares them with the threshold.
 */
export class Dropout {
  private readonly pools = new Map<string, Value>();
  private readonly iotas = new Map<Dim, Value>();
  private readonly packings = new Map<Dim, Packing>();
  private seed: Value | null = null;
  private sites = 0;

  constructor(private readonly g: GraphBuilder) {}

  /** Lets values be packed: they drop what they would drop beside padding. */
  knows(packing: Packing): void {
    this.packings.set(packing.tokens, packing);
  }

  /** Zeroes elements with the given probability and divides the others by what is left, as everywhere. */
  apply(x: Value, probability: number): Value {
    if (probability === 0) return x;
    if (!(probability > 0 && probability < 1)) throw new Error(`dropout probability ${probability} is not in [0, 1)`);
    const { g } = this;
    return g.scoped("dropout", () => {
      const random = mul(g, this.pool(x.shape), g.uint32(hash32(this.sites++, "product") | 1));
      const kept = greaterOrEqual(g, random, g.uint32(Math.round(probability * 2 ** 32)));
      // Cast and Mul take half of Where's time.
      return mul(g, x, mul(g, cast(g, kept, "float32"), g.scalar(1 / (1 - probability))));
    });
  }

  /** Mixed numbers of a shape: the axes' indices are hashed in one after another, so that only the last is full-sized. */
  private pool(shape: Shape): Value {
    const key = shape.join();
    const known = this.pools.get(key);
    if (known) return known;
    const { g } = this;
    const packing = this.packings.get(shape[0] ?? 0);
    // The packed dimension is hashed as the two that it stands for.
    const [dims, hashed] = packing ? [shape.slice(1), packing.padded.length] : [shape, 0];
    const following = (axis: number) => Array.from({ length: dims.length - 1 - axis }, (_, i) => i + 1);
    const withAxes = (x: Value, axes: readonly number[]) => (axes.length === 0 ? x : unsqueeze(g, x, ...axes));
    let pool = packing ? withAxes(packing.pick(this.pool(packing.padded)), following(-1)) : this.seedInput();
    dims.forEach((dim, axis) => {
      const step = mul(g, withAxes(this.iota(dim), following(axis)), g.uint32(hash32(hashed + axis, "axis") | 1));
      pool = this.mix(add(g, pool, step));
    });
    this.pools.set(key, pool);
    return pool;
  }

  private seedInput(): Value {
    this.seed ??= this.g.input(dropoutSeedInput, "uint32", []);
    return this.seed;
  }

  /** The first two rounds of `mix32`; a site's product does the rest. */
  private mix(x: Value): Value {
    const { g } = this;
    const shifted = (v: Value, bits: number) =>
      xor(g, v, g.emitOne("BitShift", [v, g.uint32(bits)], { direction: "RIGHT" }));
    return mul(g, shifted(mul(g, shifted(x, 16), g.uint32(0x7feb352d)), 15), g.uint32(0x846ca68b));
  }

  /** 0, 1, 2, … along a dimension: a constant, or an input where only the run knows its length. */
  private iota(dim: Dim): Value {
    const known = this.iotas.get(dim);
    if (known) return known;
    const value =
      typeof dim === "number"
        ? this.g.constant({ dtype: "uint32", shape: [dim], data: Uint32Array.from({ length: dim }, (_, i) => i) })
        : this.g.input(`${iotaPrefix}${dim}`, "uint32", [dim]);
    this.iotas.set(dim, value);
    return value;
  }
}

/**
 * The tensors that a graph's dropout wants, by the graph's input names.
 *
 * @param inputs names of the graph's inputs
 * @param keys what the masks follow from, e.g. the run's seed and the step
 * @param dims length of each named dimension
 */
export function dropoutFeeds(
  inputs: readonly string[],
  keys: readonly (number | string)[],
  dims: Readonly<Record<string, number>>,
): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  for (const name of inputs) {
    if (name === dropoutSeedInput) feeds[name] = { dtype: "uint32", shape: [], data: Uint32Array.of(hash32(...keys)) };
    if (!name.startsWith(iotaPrefix)) continue;
    const length = dims[name.slice(iotaPrefix.length)];
    if (length === undefined) throw new Error(`the length of ${name.slice(iotaPrefix.length)} is not given`);
    feeds[name] = { dtype: "uint32", shape: [length], data: Uint32Array.from({ length }, (_, i) => i) };
  }
  return feeds;
}
