import { describe, expect, it } from "vitest";
import { GraphBuilder, gradientsOf, matmul, mul, reduceSum, type Value } from "../graph/index.js";
import { initialValue, ParamScope, type Pass } from "../nn/index.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { runGraph } from "../testing/run-graph.js";
import { type KAdapterConfig, kAdapterConfigSchema, resolveAdapterConfig, scaledLayers } from "./config.js";
import { KAdapter } from "./k-adapter.js";

const hidden = 12;
const base = resolveAdapterConfig({ hiddenSize: hidden, layers: 4 }, "official", {
  size: 8,
  heads: 2,
  init: 0.3,
  dropout: 0,
});

interface Case {
  readonly config: Partial<KAdapterConfig>;
  readonly sequence?: number;
  /** Real tokens of each of two sentences. */
  readonly lengths?: readonly [number, number];
  /** Position from which on all taps of the first sentence are other ones. */
  readonly changedFrom?: number;
  readonly fused?: boolean;
}

/** Runs an adapter over random taps, with and without the positions picked. */
async function run({ config, sequence = 6, lengths = [6, 4], changedFrom = sequence, fused = false }: Case) {
  const full = { ...base, ...config };
  const adapter = new KAdapter(ParamScope.root(), full, hidden);
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused };
  const taps = full.layers.map((layer) => g.input(`tap.${layer}`, "float32", ["batch", "sequence", hidden]));
  const mask = g.input("mask", "int32", ["batch", "sequence"]);
  const select = g.input("select", "float32", ["batch", 2, "sequence"]);
  const whole = adapter.forward(pass, taps, mask).output;
  const picked = adapter.forward(pass, taps, mask, select).output;
  const outputs: Record<string, Value> = { whole, afterwards: matmul(g, select, whole), picked };
  // Padding differs from real tokens wildly, so that looking at it would show.
  const feeds: Record<string, HostTensor> = {
    mask: int32Tensor(
      [2, sequence],
      Int32Array.from({ length: 2 * sequence }, (_, i) =>
        i % sequence < lengths[Math.floor(i / sequence) as 0 | 1] ? 1 : 0,
      ),
    ),
    select: float32Tensor(
      [2, 2, sequence],
      Float32Array.from({ length: 4 * sequence }, (_, i) => (i % sequence === Math.floor(i / sequence) % 2 ? 1 : 0)),
    ),
  };
  for (const layer of full.layers) {
    const states = randomTensor(layer, [2, 8, hidden]).data;
    const data = new Float32Array(2 * sequence * hidden);
    for (let i = 0; i < data.length; i++) {
      const [row, position] = [Math.floor(i / (sequence * hidden)), Math.floor(i / hidden) % sequence];
      const real = position < lengths[row as 0 | 1];
      const changed = row === 0 && position >= changedFrom ? -1 : 1;
      data[i] = real ? changed * (states[(row * 8 + position) * hidden + (i % hidden)] as number) : 100;
    }
    feeds[`tap.${layer}`] = float32Tensor([2, sequence, hidden], data);
  }
  for (const parameter of adapter.parameters)
    feeds[parameter.name] = float32Tensor(parameter.shape, initialValue(parameter, 5));
  return runGraph(g, outputs, feeds);
}

function expectClose(mine: Float32Array, other: Float32Array): void {
  expect(mine.length).toBe(other.length);
  mine.forEach((x, i) => {
    expect(Math.abs(x - (other[i] as number))).toBeLessThan(1e-4);
  });
}

