import { expect, it } from "vitest";
import { resolveAdapterConfig } from "../src/adapters/config.js";
import { rateNames, type Tensors } from "../src/engine/executor.js";
import { AdaptedModel } from "../src/models/adapted-model.js";
import { pretrainingDesign } from "../src/models/design.js";
import { dropoutFeeds } from "../src/nn/index.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { releasedRelationHead } from "../src/tasks/relations/relation-head.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../src/tensor.js";
import { adamWDefaults, rateFeeds } from "../src/training/adamw.js";
import { ParameterState } from "../src/training/parameter-state.js";
import { fusedStep, stepSource } from "../src/training/step.js";

const hiddenSize = 64;
const [batch, sequence, labels] = [8, 16, 5];

function smallModel(): AdaptedModel {
  return new AdaptedModel({
    ...pretrainingDesign({
      features: "adapter",
      adapter: resolveAdapterConfig({ hiddenSize, layers: 4 }, "official", { size: 32, maskPadding: true }),
    }),
    hiddenSize,
    backboneLayers: 4,
    makeHead: (scope, sizes) => releasedRelationHead(scope, sizes, labels, { dropout: 0.1, init: 0.02 }),
  });
}

function batchFeeds(model: AdaptedModel, update: number): Tensors {
  const states = model.neededLayers.map((layer): [string, HostTensor] => {
    const data = Float32Array.from({ length: batch * sequence * hiddenSize }, (_, i) => Math.sin(i * update + layer));
    return [`hidden_states.${layer}`, float32Tensor([batch, sequence, hiddenSize], data)];
  });
  const select = new Float32Array(batch * 2 * sequence).map((_, i) => (i % sequence === 3 ? 1 : 0));
  return {
    ...Object.fromEntries(states),
    attention_mask: int32Tensor([batch, sequence], new Int32Array(batch * sequence).fill(1)),
    select: float32Tensor([batch, 2, sequence], select),
    labels: int32Tensor([batch], new Int32Array(batch).fill(update % labels)),
    ...rateFeeds(1e-3, update, adamWDefaults),
  };
}

it("keeps memory level over 1,000 steps", async () => {
  const model = smallModel();
  const executor = await workerExecutor({ device: "cpu", threads: 1 });
  const step = fusedStep({
    loss: (pass) => model.forward(pass).loss,
    trainable: model.parameters,
    optimizer: adamWDefaults,
    dropout: true,
    inPlace: executor.updatesInPlace,
  });
  const inputs = [...step.graph.inputs.map(({ name }) => name), ...Object.values(rateNames)];
  const graph = await executor.load(stepSource(step));
  await new ParameterState(executor, model.parameters, model.parameters).initialise(1);
  const residents: number[] = [];
  for (let update = 1; update <= 1_250; update++) {
    const available = { ...batchFeeds(model, update), ...dropoutFeeds(inputs, [1, update], { batch, sequence }) };
    const feeds = Object.fromEntries(Object.entries(available).filter(([name]) => inputs.includes(name)));
    const results = await graph.run(feeds, step.fetch);
    expect(results["loss"]?.data[0]).toBeGreaterThanOrEqual(0);
    residents.push(process.memoryUsage.rss() / 2 ** 20);
  }
  await executor.close();
  // The highest of each stretch: garbage comes and goes in between. The first stretch is the heaps' growing to size.
  const highest = (from: number) => Math.max(...residents.slice(from, from + 250));
  const growth = highest(1_000) - highest(250);
  const stateSize =
    (3 * 4 * model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)) / 2 ** 20;
  console.log(
    `resident memory at its highest: ${[0, 250, 500, 750, 1_000].map((from) => highest(from).toFixed(0)).join(", ")} MiB ` +
      `(a step's state: ${stateSize.toFixed(1)} MiB)`,
  );
  // 750 steps lie between: a fiftieth of the state kept at each step would already be more.
  expect(growth).toBeLessThan(16);
});
