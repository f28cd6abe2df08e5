import { describe, expect, it } from "vitest";
import { GraphBuilder, toOnnx } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { constant, Linear, ParamScope, quantizedFrom, quantizeWeight, scalesOf } from "./index.js";

const [inputs, outputs] = [48, 20];

describe("quantizeWeight", () => {
  const weight = randomTensor(1, [outputs, inputs], -0.2, 0.2).data as Float32Array;

  it.each([7, 8] as const)("is off by at most half a step of %i bits", (bits) => {
    const { values, scales } = quantizeWeight(weight, outputs, bits);
    const top = 2 ** (bits - 1) - 1;
    for (let o = 0; o < outputs; o++) {
      const row = weight.subarray(o * inputs, (o + 1) * inputs);
      expect(scales[o]).toBeCloseTo(Math.max(...row.map(Math.abs)) / top, 7);
      row.forEach((w, i) => {
        const rounded = (values[i * outputs + o] as number) * (scales[o] as number);
        expect(Math.abs(rounded - w)).toBeLessThanOrEqual(0.5001 * (scales[o] as number));
      });
    }
    expect(Math.max(...values.map(Math.abs))).toBe(top);
  });

  it("keeps an output without weights at zero", () => {
    const { values, scales } = quantizeWeight(new Float32Array(6), 2, 8);
    expect([...values, ...scales]).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
  });
});

describe("a linear layer with int8 weights", () => {
  it("comes within two percent of the float32 layer", async () => {
    const linear = new Linear(ParamScope.root(), inputs, outputs, { weight: constant(0), bias: constant(0) });
    const g = new GraphBuilder();
    const x = g.input("x", "float32", ["rows", inputs]);
    const pass = { g, dropout: null, fused: true };
    const graph = g.build({ exact: linear.forward(pass, x), int8: linear.forward({ ...pass, int8: true }, x) });
    const weight = randomTensor(2, [outputs, inputs], -0.1, 0.1);
    const { values, scales } = quantizeWeight(weight.data as Float32Array, outputs, 7);
    const feeds: Record<string, HostTensor> = {
      x: randomTensor(3, [9, inputs]),
      weight,
      bias: randomTensor(4, [outputs]),
    };
    for (const { name, shape, dtype } of graph.parameters.keys()) {
      if (dtype === "int8") feeds[name] = { dtype, shape, data: values };
      if (name === scalesOf("weight")) feeds[name] = float32Tensor(shape, scales);
    }
    const executor = await localExecutor({ device: "cpu", threads: 1 });
    const results = await (await executor.load({ model: toOnnx(graph) })).run(feeds, ["exact", "int8"]);
    await executor.close();
    const [exact, int8] = [floatsOf(results, "exact"), floatsOf(results, "int8")];
    const squared = (x: Float32Array) => x.reduce((sum, value) => sum + value * value, 0);
    const error = Math.sqrt(squared(exact.map((value, i) => value - (int8[i] as number))) / squared(exact));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.02);
  });
});

describe("quantizedFrom", () => {
  it("tells int8 forms by their names", () => {
    expect(["a.weight.int8", scalesOf("a.weight"), "a.weight"].map(quantizedFrom)).toEqual([
      "a.weight",
      "a.weight",
      null,
    ]);
  });
});
