import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type KAdapterConfig, resolveAdapterConfig, untrainedInit } from "../adapters/config.js";
import { KAdapter } from "../adapters/k-adapter.js";
import { backboneInputs } from "../backbones/index.js";
import { type BackboneHandle, openBackbone, readBackboneTensors } from "../features/backbone-handle.js";
import { GraphBuilder, type Value } from "../graph/index.js";
import { ParamScope, type Pass } from "../nn/index.js";
import { floatsOf, int32Tensor } from "../tensor.js";
import { writeRandomBackbone } from "../testing/random-backbone.js";
import { runGraph } from "../testing/run-graph.js";
import { backboneStart, chosenInit } from "./backbone-start.js";

let folder: string;
let backbone: BackboneHandle;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kadapter-start-"));
  const options = { seed: 3, layers: 3, hiddenSize: 32, vocabSize: 300, initializerRange: 0.3 };
  await writeRandomBackbone(join(folder, "model"), ["a few words for a small vocabulary"], options);
  backbone = await openBackbone(join(folder, "model"));
});
afterAll(() => rmSync(folder, { recursive: true }));

// Heads of the model's size: with others the copied attention is another one.
const configOf = (given: Partial<KAdapterConfig> = {}) =>
  resolveAdapterConfig(backbone.config, "official", {
    layers: [0, 2],
    heads: 2,
    dropout: 0,
    init: "backbone",
    ...given,
  });

/** Differences between what the adapter's layers make of the states they read and what the model makes of them. */
async function run(config: KAdapterConfig) {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused: false };
  const model = backbone.definition.build(backbone.config);
  const inputs = backboneInputs(g);
  const { hiddenStates } = model.forward(pass, inputs);
  const adapter = new KAdapter(ParamScope.root(), config, backbone.config.hiddenSize);
  const taps = config.layers.map((layer) => hiddenStates[layer] as Value);
  const { trace } = adapter.forward(pass, taps, inputs.attentionMask);
  const ids = Int32Array.of(0, 5, 9, 7, 0, 8, 6, 1);
  const mask = int32Tensor([2, 4], Int32Array.of(1, 1, 1, 1, 1, 1, 1, 0));
  const inputIds = int32Tensor([2, 4], ids);
  const found = await runGraph(
    g,
    { made: trace[0]!.layers.at(-1)!, state: hiddenStates[config.transformerLayers]!, second: trace[1]!.down },
    {
      ...(await readBackboneTensors(backbone)),
      ...(await backboneStart(backbone, config, adapter.parameters)),
      ...Object.fromEntries(
        adapter.parameters
          .filter(({ name }) => name.endsWith("project.bias"))
          .map(({ name, shape }) => [name, { dtype: "float32", shape, data: new Float32Array(shape[0] as number) }]),
      ),
      input_ids: inputIds,
      attention_mask: mask,
      position_ids: backbone.definition.positionIds(inputIds, mask, backbone.config),
      token_type_ids: int32Tensor([2, 4], new Int32Array(8)),
    },
  );
  return { made: floatsOf(found, "made"), state: floatsOf(found, "state"), second: floatsOf(found, "second") };
}

it("makes of the embeddings what the model's own layers make of them", async () => {
  const { made, state, second } = await run(configOf());
  expect(state.some((x) => Math.abs(x) > 0.5)).toBe(true);
  const real = 7 * backbone.config.hiddenSize;
  for (let i = 0; i < real; i++) expect(made[i]).toBeCloseTo(state[i] as number, 4);
  const size = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  // The copied layers above meet states as large as those that they know.
  expect(size(second) / size(state)).toBeGreaterThan(0.5);
  expect(size(second) / size(state)).toBeLessThan(1.5);
});

it("starts from the model's last layers where a tap has none above it", async () => {
  const config = configOf({ layers: [3] });
  const adapter = new KAdapter(ParamScope.root(), config, backbone.config.hiddenSize);
  const start = await backboneStart(backbone, config, adapter.parameters);
  const own = await readBackboneTensors(backbone);
  const of = (layer: number) => `encoder.layer.${layer}.attention.self.query.weight`;
  expect(floatsOf(start, `adapter.0.${of(1)}`)).toEqual(floatsOf(own, of(2)));
});

it("is the default where the shapes allow it, and nothing else is called so", () => {
  expect(chosenInit(undefined, backbone, configOf())).toBe("backbone");
  const narrow = configOf({ size: 16, intermediateSize: 64 });
  expect(chosenInit(undefined, backbone, narrow)).toBe(0.02);
  expect(chosenInit("official", backbone, narrow)).toBe("official");
  expect(() => chosenInit("backbone", backbone, narrow)).toThrow(/no counterpart of its shape .* size 32/);
  expect(untrainedInit("backbone")).toBe(0.02);
});

it("places the identity before each of two states that a layer reads side by side", async () => {
  const config = configOf({ input: "concat" });
  const adapter = new KAdapter(ParamScope.root(), config, 32);
  const down = floatsOf(await backboneStart(backbone, config, adapter.parameters), "adapter.1.down_project.weight");
  const columns = [...down.subarray(0, 64)].flatMap((x, column) => (x === 0 ? [] : [[column, x]]));
  expect(columns.map(([column]) => column)).toEqual([0, 32]);
});