describe("KAdapter", () => {
  const variants: Readonly<Record<string, Partial<KAdapterConfig>>> = {
    "the default": {},
    "concatenated inputs": { input: "concat" },
    "one adapter layer": { layers: [2] },
    "one transformer layer": { transformerLayers: 1 },
    "skip 2": { skip: 2 },
    "skip 3": { skip: 3 },
    "padding attended": { maskPadding: false },
    "causal attention": { attention: "causal" },
    "causal attention, padding unmasked": { attention: "causal", maskPadding: false },
    "causal attention and skip": { attention: "causal", skip: 2 },
  };

  for (const [name, config] of Object.entries(variants)) {
    it(`computes for picked positions what it computes for all: ${name}`, async () => {
      const results = await run({ config });
      expectClose(floatsOf(results, "picked"), floatsOf(results, "afterwards"));
    });
  }

  describe.each([true, false])("beside a causal backbone (fused: %s)", (fused) => {
    const both = async (config: Partial<KAdapterConfig>) => {
      const results = [await run({ config, fused }), await run({ config, fused, changedFrom: 4 })];
      return results.map((result) => floatsOf(result, "whole")) as [Float32Array, Float32Array];
    };

    it.each<Partial<KAdapterConfig>>([{}, { input: "concat" }, { skip: 2 }, { maskPadding: false }])(
      "does not let a later token change an earlier position's output: %j",
      async (config) => {
        const [before, after] = await both({ ...config, attention: "causal" });
        expectClose(before.subarray(0, 4 * hidden), after.subarray(0, 4 * hidden));
        expect(before.subarray(4 * hidden).some((x, i) => Math.abs(x - (after[4 * hidden + i] as number)) > 1e-3)).toBe(
          true,
        );
      },
    );

    it("would, if its attention looked both ways", async () => {
      const [before, after] = await both({});
      expect(before.subarray(0, 4 * hidden).some((x, i) => Math.abs(x - (after[i] as number)) > 1e-3)).toBe(true);
    });
  });

  it("gives real tokens the same output whatever the padded length, with padding masked", async () => {
    const [short, long] = [await run({ config: {}, sequence: 6 }), await run({ config: {}, sequence: 8 })];
    expectClose(floatsOf(short, "picked"), floatsOf(long, "picked"));
  });

  it("lets the padded length matter when padding is attended, as the released code does", async () => {
    const [short, long] = [
      await run({ config: { maskPadding: false }, sequence: 6 }),
      await run({ config: { maskPadding: false }, sequence: 8 }),
    ];
    const [a, b] = [floatsOf(short, "picked"), floatsOf(long, "picked")];
    expect(a.some((x, i) => Math.abs(x - (b[i] as number)) > 1e-3)).toBe(true);
  });

  it("has gradients that agree with numeric differentiation, in a direction of each parameter", async () => {
    const adapter = new KAdapter(ParamScope.root(), { ...base, input: "concat" }, hidden);
    const g = new GraphBuilder();
    const taps = base.layers.map((layer) => g.input(`tap.${layer}`, "float32", [1, 3, hidden]));
    const mask = g.input("mask", "int32", [1, 3]);
    const { output } = adapter.forward({ g, dropout: null, fused: false }, taps, mask);
    const loss = reduceSum(g, mul(g, output, g.constant(randomTensor(9, [1, 3, hidden]))));
    const values = adapter.parameters.map((parameter) => g.use(parameter));
    const grads = gradientsOf(g, loss, values);
    const feeds: Record<string, HostTensor> = { mask: int32Tensor([1, 3], Int32Array.of(1, 1, 0)) };
    for (const layer of base.layers) feeds[`tap.${layer}`] = randomTensor(layer, [1, 3, hidden]);
    for (const parameter of adapter.parameters)
      feeds[parameter.name] = float32Tensor(parameter.shape, initialValue(parameter, 3));
    const outputs = {
      loss,
      ...Object.fromEntries(values.map((value) => [`grad.${value.name}`, grads.get(value) as Value])),
    };
    const results = await runGraph(g, outputs, feeds);
    for (const parameter of adapter.parameters.filter((_, i) => i % 7 === 0)) {
      const direction = randomTensor(77, parameter.shape).data;
      const moved = async (step: number) => {
        const start = (feeds[parameter.name] as HostTensor<"float32">).data;
        const data = start.map((x, i) => x + step * (direction[i] as number));
        return floatsOf(
          await runGraph(g, { loss }, { ...feeds, [parameter.name]: float32Tensor(parameter.shape, data) }),
          "loss",
        )[0] as number;
      };
      const numeric = ((await moved(1e-2)) - (await moved(-1e-2))) / 2e-2;
      const analytic = floatsOf(results, `grad.${parameter.name}`).reduce(
        (sum, x, i) => sum + x * (direction[i] as number),
        0,
      );
      expect(Math.abs(numeric - analytic), parameter.name).toBeLessThan(5e-3 * Math.max(1, Math.abs(numeric)));
    }
  });

  it.each<[string, Partial<KAdapterConfig>, number | "words"]>([
    ["two positions", {}, 2],
    ["as many positions as the batch has words", {}, "words"],
    ["positions behind skipped layers", { skip: 2 }, 2],
    ["positions beside a causal backbone", { attention: "causal" }, 2],
  ])("has the gradients of all positions when some are picked: %s", async (_, config, positions) => {
    const adapter = new KAdapter(ParamScope.root(), { ...base, ...config }, hidden);
    const g = new GraphBuilder();
    const taps = base.layers.map((layer) => g.input(`tap.${layer}`, "float32", ["batch", "sequence", hidden]));
    const mask = g.input("mask", "int32", ["batch", "sequence"]);
    const select = g.input("select", "float32", ["batch", positions, "sequence"]);
    const factors = g.input("factors", "float32", ["batch", positions, hidden]);
    const pass: Pass = { g, dropout: null, fused: false };
    const wanted = [...taps, ...adapter.parameters.map((parameter) => g.use(parameter))];
    const gradients = (name: string, output: Value) => {
      const found = gradientsOf(g, reduceSum(g, mul(g, output, factors)), wanted);
      return wanted.map((value): [string, Value] => [`${name}.${value.name}`, found.get(value) as Value]);
    };
    const outputs = [
      ...gradients("all", matmul(g, select, adapter.forward(pass, taps, mask).output)),
      ...gradients("picked", adapter.forward(pass, taps, mask, select).output),
    ];
    const results = await runGraph(g, Object.fromEntries(outputs), {
      // Padding before, within and after the tokens.
      mask: int32Tensor([3, 4], Int32Array.of(1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0)),
      select: float32Tensor(
        [3, 2, 4],
        Float32Array.of(1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0),
      ),
      factors: randomTensor(9, [3, 2, hidden]),
      ...Object.fromEntries(base.layers.map((layer) => [`tap.${layer}`, randomTensor(layer, [3, 4, hidden])])),
      ...Object.fromEntries(
        adapter.parameters.map((one) => [one.name, float32Tensor(one.shape, initialValue(one, 3))]),
      ),
    });
    for (const { name } of wanted) expectClose(floatsOf(results, `picked.${name}`), floatsOf(results, `all.${name}`));
  });

  it("names its parameters as the released checkpoints do", () => {
    const names = new KAdapter(ParamScope.root(), base, hidden).parameters.map(({ name }) => name);
    expect(names).toContain("adapter.0.down_project.weight");
    expect(names).toContain("adapter.2.encoder.layer.1.attention.output.LayerNorm.bias");
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("resolveAdapterConfig", () => {
  it("derives taps, size and heads from the backbone", () => {
    expect(resolveAdapterConfig({ hiddenSize: 1024, layers: 24 }, "official")).toMatchObject({
      layers: [0, 11, 22],
      size: 768,
      heads: 12,
      intermediateSize: 3072,
    });
    expect(resolveAdapterConfig({ hiddenSize: 1024, layers: 24 }, "paper")).toMatchObject({
      layers: [0, 11, 23],
      input: "concat",
    });
    expect(resolveAdapterConfig({ hiddenSize: 384, layers: 6 }, "official")).toMatchObject({
      layers: [0, 3, 6],
      size: 384,
      heads: 6,
      maskPadding: true,
    });
    expect(resolveAdapterConfig({ hiddenSize: 48, layers: 1 }, "official")).toMatchObject({ layers: [0, 1], heads: 1 });
  });

  it("looks only back beside a causal backbone, both ways beside others and in older folders", () => {
    const sizes = { hiddenSize: 48, layers: 2 };
    const { attention, ...older } = resolveAdapterConfig(sizes, "official");
    expect(attention).toBe("bidirectional");
    expect(kAdapterConfigSchema.parse(older).attention).toBe("bidirectional");
    expect(resolveAdapterConfig({ ...sizes, causal: true }, "paper").attention).toBe("causal");
  });

  it("scales layers of another depth, and hides none that a model of that depth lacks, too", () => {
    expect(scaledLayers([0, 11, 23], 24, 4)).toEqual([0, 2, 4]);
    expect(scaledLayers([0, 11, 22], 24, 24)).toEqual([0, 11, 22]);
    expect(scaledLayers([0, 11, 22], 24, 1)).toEqual([0, 1]);
    expect(scaledLayers([0, 9], 4, 4)).toEqual([0, 9]);
    expect(Math.max(...scaledLayers([0, 30], 24, 12))).toBeGreaterThan(12);
  });

  it("refuses taps the backbone lacks, heads that do not divide, and skip 1", () => {
    const sizes = { hiddenSize: 48, layers: 4 };
    expect(() => resolveAdapterConfig(sizes, "official", { layers: [0, 5] })).toThrow(/no hidden state 5/);
    expect(() => resolveAdapterConfig(sizes, "official", { heads: 5 })).toThrow(/do not divide/);
    expect(() => resolveAdapterConfig(sizes, "official", { skip: 1 })).toThrow(/skip/);
  });
});
