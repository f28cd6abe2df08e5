import { describe, expect, it } from "vitest";
import type { LoadedGraph, Tensors } from "../engine/executor.js";
import { add, mul, type Parameter, reduceSum, tanh } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { bytesOf, float32Scalar, float32Tensor } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { type AdamWConfig, adamWDefaults, rateFeeds } from "./adamw.js";
import { slotNames } from "./optimizer.js";
import { accumulationFeeds, fusedStep, type StepOptions, splitStep, stepSource } from "./step.js";

const shapes = { "a.weight": [3, 7], "a.bias": [5], "b.LayerNorm.weight": [1], "b.weight": [64, 33], c: [] };
const parameters = Object.entries(shapes).map(
  ([name, shape]): Parameter => ({ name, shape, dtype: "float32", init: { kind: "constant", value: 0 } }),
);

/** A loss whose gradients differ from parameter to parameter and step to step. */
const options = (optimizer: AdamWConfig, inPlace: boolean, more: Partial<StepOptions>): StepOptions => ({
  loss: ({ g }) => {
    const x = g.input("x", "float32", []);
    return parameters
      .map((parameter) => reduceSum(g, tanh(g, mul(g, g.use(parameter), x))))
      .reduce((sum, one) => add(g, sum, one));
  },
  trainable: parameters,
  optimizer,
  dropout: false,
  inPlace,
  ...more,
});

const start = (seed: number): Tensors =>
  Object.fromEntries(
    parameters.flatMap(({ name, shape }, i) => [
      [name, randomTensor(seed + i, shape)],
      [slotNames.firstMoment(name), randomTensor(seed + 10 + i, shape)],
      [slotNames.secondMoment(name), randomTensor(seed + 20 + i, shape, 0, 1)],
      [slotNames.gradient(name), randomTensor(seed + 30 + i, shape)],
    ]),
  );
const slots = parameters.flatMap(({ name }) => [name, slotNames.firstMoment(name), slotNames.secondMoment(name)]);
const rates = (update: number, config: AdamWConfig) => rateFeeds(0.1 * update, update, config);

const bytesByName = (tensors: Tensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, Buffer.from(bytesOf(tensor))]));

/** State and norms after fused steps, split ones and, from new state, fused ones again. */
async function train(inPlace: boolean, optimizer: AdamWConfig, more: Partial<StepOptions>) {
  const executor = await localExecutor({ device: "cpu", threads: 1 });
  expect(executor.updatesInPlace).toBe(true);
  const step = options(optimizer, inPlace, more);
  const [fused, { accumulate, update }] = [fusedStep(step), splitStep(step)];
  const [fusedGraph, accumulating, updating] = [
    await executor.load(stepSource(fused)),
    await executor.load(stepSource(accumulate)),
    await executor.load(stepSource(update)),
  ];
  const seen: Tensors[] = [];
  const note = async (results: Tensors) => {
    seen.push(results, await executor.getState(slots));
  };
  const fusedRun = async (t: number) =>
    note(await fusedGraph.run({ x: float32Scalar(t / 3), ...rates(t, optimizer) }, fused.fetch));
  await executor.setState(start(1));
  for (const t of [1, 2]) await fusedRun(t);
  for (const t of [3, 4]) {
    for (const keep of [0, 1]) {
      await accumulating.run({ x: float32Scalar(keep - t), ...accumulationFeeds(keep === 0, 0.5) }, accumulate.fetch);
    }
    await note(await updating.run(rates(t, optimizer), update.fetch));
  }
  await executor.setState(start(100));
  for (const t of [5, 6]) await fusedRun(t);
  await executor.close();
  return seen.map(bytesByName);
}

const [first, ...others] = parameters as [Parameter, ...Parameter[]];

