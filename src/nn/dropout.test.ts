import { describe, expect, it } from "vitest";
import { GraphBuilder, gradientsOf, reduceSum } from "../graph/index.js";
import { float32Tensor, floatsOf, int32Tensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { Dropout, dropoutFeeds } from "./dropout.js";
import { Packing } from "./packing.js";

const [batch, sequence, size] = [8, 16, 64];
const elements = batch * sequence * size;

/** Two dropout sites over ones, with the gradient of the first. */
async function dropped(keys: readonly number[], probability = 0.1) {
  const g = new GraphBuilder();
  const x = g.input("x", "float32", ["batch", "sequence", size]);
  const dropout = new Dropout(g);
  const [first, second] = [dropout.apply(x, probability), dropout.apply(x, probability)];
  const gradient = gradientsOf(g, reduceSum(g, first), [x]).get(x);
  if (!gradient) throw new Error("no gradient");
  const graph = g.build({ first, second, gradient });
  const feeds = {
    x: float32Tensor([batch, sequence, size], new Float32Array(elements).fill(1)),
    ...dropoutFeeds(
      graph.inputs.map(({ name }) => name),
      keys,
      { batch, sequence },
    ),
  };
  const results = await runGraph(g, { first, second, gradient }, feeds);
  return {
    first: floatsOf(results, "first"),
    second: floatsOf(results, "second"),
    gradient: floatsOf(results, "gradient"),
  };
}

const share = (values: Float32Array, test: (value: number) => boolean) => values.filter(test).length / values.length;

describe("Dropout", () => {
  it("drops the given share and scales what is left", async () => {
    for (const probability of [0.1, 0.5]) {
      const { first } = await dropped([42, 1], probability);
      // Five standard deviations of a binomial share.
      const spread = 5 * Math.sqrt((probability * (1 - probability)) / elements);
      expect(Math.abs(share(first, (x) => x === 0) - probability)).toBeLessThan(spread);
      expect(share(first, (x) => x === 0 || Math.abs(x - 1 / (1 - probability)) < 1e-6)).toBe(1);
    }
  });

  it("draws the same mask for the same keys and another for others", async () => {
    const [once, again, later] = [await dropped([42, 7]), await dropped([42, 7]), await dropped([42, 8])];
    expect(again.first).toEqual(once.first);
    const both = share(
      later.first.map((x, i) => (x === 0 && once.first[i] === 0 ? 1 : 0)),
      (x) => x === 1,
    );
    expect(both).toBeGreaterThan(0.006);
    expect(both).toBeLessThan(0.014);
  });

  it("drops of packed tokens what it drops of them beside padding", async () => {
    const run = async (packedFirst: boolean) => {
      const g = new GraphBuilder();
      const x = g.input("x", "float32", ["batch", "sequence", size]);
      const packing = Packing.of(g, g.input("mask", "int32", ["batch", "sequence"]));
      const dropout = new Dropout(g);
      dropout.knows(packing);
      const y = packedFirst ? dropout.apply(packing.pack(x), 0.5) : packing.pack(dropout.apply(x, 0.5));
      const inputs = g.build({ y }).inputs.map(({ name }) => name);
      const results = await runGraph(
        g,
        { y },
        {
          x: float32Tensor([2, 3, size], new Float32Array(6 * size).fill(1)),
          mask: int32Tensor([2, 3], Int32Array.of(1, 1, 0, 1, 1, 1)),
          ...dropoutFeeds(inputs, [1], { batch: 2, sequence: 3 }),
        },
      );
      return floatsOf(results, "y");
    };
    const packed = await run(true);
    expect(packed).toHaveLength(5 * size);
    expect(packed).toEqual(await run(false));
  });

  it("draws independent masks at different sites, rows and columns", async () => {
    const { first, second } = await dropped([1, 2]);
    const both = share(
      first.map((x, i) => (x === 0 && second[i] === 0 ? 1 : 0)),
      (x) => x === 1,
    );
    expect(both).toBeGreaterThan(0.006);
    expect(both).toBeLessThan(0.014);
    const shifted = (by: number) =>
      share(
        first.map((x, i) => (x === 0 && first[(i + by) % elements] === 0 ? 1 : 0)),
        (x) => x === 1,
      );
    for (const by of [1, size, size * sequence]) {
      expect(shifted(by)).toBeGreaterThan(0.006);
      expect(shifted(by)).toBeLessThan(0.014);
    }
  });

  it("passes gradients where it kept", async () => {
    const { first, gradient } = await dropped([3, 4]);
    expect(gradient).toEqual(first);
  });

  it("refuses a probability outside [0, 1)", () => {
    const g = new GraphBuilder();
    const x = g.input("x", "float32", [2]);
    expect(() => new Dropout(g).apply(x, 1)).toThrow(/not in \[0, 1\)/);
    expect(new Dropout(g).apply(x, 0)).toBe(x);
  });
});
