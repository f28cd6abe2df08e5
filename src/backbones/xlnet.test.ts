import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { GraphBuilder } from "../graph/index.js";
import { initialValue, type Pass } from "../nn/index.js";
import { float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { expectClose, expectDifferent, feedsFor, hidden, realTokens, xlnetJson } from "../testing/small-backbones.js";
import { backboneInputs, type TargetStream, xlnet } from "./index.js";

/** Logits for the third word of both sentences, which is hidden from everybody and is `token` in the first. */
async function predictThird(token: number): Promise<Float32Array> {
  const width = 6;
  const backbone = xlnet.build(xlnet.parseConfig(xlnetJson, "config.json"));
  const targets = backbone.targets as TargetStream;
  const g = new GraphBuilder();
  const pairs = g.input("pairs", "float32", ["batch", "sequence", "sequence"]);
  const mapping = g.input("mapping", "float32", ["batch", "targets", "sequence"]);
  const pass: Pass = { g, dropout: null, fused: true };
  const logits = backbone.lmLogits(pass, targets.forward(pass, backboneInputs(g), pairs, mapping));
  const third = (rows: number) => Float32Array.from({ length: rows * width }, (_, i) => (i % width === 2 ? 1 : 0));
  const feeds: Record<string, HostTensor> = {
    ...feedsFor(xlnet, width),
    pairs: float32Tensor([2, width, width], third(2 * width)),
    mapping: float32Tensor([2, 1, width], third(2)),
  };
  (feeds["input_ids"] as HostTensor<"int32">).data[2] = token;
  for (const parameter of targets.parameters)
    feeds[parameter.name] = float32Tensor(parameter.shape, initialValue(parameter, 1));
  return floatsOf(await runGraph(g, { logits }, feeds), "logits");
}

describe("xlnet", () => {
  it.each([true, false])("computes the same with padding on the left as on the right (fused: %s)", async (fused) => {
    const right = await hidden(xlnet, { fused, width: 9 });
    const left = await hidden(xlnet, { fused, width: 9, left: true });
    expectClose(realTokens(right, 9), [...left.subarray(3 * 16, 9 * 16), ...left.subarray((9 + 5) * 16)]);
  });

  it("reads of segments only whether they are the same", async () => {
    const run = async (types: readonly number[]) => {
      const both = Int32Array.from({ length: 12 }, (_, i) => types[i % 6] as number);
      return (await hidden(xlnet, { fused: true, width: 6, types: both })).subarray(0, 6 * 16);
    };
    const plain = await run([0, 0, 0, 1, 1, 2]);
    expectClose(plain, await run([3, 3, 3, 0, 0, 9]));
    expectDifferent(plain, await run([0, 0, 0, 1, 1, 1]));
  });

  it("tells the order of words", async () => {
    const run = async (tokens: readonly (readonly [number, number])[]) =>
      (await hidden(xlnet, { fused: true, width: 6, tokens })).subarray(0, 16);
    const [one, other] = [11, 8];
    expectDifferent(
      await run([
        [1, one],
        [2, other],
      ]),
      await run([
        [1, other],
        [2, one],
      ]),
    );
  });

  it("predicts targets without having seen them", async () => {
    const logits = await predictThird(7);
    expect(logits.length).toBe(2 * 30);
    expectClose(logits, await predictThird(8));
  });

  it("knows its weights under their published names", () => {
    for (const prefix of ["", "transformer."]) {
      expect(xlnet.canonicalKey(`${prefix}layer.0.rel_attn.seg_embed`, false)).toBe("layer.0.rel_attn.seg_embed");
      expect(xlnet.canonicalKey(`${prefix}mask_emb`, true)).toBe("mask_emb");
      expect(xlnet.canonicalKey(`${prefix}mask_emb`, false)).toBeNull();
    }
    expect(xlnet.canonicalKey("lm_loss.weight", true)).toBeNull();
    expect(xlnet.canonicalKey("lm_loss.bias", true)).toBe("lm_loss.bias");
    expect(xlnet.canonicalKey("lm_loss.bias", false)).toBeNull();
  });

  it.each([
    [{ d_model: 15, n_head: 3 }, /must be even/],
    [{ n_head: 3 }, /3 heads do not divide d_model 16/],
    [{ attn_type: "uni" }, /attn_type/],
    [{ clamp_len: 8 }, /clamp_len.*clamped/],
    [{ bi_data: true }, /bi_data/],
  ])("refuses a configuration with %j", (change, message) => {
    const parse = () => xlnet.parseConfig({ ...xlnetJson, ...change }, "config.json");
    expect(parse).toThrow(UserError);
    expect(parse).toThrow(message);
  });
});
