import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { backward, GraphBuilder, type Value } from "../graph/index.js";
import { initialValue, type Pass } from "../nn/index.js";
import { crossEntropy } from "../tasks/index.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { type BackboneDefinition, backboneDefinition, backboneInputs, bert, gpt2, roberta } from "./index.js";

const encoderJson = (modelType: string) => ({
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

const gpt2Json = {
  model_type: "gpt2",
  vocab_size: 30,
  n_embd: 16,
  n_layer: 2,
  n_head: 2,
  n_inner: 24,
  n_positions: 16,
  eos_token_id: 29,
  initializer_range: 0.3,
};

const json = (kind: string): Readonly<Record<string, unknown>> => (kind === "gpt2" ? gpt2Json : encoderJson(kind));

/** Two sentences of 6 and 4 tokens, padded to `width`. */
function feedsFor(definition: BackboneDefinition, width: number, given = json(definition.kind)) {
  const config = definition.parseConfig(given, "config.json");
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

interface Run {
  readonly fused: boolean;
  readonly width: number;
  /** Settings of config.json that differ. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Tokens that differ: position in the first sentence, and id. */
  readonly tokens?: readonly (readonly [number, number])[];
}

async function hidden(
  definition: BackboneDefinition,
  { fused, width, change = {}, tokens = [] }: Run,
): Promise<Float32Array> {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused };
  const given = { ...json(definition.kind), ...change };
  const backbone = definition.build(definition.parseConfig(given, "config.json"));
  const { last } = backbone.forward(pass, backboneInputs(g));
  const feeds = feedsFor(definition, width, given);
  for (const [position, id] of tokens) (feeds["input_ids"] as HostTensor<"int32">).data[position] = id;
  return floatsOf(await runGraph(g, { last }, feeds), "last");
}

/** The vectors of real tokens, row after row. */
const realTokens = (states: Float32Array, width: number) => [
  ...states.subarray(0, 6 * 16),
  ...states.subarray(width * 16, (width + 4) * 16),
];

function expectClose(a: ArrayLike<number>, b: ArrayLike<number>): void {
  expect(a.length).toBe(b.length);
  Array.from(a).forEach((x, i) => {
    expect(Math.abs(x - (b[i] as number))).toBeLessThan(2e-5);
  });
}

describe.each<BackboneDefinition>([bert, roberta, gpt2])("$kind", (definition) => {
  it("computes the same with fused kernels as with the operators that training uses", async () => {
    const run = async (fused: boolean) => realTokens(await hidden(definition, { fused, width: 7 }), 7);
    expectClose(await run(true), await run(false));
  });

  it("gives real tokens the same vectors whatever the padded length", async () => {
    const run = async (width: number) => realTokens(await hidden(definition, { fused: true, width }), width);
    expectClose(await run(6), await run(12));
  });

  it("has a gradient for every parameter of model and masked-LM head", async () => {
    const g = new GraphBuilder();
    const pass: Pass = { g, dropout: null, fused: false };
    const backbone = definition.build(definition.parseConfig(json(definition.kind), "config.json"));
    const { last } = backbone.forward(pass, backboneInputs(g));
    const loss = crossEntropy(g, backbone.lmLogits(pass, last), g.input("labels", "int32", ["batch", "sequence"]));
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
});

describe.each([bert, roberta])("$kind", (definition) => {
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

describe("gpt2", () => {
  it.each([true, false])("hides later tokens from earlier ones (fused: %s)", async (fused) => {
    const before = await hidden(gpt2, { fused, width: 7 });
    const after = await hidden(gpt2, { fused, width: 7, tokens: [[4, 1]] });
    expectClose(before.subarray(0, 4 * 16), after.subarray(0, 4 * 16));
    expect(before.subarray(4 * 16, 6 * 16).some((x, i) => Math.abs(x - (after[4 * 16 + i] as number)) > 1e-3)).toBe(
      true,
    );
  });

  it.each([
    { scale_attn_weights: false },
    { scale_attn_by_inverse_layer_idx: true },
    { n_inner: null, activation_function: "relu" },
    { n_embd: 12, n_head: 3, n_layer: 3 },
  ])("computes the same with fused kernels: %j", async (change) => {
    const run = (fused: boolean) => hidden(gpt2, { fused, width: 6, change });
    expectClose((await run(true)).subarray(0, 48), (await run(false)).subarray(0, 48));
  });

  it("knows its weights under their published names", () => {
    for (const prefix of ["", "transformer."]) {
      expect(gpt2.canonicalKey(`${prefix}h.0.attn.c_attn.weight`, false)).toBe("h.0.attn.c_attn.weight");
      expect(gpt2.canonicalKey(`${prefix}h.11.attn.bias`, true)).toBeNull();
      expect(gpt2.canonicalKey(`${prefix}h.11.attn.masked_bias`, true)).toBeNull();
      expect(gpt2.canonicalKey(`${prefix}h.1.mlp.c_fc.bias`, true)).toBe("h.1.mlp.c_fc.bias");
    }
    expect(gpt2.canonicalKey("lm_head.weight", true)).toBeNull();
  });

  it("pads with a token of its vocabulary", () => {
    const padding = (change: object) => gpt2.parseConfig({ ...gpt2Json, ...change }, "config.json").padTokenId;
    expect(padding({})).toBe(29);
    expect(padding({ pad_token_id: 3 })).toBe(3);
    expect(padding({ eos_token_id: 50_256 })).toBe(0);
  });

  it.each([
    [{ n_embd: 0 }, /n_embd/],
    [{ n_head: 3 }, /3 heads do not divide n_embd 16/],
    [{ activation_function: "mish" }, /activation_function/],
    [{ tie_word_embeddings: false }, /tie_word_embeddings/],
    [{ add_cross_attention: true }, /add_cross_attention/],
  ])("refuses a configuration with %j", (change, message) => {
    const parse = () => gpt2.parseConfig({ ...gpt2Json, ...change }, "config.json");
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
      /t5 is not supported; expected one of bert, roberta, gpt2/,
    );
    expect(() => backboneDefinition([], "config.json")).toThrow(UserError);
  });
});
