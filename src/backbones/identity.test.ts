import { describe, expect, it } from "vitest";
import { smallConfig } from "../testing/small-backbones.js";
import { backboneDefinitions, configurationHash } from "./index.js";

const hashOf = (kind: string, change: Readonly<Record<string, unknown>> = {}) => {
  const definition = backboneDefinitions.get(kind)!;
  return configurationHash(definition.parseConfig({ ...smallConfig(kind), ...change }, "config.json"));
};

/** Settings by their names in config.json, each of which changes what the same weights compute. */
const encoder = [{ layer_norm_eps: 1e-5 }, { hidden_act: "relu" }, { num_attention_heads: 4 }, { pad_token_id: 3 }];
const deciding: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  bert: encoder,
  roberta: encoder,
  "xlm-roberta": encoder,
  electra: encoder,
  distilbert: [{ activation: "relu" }, { n_heads: 4 }, { pad_token_id: 3 }],
  gpt2: [
    { layer_norm_epsilon: 1e-6 },
    { activation_function: "relu" },
    { n_head: 4 },
    { scale_attn_weights: false },
    { scale_attn_by_inverse_layer_idx: true },
  ],
  xlnet: [{ layer_norm_eps: 1e-5 }, { ff_activation: "relu" }, { n_head: 4 }],
};

describe.each([...backboneDefinitions.keys()])("the configuration's hash of %s", (kind) => {
  it("tells all settings apart that decide a forward pass", () => {
    const changes = deciding[kind]!;
    const hashes = [{}, ...changes].map((change) => hashOf(kind, change));
    expect(new Set(hashes).size).toBe(1 + changes.length);
  });

  it("is the same whatever counts in training alone, and with defaults written out", () => {
    const dropout = ["hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "resid_pdrop", "attn_pdrop"];
    const same = Object.fromEntries([...dropout, "embd_pdrop", "attention_dropout"].map((name) => [name, 0.3]));
    expect(hashOf(kind, { ...same, initializer_range: 0.01, tie_word_embeddings: true })).toBe(hashOf(kind));
  });
});

it("stays what folders have recorded", () => {
  expect(hashOf("roberta")).toBe("170b749829398cc92dbecb6a10361006a6c9f3dd09894cd3565fe3398d15d939");
  expect(hashOf("gpt2")).toBe("bf6f440a9838ea5584f1cc7eefeafbfebf0ecdb9fafa1c62a484bb85b3361ddd");
});
