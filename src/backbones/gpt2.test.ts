import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { expectClose, expectDifferent, gpt2Json, hidden } from "../testing/small-backbones.js";
import { gpt2 } from "./index.js";

describe("gpt2", () => {
  it.each([true, false])("hides later tokens from earlier ones (fused: %s)", async (fused) => {
    const before = await hidden(gpt2, { fused, width: 7 });
    const after = await hidden(gpt2, { fused, width: 7, tokens: [[4, 1]] });
    expectClose(before.subarray(0, 4 * 16), after.subarray(0, 4 * 16));
    expectDifferent(before.subarray(4 * 16, 6 * 16), after.subarray(4 * 16, 6 * 16));
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
    [{ add_cross_attention: true }, /add_cross_attention/],
  ])("refuses a configuration with %j", (change, message) => {
    const parse = () => gpt2.parseConfig({ ...gpt2Json, ...change }, "config.json");
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
  });
});
