import { describe, expect, it } from "vitest";
import { backward, GraphBuilder, type Parameter, reduceSum, type Value } from "../graph/index.js";
import { initialValue, ParamScope, type Pass } from "../nn/index.js";
import { float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { checkGradients } from "../testing/gradient-check.js";
import { randomTensor } from "../testing/random.js";
import { runGraph } from "../testing/run-graph.js";
import { AdapterSet } from "./adapter-set.js";
import { type KAdapterConfig, resolveAdapterConfig } from "./config.js";
import { type Fusion, type FusionConfig, type FusionKind, fusionKinds, makeFusion } from "./fusion.js";

const hiddenSize = 3;
const pass = (g: GraphBuilder): Pass => ({ g, dropout: null, fused: false });
const state = (seed: number): HostTensor<"float32"> => randomTensor(seed, [2, 2, hiddenSize]);

function fusionOf(names: readonly string[], config: FusionConfig) {
  const scope = ParamScope.root();
  return makeFusion(scope, { ...config, names, hiddenSize, init: "official" });
}

const allOf = ({ adapterParameters, parameters }: Fusion) => [...adapterParameters, ...parameters];

/** F for random states, and the elements it came from. */
async function fuse(names: readonly string[], config: FusionConfig) {
  const fusion = fusionOf(names, config);
  const g = new GraphBuilder();
  const shape = ["batch", "sequence", hiddenSize];
  const last = g.input("last", "float32", shape);
  const outputs = names.map((name) => g.input(name, "float32", shape));
  const given: Record<string, HostTensor<"float32">> = { last: state(1) };
  names.forEach((name, i) => {
    given[name] = state(i + 2);
  });
  const weights = new Map(fusion.parameters.map((parameter) => [parameter.name, initialValue(parameter, 5)]));
  const feeds = Object.fromEntries(
    fusion.parameters.map(({ name, shape: own }) => [name, float32Tensor(own, weights.get(name)!)]),
  );
  const results = await runGraph(g, { fused: fusion.forward(pass(g), last, outputs) }, { ...given, ...feeds });
  return { fused: floatsOf(results, "fused"), given, weights };
}

const rowsOf = ({ data }: HostTensor<"float32">): number[][] =>
  Array.from({ length: data.length / hiddenSize }, (_, i) => [...data.slice(i * hiddenSize, (i + 1) * hiddenSize)]);

/** `W·x + b` in double precision. */
function affine(weights: ReadonlyMap<string, Float32Array>, name: string, x: readonly number[]): number[] {
  const [matrix, bias] = [weights.get(`${name}.weight`)!, weights.get(`${name}.bias`)];
  return Array.from({ length: matrix.length / x.length }, (_, row) =>
    x.reduce((sum, value, i) => sum + value * matrix[row * x.length + i]!, bias?.[row] ?? 0),
  );
}

function expectRows(mine: Float32Array, expected: readonly (readonly number[])[]): void {
  const flat = expected.flat();
  expect(mine.length).toBe(flat.length);
  mine.forEach((x, i) => {
    expect(x).toBeCloseTo(flat[i]!, 5);
  });
}

describe("fusion", () => {
  it("concatenates as the released code does, for two adapters and for three", async () => {
    for (const names of [
      ["fac", "lin"],
      ["fac", "lin", "own"],
    ]) {
      const { fused, given, weights } = await fuse(names, { kind: "concat", adapterDense: false });
      const expected = rowsOf(given["last"]!).map((last, row) => {
        const parts = names.map((name) =>
          affine(weights, `task_dense_${name}`, [...last, ...rowsOf(given[name]!)[row]!]),
        );
        return affine(weights, "task_dense", parts.flat());
      });
      expectRows(fused, expected);
    }
  });

  it("joins hidden states side by side where they are read without adapters, and only there", async () => {
    const config = { kind: "concat" as const, adapterDense: false, taps: [0, 2] } satisfies FusionConfig;
    const fusion = fusionOf([], config);
    const g = new GraphBuilder();
    const [first, second] = ["a", "b"].map((name) => g.input(name, "float32", [2, 2, hiddenSize])) as [Value, Value];
    const feeds: Record<string, HostTensor<"float32">> = { a: state(1), b: state(2) };
    const weights = new Map(fusion.parameters.map((one) => [one.name, initialValue(one, 5)]));
    for (const { name, shape } of fusion.parameters) feeds[name] = float32Tensor(shape, weights.get(name)!);
    const results = await runGraph(g, { fused: fusion.forward(pass(g), second, [first, second]) }, feeds);
    const [low, high] = [rowsOf(feeds["a"]!), rowsOf(feeds["b"]!)];
    const expected = low.map((row, i) => affine(weights, "task_dense_taps", [...row, ...high[i]!]));
    expectRows(floatsOf(results, "fused"), expected);
    expect(() => fusionOf(["fac"], config)).toThrow("without adapters");
  });

  it("needs no second dense layer for one adapter, and nothing at all for none", async () => {
    const one = await fuse(["fac"], { kind: "concat", adapterDense: false });
    expect([...one.weights.keys()]).toEqual(["task_dense_fac.weight", "task_dense_fac.bias"]);
    expectRows(
      one.fused,
      rowsOf(one.given["last"]!).map((last, row) =>
        affine(one.weights, "task_dense_fac", [...last, ...rowsOf(one.given["fac"]!)[row]!]),
      ),
    );
    for (const kind of fusionKinds) {
      const none = await fuse([], { kind, adapterDense: false });
      expect(none.weights.size).toBe(0);
      expect(none.fused).toEqual(none.given["last"]!.data);
    }
  });

  it("attends to adapters token by token; untrained values are the outputs themselves", async () => {
    const names = ["a", "b", "c"];
    const { fused, given, weights } = await fuse(names, { kind: "attention", adapterDense: false });
    const expected = rowsOf(given["last"]!).map((last, row) => {
      const outputs = names.map((name) => rowsOf(given[name]!)[row]!);
      const asked = affine(weights, "fusion.query", last);
      const powers = outputs.map((output) =>
        Math.exp(affine(weights, "fusion.key", output).reduce((sum, x, i) => sum + x * asked[i]!, 0)),
      );
      const total = powers.reduce((sum, power) => sum + power, 0);
      return last.map((x, i) => outputs.reduce((sum, output, a) => sum + (powers[a]! / total) * output[i]!, x));
    });
    expectRows(fused, expected);
  });

  it.each([
    ...fusionKinds.map((kind): [FusionKind, boolean] => [kind, false]),
    ["concat", true] as [FusionKind, boolean],
    ["add", true] as [FusionKind, boolean],
  ])("has right gradients: %s, CosmosQA's own layers %s", async (kind, adapterDense) => {
    const names = ["a", "b"];
    const parameters = allOf(fusionOf(names, { kind, adapterDense }));
    await checkGradients({
      operands: [
        state(1),
        state(2),
        state(3),
        ...parameters.map(({ shape }, i) => randomTensor(10 + i, shape, -0.7, 0.7)),
      ],
      named: [1, 2, 3].map(() => ["batch", "sequence", null]),
      forward: (g, [last, first, second, ...weights]) => {
        const fusion = fusionOf(names, { kind, adapterDense });
        const bound = bind(g, allOf(fusion), weights);
        return fusion.forward(pass(bound), last!, [first!, second!]);
      },
    });
  });
});

/** A builder in which parameters are the given values. */
function bind(g: GraphBuilder, parameters: readonly Parameter[], values: readonly Value[]) {
  const byName = new Map(parameters.map(({ name }, i) => [name, values[i]!]));
  return new Proxy(g, {
    get: (target, key) => {
      if (key === "use") return ({ name }: Parameter) => byName.get(name);
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

describe("adapters together", () => {
  const backbone = { hiddenSize: 8, layers: 4 };
  const config = (layers: number[], size: number): KAdapterConfig =>
    resolveAdapterConfig(backbone, "official", {
      ...{ layers, size, heads: 2, intermediateSize: size },
      ...{ dropout: 0, maskPadding: false },
    });

  it("mixes sizes and layers, and every parameter of each has a gradient", async () => {
    const scope = ParamScope.root();
    const set = new AdapterSet(
      scope,
      [
        { name: "fac", config: config([0, 2, 4], 6) },
        { name: "lin", config: config([1, 3], 4) },
      ],
      backbone.hiddenSize,
    );
    expect(set.layers).toEqual([0, 1, 2, 3, 4]);
    const fusion = makeFusion(scope, {
      kind: "attention",
      adapterDense: false,
      names: set.names,
      hiddenSize: backbone.hiddenSize,
      init: "official",
    });
    const g = new GraphBuilder();
    const states = set.layers.map((i) => g.input(`h${i}`, "float32", ["batch", "sequence", backbone.hiddenSize]));
    const outputs = set.forward(pass(g), (layer) => states[layer]!, null, null);
    const loss = reduceSum(g, fusion.forward(pass(g), states[4]!, outputs));
    const parameters = [...set.parameters, ...fusion.parameters];
    expect(parameters.map(({ name }) => name)).toContain("lin_adapter.adapter.1.up_project.weight");
    const grads = backward(g, loss, parameters);
    const feeds = Object.fromEntries([
      ...set.layers.map((i) => [`h${i}`, randomTensor(i, [2, 3, backbone.hiddenSize])]),
      ...parameters.map((parameter) => [parameter.name, float32Tensor(parameter.shape, initialValue(parameter, 3))]),
    ]);
    const results = await runGraph(
      g,
      Object.fromEntries([...grads].map(([{ name }, grad]) => [`grad.${name}`, grad])),
      feeds,
    );
    for (const { name } of parameters) {
      // A shift of all keys changes no share.
      if (name === "fusion.key.bias" || name.includes("self.key.bias")) continue;
      expect(
        floatsOf(results, `grad.${name}`).some((x) => x !== 0),
        name,
      ).toBe(true);
    }
  });
});
