import { describe, expect, it } from "vitest";
import { type Parameter, toOnnx } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { type AdamWConfig, adamWDefaults, decays, rateFeeds } from "./adamw.js";
import { slotNames } from "./optimizer.js";
import { ParameterState } from "./parameter-state.js";
import { updateStep } from "./step.js";

type Values = Record<string, Float32Array>;

const parametersOf = (shapes: Readonly<Record<string, readonly number[]>>): Parameter[] =>
  Object.entries(shapes).map(([name, shape]) => ({
    name,
    shape,
    dtype: "float32",
    init: { kind: "constant", value: 0 },
  }));

/** Runs the update graph over given gradients and returns the values after each update. */
async function run(
  parameters: readonly Parameter[],
  start: Values,
  gradients: readonly Values[],
  rates: readonly number[],
  config: AdamWConfig,
  rateScale: (parameter: Parameter) => number = () => 1,
): Promise<{ values: Values; norm: number }[]> {
  const executor = await localExecutor({ device: "cpu", threads: 1 });
  const step = updateStep({ trainable: parameters, optimizer: config, rateScale });
  const graph = await executor.load({ model: toOnnx(step.graph), updates: step.updates });
  const values = async () =>
    Object.fromEntries(
      parameters.map(({ name, shape }) => [name, float32Tensor(shape, (start[name] as Float32Array).slice())]),
    );
  await new ParameterState(executor, parameters, parameters, values).initialise(0);
  const after = [];
  for (const [i, grads] of gradients.entries()) {
    const feeds: Record<string, HostTensor> = rateFeeds(rates[i] as number, i + 1, config);
    for (const { name, shape } of parameters)
      feeds[slotNames.gradient(name)] = float32Tensor(shape, grads[name] as Float32Array);
    const results = await graph.run(feeds, step.fetch);
    const now = await executor.getState(parameters.map(({ name }) => name));
    const values = Object.fromEntries(parameters.map(({ name }) => [name, floatsOf(now, name)]));
    after.push({ values, norm: floatsOf(results, "grad_norm")[0] as number });
  }
  await executor.close();
  return after;
}

function expectNear(mine: Float32Array, expected: ArrayLike<number>, atol = 2e-6, rtol = 1e-5): void {
  expect(mine.length).toBe(expected.length);
  mine.forEach((x, i) => {
    const target = expected[i] as number;
    expect(Math.abs(x - target), `${x} against ${target}`).toBeLessThanOrEqual(atol + rtol * Math.abs(target));
  });
}

/** The same update in double precision, written from the formulas. */
function reference(
  start: Values,
  gradients: readonly Values[],
  rates: readonly number[],
  c: AdamWConfig,
): Record<string, number[]> {
  const p = Object.fromEntries(Object.entries(start).map(([name, data]) => [name, Array.from(data)]));
  const m = Object.fromEntries(Object.entries(p).map(([name, data]) => [name, data.map(() => 0)]));
  const v = Object.fromEntries(Object.entries(p).map(([name, data]) => [name, data.map(() => 0)]));
  gradients.forEach((grads, t) => {
    const rate = rates[t] as number;
    const norm = Math.sqrt(Object.values(grads).reduce((sum, g) => sum + g.reduce((s, x) => s + x * x, 0), 0));
    const clip = c.maxGradNorm > 0 ? Math.min(1, c.maxGradNorm / (norm + 1e-6)) : 1;
    const size = (rate * Math.sqrt(1 - c.beta2 ** (t + 1))) / (1 - c.beta1 ** (t + 1));
    for (const [name, values] of Object.entries(p)) {
      values.forEach((_, i) => {
        const g = clip * ((grads[name] as Float32Array)[i] as number);
        const [mi, vi] = [m[name] as number[], v[name] as number[]];
        mi[i] = c.beta1 * (mi[i] as number) + (1 - c.beta1) * g;
        vi[i] = c.beta2 * (vi[i] as number) + (1 - c.beta2) * g * g;
        values[i] = (values[i] as number) - (size * (mi[i] as number)) / (Math.sqrt(vi[i] as number) + c.epsilon);
        if (decays(name)) values[i] = (values[i] as number) * (1 - rate * c.weightDecay);
      });
    }
  });
  return p;
}

describe("AdamW in a graph", () => {
  const shapes = { "layer.weight": [3, 4], "layer.bias": [4], "x.LayerNorm.weight": [4] };
  const parameters = parametersOf(shapes);
  const values = (seed: number, scale: number): Values =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape], i) => [name, randomTensor(seed + i, shape, -scale, scale).data]),
    );
  const gradients = [1, 2, 3, 4, 5].map((seed) => values(10 * seed, 2));
  const rates = [0.01, 0.02, 0.03, 0.02, 0.01];

  it.each([
    ["without decay", adamWDefaults],
    ["with decay, clipping off", { ...adamWDefaults, weightDecay: 0.1, maxGradNorm: 0 }],
    ["with a large epsilon", { ...adamWDefaults, epsilon: 0.05 }],
  ] as const)("follows the formulas %s", async (_, config) => {
    const start = values(99, 1);
    const after = await run(parameters, start, gradients, rates, config);
    const expected = reference(start, gradients, rates, config);
    for (const name of Object.keys(shapes))
      expectNear((after.at(-1) as (typeof after)[0]).values[name] as Float32Array, expected[name] as number[]);
  });

  it("scales the rate, and with it the decay, of single parameters", async () => {
    const config = { ...adamWDefaults, weightDecay: 0.1 };
    const start = values(99, 1);
    const after = await run(parameters, start, gradients, rates, config, ({ name }) =>
      name === "layer.weight" ? 3 : 1,
    );
    const [plain, scaled] = [1, 3].map((scale) =>
      reference(
        start,
        gradients,
        rates.map((rate) => scale * rate),
        config,
      ),
    );
    for (const name of Object.keys(shapes)) {
      const expected = (name === "layer.weight" ? scaled : plain) as Record<string, number[]>;
      expectNear((after.at(-1) as (typeof after)[0]).values[name] as Float32Array, expected[name] as number[]);
    }
  });

  it("decays neither biases nor LayerNorm weights", () => {
    expect(["a.weight", "a.bias", "b.LayerNorm.weight", "b.LayerNorm.bias"].map(decays)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
