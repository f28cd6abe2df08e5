import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { backward, GraphBuilder, type Value } from "../graph/index.js";
import { initialValue, type Pass } from "../nn/index.js";
import { crossEntropy } from "../tasks/index.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { type BackboneDefinition, backboneDefinition, backboneInputs, bert, roberta } from "./index.js";

const json = (modelType: string) => ({
  model_type: modelType,
  vocab_size: 30,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 16,
  type_vocab_size: 2,
  pad_token_id: modelType === "roberta" ? 1 : 0,
  initializer_range: 0.3,
});

/** Two sentences of 6 and 4 tokens, padded to `width`. */
function feedsFor(definition: BackboneDefinition, width: number): Record<string, HostTensor> {
  const config = definition.parseConfig(json(definition.kind), "config.json");
  const lengths = [6, 4];
  const ids = Int32Array.from({ length: 2 * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return column < (lengths[row] as number) ? 5 + ((7 * row + 3 * column) % 20) : config.padTokenId;
  });
  const mask = ids.map((_, i) => (i % width < (lengths[Math.floor(i / width)] as number) ? 1 : 0));
  const [inputIds, attentionMask] = [int32Tensor([2, width], ids), int32Tensor([2, width], mask)];
  const feeds: Record<string, HostTensor> = {
    input_ids: inputIds,
    attention_mask: attentionMask,
    position_ids: definition.positionIds(inputIds, attentionMask, config),
    token_type_ids: int32Tensor([2, width], new Int32Array(2 * width)),
  };
  const backbone = definition.build(config);
  for (const parameter of [...backbone.parameters, ...backbone.headParameters]) {
    feeds[parameter.name] = float32Tensor(parameter.shape, initialValue(parameter, 1));
  }
  return feeds;
}

async function hidden(definition: BackboneDefinition, fused: boolean, width: number): Promise<Float32Array> {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused };
  const backbone = definition.build(definition.parseConfig(json(definition.kind), "config.json"));
  const { last } = backbone.forward(pass, backboneInputs(g));
  return floatsOf(await runGraph(g, { last }, feedsFor(definition, width)), "last");
}

/** The vectors of real tokens, row after row. */
const realTokens = (states: Float32Array, width: number) => [
  ...states.subarray(0, 6 * 16),
  ...states.subarray(width * 16, (width + 4) * 16),
];

function expectClose(a: readonly number[], b: readonly number[]): void {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => {
    expect(Math.abs(x - (b[i] as number))).toBeLessThan(2e-5);
  });
}

describe.each([bert, roberta])("$kind", (definition) => {
  it("computes the same with fused kernels as with the operators that training uses", async () => {
    expectClose(realTokens(await hidden(definition, true, 7), 7), realTokens(await hidden(definition, false, 7), 7));
  });

  it("gives real tokens the same vectors whatever the padded length", async () => {
    expectClose(realTokens(await hidden(definition, true, 6), 6), realTokens(await hidden(definition, true, 12), 12));
  });

  it("has a gradient for every parameter of model and masked-LM head", async () => {
    const g = new GraphBuilder();
    const pass: Pass = { g, dropout: null, fused: false };
    const backbone = definition.build(definition.parseConfig(json(definition.kind), "config.json"));
    const { last } = backbone.forward(pass, backboneInputs(g));
    const loss = crossEntropy(
      g,
      backbone.maskedLmLogits(pass, last),
      g.input("labels", "int32", ["batch", "sequence"]),
    );
    const parameters = [...backbone.parameters, ...backbone.headParameters];
    const grads = backward(g, loss, parameters);
    const outputs = Object.fromEntries(
      parameters.map((parameter) => [`grad.${parameter.name}`, grads.get(parameter) as Value]),
    );
    const labels = int32Tensor(
      [2, 7],
      Int32Array.from({ length: 14 }, (_, i) => (i % 3 === 0 ? 5 + i : -100)),
    );
    const results = await runGraph(g, outputs, { ...feedsFor(definition, 7), labels });
    for (const { name, shape } of parameters) {
      const grad = floatsOf(results, `grad.${name}`);
      expect(grad.length, name).toBe(shape.reduce((a, b) => a * b, 1));
      expect(grad.every(Number.isFinite), name).toBe(true);
      // A shift of all keys changes no attention weight: their biases have no gradient but noise.
      if (!name.endsWith("key.bias"))
        expect(
          grad.some((x) => x !== 0),
          name,
        ).toBe(true);
    }
  });

  it("knows its weights under their published names", () => {
    const prefix = definition.kind;
    expect(definition.canonicalKey(`${prefix}.encoder.layer.0.output.LayerNorm.gamma`, false)).toBe(
      "encoder.layer.0.output.LayerNorm.weight",
    );
    expect(definition.canonicalKey("embeddings.word_embeddings.weight", false)).toBe(
      "embeddings.word_embeddings.weight",
    );
    expect(definition.canonicalKey(`${prefix}.pooler.dense.weight`, false)).toBeNull();
    expect(definition.canonicalKey(`${prefix}.embeddings.position_ids`, false)).toBeNull();
    const bias = prefix === "bert" ? "cls.predictions.bias" : "lm_head.bias";
    expect(definition.canonicalKey(bias, false)).toBeNull();
    expect(definition.canonicalKey(bias, true)).toBe(bias);
  });

  it.each([
    [{ hidden_size: 0 }, /hidden_size/],
    [{ num_attention_heads: 3 }, /do not divide/],
    [{ hidden_act: "silu" }, /hidden_act/],
    [{ position_embedding_type: "relative_key" }, /position_embedding_type/],
    [{ vocab_size: "many" }, /vocab_size/],
  ])("refuses a configuration with %j", (change, message) => {
    const parse = () => definition.parseConfig({ ...json(definition.kind), ...change }, "config.json");
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
  });
});

describe("positions", () => {
  it("count on from padding_idx + 1 for RoBERTa, padding keeps padding_idx", () => {
    const ids = int32Tensor([2, 4], Int32Array.of(0, 9, 2, 1, 0, 2, 1, 1));
    const config = roberta.parseConfig(json("roberta"), "config.json");
    expect([...roberta.positionIds(ids, ids, config).data]).toEqual([2, 3, 4, 1, 2, 3, 1, 1]);
  });

  it("are indices for BERT", () => {
    const ids = int32Tensor([2, 3], new Int32Array(6));
    expect([...bert.positionIds(ids, ids, bert.parseConfig(json("bert"), "config.json")).data]).toEqual([
      0, 1, 2, 0, 1, 2,
    ]);
  });
});

describe("backboneDefinition", () => {
  it("says which kinds there are", () => {
    expect(() => backboneDefinition({ model_type: "t5" }, "config.json")).toThrow(
      /t5 is not supported; expected one of bert, roberta/,
    );
    expect(() => backboneDefinition([], "config.json")).toThrow(UserError);
  });
});
