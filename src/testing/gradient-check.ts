/**
 * Compares a graph's gradients with numeric differentiation, both computed by ONNX Runtime.
 * After ONNX Runtime's own `gradient_checker.cc`: every element of every operand is moved on its own.
 * @module
 */
import { expect } from "vitest";
import { GraphBuilder, gradientsOf, mul, reduceSum, toOnnx, type Value } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { elementCount, float32Tensor, type HostTensor } from "../tensor.js";
import { randomTensor } from "./random.js";

export interface GradientCase {
  /** Operands whose gradients are checked. */
  readonly operands: readonly HostTensor<"float32">[];
  /** Names of dimensions that the graph does not know in advance, by operand and axis. */
  readonly named?: readonly (readonly (string | null)[])[];
  /** The function under test. */
  readonly forward: (g: GraphBuilder, operands: readonly Value[]) => Value;
  /** Step of the central difference; float32 noise grows as it shrinks. */
  readonly step?: number;
  readonly tolerance?: number;
}

/** Fails unless every gradient agrees with the central difference of Σ w·f(operands), w random. */
export async function checkGradients(test: GradientCase): Promise<void> {
  const { operands, step = 1e-2, tolerance = 2e-3 } = test;
  const g = new GraphBuilder();
  const inputs = operands.map((operand, i) =>
    g.input(
      `x${i}`,
      "float32",
      operand.shape.map((dim, axis) => test.named?.[i]?.[axis] ?? dim),
    ),
  );
  const output = test.forward(g, inputs);
  const weight = g.input("w", "float32", output.shape);
  const loss = reduceSum(g, mul(g, output, weight));
  const grads = gradientsOf(g, loss, inputs);
  const executor = await localExecutor({ device: "cpu", threads: 2 });
  const outputNames = Object.fromEntries(
    inputs.flatMap((input, i) => (grads.has(input) ? [[`d${i}`, grads.get(input) as Value]] : [])),
  );
  const graph = await executor.load({ model: toOnnx(g.build({ output, loss, ...outputNames })) });
  const feeds = Object.fromEntries(operands.map((operand, i) => [`x${i}`, operand]));
  const shape = await outputShape(test, operands);
  const weights = randomTensor(7, shape, 0.5, 1.5);
  const fetched = await graph.run({ ...feeds, w: weights }, ["loss", ...Object.keys(outputNames)]);
  for (const [i, operand] of operands.entries()) {
    const analytic = fetched[`d${i}`]?.data as Float32Array;
    expect(analytic, `operand ${i} has a gradient`).toBeDefined();
    for (let e = 0; e < elementCount(operand.shape); e++) {
      const at = async (delta: number) => {
        const data = operand.data.slice();
        data[e] = (data[e] as number) + delta;
        const run = await graph.run({ ...feeds, [`x${i}`]: float32Tensor(operand.shape, data), w: weights }, [
          "output",
        ]);
        const y = run["output"]?.data as Float32Array;
        return y.reduce((sum, value, j) => sum + value * (weights.data[j] as number), 0);
      };
      const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
      const error = Math.abs(numeric - (analytic[e] as number));
      expect(error, `operand ${i}, element ${e}: ${analytic[e]} against ${numeric}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(numeric)),
      );
    }
  }
  await executor.close();
}

/** The output's shape when all dimensions are known. */
async function outputShape(test: GradientCase, operands: readonly HostTensor<"float32">[]): Promise<readonly number[]> {
  const g = new GraphBuilder();
  const values = operands.map((operand, i) => g.input(`x${i}`, "float32", operand.shape));
  return test.forward(g, values).shape as readonly number[];
}
