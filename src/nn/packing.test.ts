import { describe, expect, it } from "vitest";
import { GraphBuilder, gradientsOf, matmul, mul, reduceSum, rowUnit, tallRows, type Value } from "../graph/index.js";
import { floatsOf, int32Tensor } from "../tensor.js";
import { randomTensor, testRandom } from "../testing/random.js";
import { runGraph } from "../testing/run-graph.js";
import { Packing } from "./packing.js";

const [size, outputs] = [4, 3];

/** Lengths of texts in a batch of so many, the longest first. */
function lengthsOf(batch: number, longest: number): number[] {
  const random = testRandom(3);
  return Array.from({ length: batch }, (_, i) => (i === 0 ? longest : 1 + Math.floor(random() * longest)));
}

/** A square of a linear layer at every token, packed and as it is: its values at the tokens, and gradients. */
async function compare(lengths: readonly number[]) {
  const [batch, width] = [lengths.length, Math.max(...lengths)];
  const g = new GraphBuilder();
  const mask = g.input("mask", "int32", ["batch", "sequence"]);
  const x = g.input("x", "float32", ["batch", "sequence", size]);
  const weight = g.input("weight", "float32", [size, outputs]);
  const real = g.input("real", "float32", ["batch", "sequence", 1]);
  const packing = Packing.of(g, mask);
  const square = (y: Value) => mul(g, y, y);
  const packed = matmul(g, packing.pack(x), weight);
  const ways = {
    packed: mul(g, square(packing.unpack(packed)), real),
    padded: mul(g, square(matmul(g, x, weight)), real),
  };
  const gradients = (y: Value) => gradientsOf(g, reduceSum(g, y), [x, weight]);
  const named = Object.entries(ways).flatMap(([name, y]) => {
    const of = gradients(y);
    return [[name, y] as const, [`${name}.x`, of.get(x)!] as const, [`${name}.weight`, of.get(weight)!] as const];
  });
  const ones = lengths.flatMap((length) => Array.from({ length: width }, (_, i) => (i < length ? 1 : 0)));
  const results = await runGraph(
    g,
    { ...Object.fromEntries(named), rows: packed },
    {
      mask: int32Tensor([batch, width], Int32Array.from(ones)),
      real: { dtype: "float32", shape: [batch, width, 1], data: Float32Array.from(ones) },
      x: randomTensor(1, [batch, width, size]),
      weight: randomTensor(2, [size, outputs]),
    },
  );
  return { results, rows: results["rows"]?.shape[0] as number, tokens: lengths.reduce((sum, n) => sum + n, 0) };
}

describe("Packing", () => {
  it.each([
    ["few tokens", lengthsOf(5, 7)],
    ["many", lengthsOf(64, 71)],
    ["many, with less padding than would fill them up", [...new Array<number>(31).fill(67), 66]],
  ])("gives values and gradients of the padded form: %s", async (_, lengths) => {
    const { results } = await compare(lengths);
    for (const name of ["", ".x", ".weight"]) {
      const [a, b] = [floatsOf(results, `packed${name}`), floatsOf(results, `padded${name}`)];
      expect(a.some((value) => value !== 0)).toBe(true);
      a.forEach((value, i) => {
        expect(Math.abs(value - (b[i] as number))).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      });
    }
  });

  it("holds each token once, and of many tokens so much padding that they come in units", async () => {
    const few = await compare(lengthsOf(5, 7));
    expect(few.rows).toBe(few.tokens);
    const many = await compare(lengthsOf(64, 71));
    expect(many.tokens).toBeGreaterThan(tallRows);
    expect(many.tokens % rowUnit).not.toBe(0);
    expect(many.rows).toBe(Math.ceil(many.tokens / rowUnit) * rowUnit);
  });
});