describe("AdamW in place", () => {
  it.each<[string, AdamWConfig, Partial<StepOptions>]>([
    ["as it is by default", adamWDefaults, {}],
    ["with decay", { ...adamWDefaults, weightDecay: 0.3 }, {}],
    ["without clipping", { ...adamWDefaults, maxGradNorm: 0 }, {}],
    ["clipping groups apart", { ...adamWDefaults, maxGradNorm: 0.5 }, { clipGroups: { own: [first], rest: others } }],
    [
      "with rates of their own",
      { ...adamWDefaults, weightDecay: 0.1, epsilon: 0.05 },
      { rateScale: ({ name }) => (name.startsWith("a.") ? 3.7 : 1) },
    ],
  ])("gives the bits of the graph %s", async (_, optimizer, more) => {
    const [inGraph, inPlace] = [await train(false, optimizer, more), await train(true, optimizer, more)];
    expect(inPlace).toEqual(inGraph);
    // Something was learnt each time: no state equals one before.
    const states = inGraph.filter((_, i) => i % 2 === 1).map((state) => JSON.stringify(state));
    expect(new Set(states).size).toBe(states.length);
  });

  it("is refused by an executor that cannot do it", async () => {
    const executor = await localExecutor({ device: "cpu", threads: 1, binding: "node" });
    expect(executor.updatesInPlace).toBe(false);
    await expect(executor.load(stepSource(fusedStep(options(adamWDefaults, true, {}))))).rejects.toThrow("in place");
    await executor.close();
  });

  it("leaves values and moments alone when the graph fails", async () => {
    const executor = await localExecutor({ device: "cpu", threads: 1 });
    const step = fusedStep(options(adamWDefaults, true, {}));
    const graph = await executor.load(stepSource(step));
    await executor.setState(start(1));
    const before = await executor.getState(slots);
    const wrong = float32Tensor([2], new Float32Array(2));
    await expect(graph.run({ x: wrong, ...rates(1, adamWDefaults) }, step.fetch)).rejects.toThrow();
    expect(await executor.getState(slots)).toEqual(before);
    await executor.close();
  });

  it("takes no notice of what an earlier training left", async () => {
    const executor = await localExecutor({ device: "cpu", threads: 1 });
    const fused = (some: readonly Parameter[]) =>
      fusedStep({
        ...options(adamWDefaults, true, {}),
        trainable: some,
        loss: ({ g }) => some.map((one) => reduceSum(g, tanh(g, g.use(one)))).reduce((sum, one) => add(g, sum, one)),
      });
    const open: LoadedGraph[] = [];
    for (const size of [3, 5]) {
      for (const closes of [false, true]) {
        const own: Parameter = { ...first, shape: [size] };
        const step = fused([own]);
        const graph = await executor.load(stepSource(step));
        const names = [own.name, slotNames.firstMoment(own.name), slotNames.secondMoment(own.name)];
        await executor.setState(Object.fromEntries(names.map((name) => [name, randomTensor(size, [size], 0, 1)])));
        const results = await graph.run(rates(1, adamWDefaults), step.fetch);
        expect(results["grad_norm"]?.data[0]).toBeGreaterThan(0);
        if (closes) await graph.close();
        else open.push(graph);
        expect((await executor.getState([own.name]))[own.name]?.shape).toEqual([size]);
      }
    }
    for (const graph of open) await graph.close();
    await expect(executor.getState([slotNames.gradient(first.name)])).rejects.toThrow("no slot");
    await executor.close();
  });

  it("works in each scope's own memory", async () => {
    const executor = await localExecutor({ device: "cpu", threads: 1 });
    const step = fusedStep(options(adamWDefaults, true, {}));
    const [one, two] = [executor.scope(), executor.scope()];
    const graphs = [];
    for (const scope of [one, two]) {
      graphs.push(await scope.load(stepSource(step)));
      await scope.setState(start(1));
    }
    const run = (graph: LoadedGraph | undefined) =>
      graph?.run({ x: float32Scalar(1), ...rates(1, adamWDefaults) }, step.fetch);
    await run(graphs[0]);
    const before = await two.getState(slots);
    await run(graphs[0]);
    expect(await two.getState(slots)).toEqual(before);
    await one.close();
    await run(graphs[1]);
    expect(await two.getState(slots)).not.toEqual(before);
    await executor.close();
  });

  it("wants every slot of values and moments", async () => {
    const executor = await localExecutor({ device: "cpu", threads: 1 });
    const step = fusedStep(options(adamWDefaults, true, {}));
    const graph = await executor.load(stepSource(step));
    const { "adam.m.a.bias": _, ...rest } = start(1);
    await executor.setState(rest);
    await expect(graph.run({ x: float32Scalar(1), ...rates(1, adamWDefaults) }, step.fetch)).rejects.toThrow(
      "no slot adam.m.a.bias",
    );
    await executor.close();
  });
});
