import { expect, it } from "vitest";
import { backboneDefinition } from "../backbones/index.js";
import { RandomStream } from "../random.js";
import { floatsOf } from "../tensor.js";
import { neighbourAttention } from "./neighbour-attention.js";
import { newModelConfig } from "./new-language-model.js";

const options = { layers: 1, hiddenSize: 128, heads: 2, vocabSize: 100, maxLength: 40, dropout: 0 } as const;

function start(modelType: "roberta" | "gpt2") {
  const json = newModelConfig({ ...options, modelType }, options.vocabSize);
  const definition = backboneDefinition(json, "test");
  const config = definition.parseConfig(json, "test");
  return { config, given: neighbourAttention(config, definition.build(config).parameters, 5) };
}

/** `x·Wᵀ`, one head of it. */
function project(x: readonly number[], weight: Float32Array, head: number, size: number): number[] {
  return Array.from({ length: size }, (_, row) => {
    const at = (head * size + row) * x.length;
    return x.reduce((sum, value, column) => sum + value * (weight[at + column] as number), 0);
  });
}

it("lets each head of the first layer look at one neighbour", () => {
  const { config, given } = start("roberta");
  const [positions, query, key] = Object.keys(given).map((name) => floatsOf(given, name)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const random = new RandomStream("words");
  const { hiddenSize, initializerRange } = config;
  const inputs = Array.from({ length: 30 }, (_, i) => {
    const place = positions.subarray((i + 2) * hiddenSize, (i + 3) * hiddenSize);
    const sum = Array.from(place, (wave) => wave + initializerRange * random.normal());
    const scale = Math.sqrt(sum.reduce((energy, x) => energy + x * x, 0) / hiddenSize);
    return sum.map((x) => x / scale);
  });
  for (const [head, distance] of [
    [0, -1],
    [1, 1],
  ] as const) {
    const queries = inputs.map((x) => project(x, query, head, hiddenSize / 2));
    const keys = inputs.map((x) => project(x, key, head, hiddenSize / 2));
    const looks = queries.slice(1, -1).filter((q, i) => {
      const scores = keys.map((k) => k.reduce((sum, x, d) => sum + x * (q[d] as number), 0));
      return scores.indexOf(Math.max(...scores)) === i + 1 + distance;
    });
    expect(looks.length).toBeGreaterThan(24);
  }
});

it("leaves models of other kinds as they are", () => {
  expect(start("gpt2").given).toEqual({});
});
