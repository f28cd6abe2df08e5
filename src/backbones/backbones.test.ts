import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { backward, GraphBuilder, type Value } from "../graph/index.js";
import type { Pass } from "../nn/index.js";
import { crossEntropy } from "../tasks/losses.js";
import { floatsOf, int32Tensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { expectClose, feedsFor, hidden, realTokens, smallConfig } from "../testing/small-backbones.js";
import {
  type BackboneConfig,
  backboneDefinition,
  backboneDefinitions,
  backboneInputs,
  bert,
  distilbert,
  electra,
  parameterKeys,
  roberta,
  xlmRoberta,
} from "./index.js";

describe.each([...backboneDefinitions.values()])("$kind", (definition) => {
  it.each([
    ["ONNX's attention", false],
    ["ONNX Runtime's older attention", true],
  ])(
    "computes the same with fused kernels as with the operators that training uses: %s",
    async (_, contribAttention) => {
      const run = async (fused: boolean) =>
        realTokens(await hidden(definition, { fused, contribAttention, width: 7 }), 7);
      expectClose(await run(true), await run(false));
    },
  );

  it("gives real tokens the same vectors whatever the padded length", async () => {
    const run = async (width: number) => realTokens(await hidden(definition, { fused: true, width }), width);
    expectClose(await run(6), await run(12));
  });

  // Up to four positions are attended from in another way than five.
  it.each([true, false])("computes the last layer at some positions alone (fused: %s)", async (fused) => {
    const places = [
      [4, 0, 4, 2, 1],
      [3, 1, 0, 0, 2],
    ];
    for (const upTo of [1, 2]) {
      const all = await hidden(definition, { fused, width: 7, upTo });
      for (const count of [2, 5]) {
        const at = places.map((own) => own.slice(0, count));
        const rows = at.flatMap((own, row) => own.map((position) => (row * 7 + position) * 16));
        const picked = rows.flatMap((start) => [...all.subarray(start, start + 16)]);
        expectClose(await hidden(definition, { fused, width: 7, upTo, at }), picked);
      }
    }
  });

  it("has a gradient for every parameter of model and masked-LM head", async () => {
    const g = new GraphBuilder();
    const pass: Pass = { g, dropout: null, fused: false };
    const backbone = definition.build(definition.parseConfig(smallConfig(definition.kind), "config.json"));
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
    // A file may hold a tied bias under the decoder's name alone.
    const ofDecoder = bias.replace("bias", "decoder.bias");
    expect(definition.canonicalKey(ofDecoder, true)).toBe(bias);
    expect(definition.canonicalKey(bias, true, false)).toBe(ofDecoder);
    expect(parameterKeys(definition, { tiedWords: true } as BackboneConfig, [ofDecoder, bias]).get(bias)).toBe(bias);
    for (const head of ["classifier.weight", "classifier.dense.bias", "qa_outputs.weight"])
      expect(definition.canonicalKey(head, true)).toBeNull();
  });

  it.each([
    [{ hidden_size: 0 }, /hidden_size/],
    [{ num_attention_heads: 3 }, /do not divide/],
    [{ hidden_act: "mish" }, /hidden_act/],
    [{ position_embedding_type: "relative_key" }, /position_embedding_type/],
    [{ vocab_size: "many" }, /vocab_size/],
  ])("refuses a configuration with %j", (change, message) => {
    const parse = () => definition.parseConfig({ ...smallConfig(definition.kind), ...change }, "config.json");
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
  });
});

describe("names of their own", () => {
  it("are DistilBERT's", () => {
    for (const prefix of ["", "distilbert."]) {
      const name = (key: string) => distilbert.canonicalKey(`${prefix}${key}`, false);
      expect(name("transformer.layer.3.attention.q_lin.weight")).toBe("encoder.layer.3.attention.self.query.weight");
      expect(name("transformer.layer.0.sa_layer_norm.bias")).toBe("encoder.layer.0.attention.output.LayerNorm.bias");
      expect(name("embeddings.LayerNorm.weight")).toBe("embeddings.LayerNorm.weight");
    }
    expect(distilbert.canonicalKey("vocab_projector.weight", true)).toBeNull();
    expect(distilbert.canonicalKey("vocab_projector.bias", true)).toBe("vocab_projector.bias");
    expect(distilbert.canonicalKey("vocab_transform.weight", false)).toBeNull();
  });

  it("are ELECTRA's, of generator and discriminator", () => {
    expect(electra.canonicalKey("electra.embeddings_project.weight", false)).toBe("embeddings_project.weight");
    expect(electra.canonicalKey("discriminator_predictions.dense.weight", true)).toBeNull();
    expect(electra.canonicalKey("generator_predictions.dense.weight", false)).toBeNull();
    expect(electra.canonicalKey("generator_predictions.dense.weight", true)).toBe("generator_predictions.dense.weight");
    expect(electra.canonicalKey("generator_lm_head.weight", true)).toBeNull();
  });

  it("are RoBERTa's for XLM-RoBERTa", () => {
    expect(xlmRoberta.canonicalKey("roberta.embeddings.word_embeddings.weight", false)).toBe(
      "embeddings.word_embeddings.weight",
    );
  });
});

describe("positions", () => {
  it("count on from padding_idx + 1 for RoBERTa, padding keeps padding_idx", () => {
    const ids = int32Tensor([2, 4], Int32Array.of(0, 9, 2, 1, 0, 2, 1, 1));
    const config = roberta.parseConfig(smallConfig("roberta"), "config.json");
    expect([...roberta.positionIds(ids, ids, config).data]).toEqual([2, 3, 4, 1, 2, 3, 1, 1]);
  });

  it("are indices for BERT", () => {
    const ids = int32Tensor([2, 3], new Int32Array(6));
    expect([...bert.positionIds(ids, ids, bert.parseConfig(smallConfig("bert"), "config.json")).data]).toEqual([
      0, 1, 2, 0, 1, 2,
    ]);
  });
});

describe("backboneDefinition", () => {
  it("says which kinds there are", () => {
    expect(() => backboneDefinition({ model_type: "t5" }, "config.json")).toThrow(
      /t5 is not supported; expected one of bert, roberta, xlm-roberta, distilbert, electra, gpt2, xlnet/,
    );
    expect(() => backboneDefinition([], "config.json")).toThrow(UserError);
  });
});
