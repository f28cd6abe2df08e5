import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backboneDefinition } from "../backbones/index.js";
import { loadOwnHead } from "../features/word-embeddings.js";
import { localExecutor } from "../runtime/local.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { openSafetensors } from "../weights/safetensors.js";
import { logSumExp, pseudoClozes, topIndices } from "./answers.js";

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 20 });

it("topIndices agrees with a stable sort", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 25 }), (scores, count) => {
      const sorted = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
      expect(topIndices(scores, count)).toEqual(sorted.slice(0, count));
    }),
  );
});

it("logSumExp is the logarithm of the sum, and does not overflow", () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const direct = Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
      expect(logSumExp(Float32Array.from(values))).toBeCloseTo(direct, 6);
    }),
  );
  expect(logSumExp(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.log(2), 3);
});

it("pseudoClozes hides one token of the answer at a time", () => {
  const mask = 9;
  expect(pseudoClozes({ inputIds: [1, mask, 2], position: 1 }, [5, 6])).toEqual([
    { inputIds: [1, mask, 6, 2], position: 1 },
    { inputIds: [1, 5, mask, 2], position: 2 },
  ]);
});

const fixture = "../shared/fixtures/backbones/bert";
describe.skipIf(!existsSync(fixture))("a backbone's own head (skipped without ../shared)", () => {
  it("gives the fixture's logits from its last hidden state", async () => {
    const config: unknown = JSON.parse(await readFile(`${fixture}/config.json`, "utf8"));
    const definition = backboneDefinition(config, "config.json");
    const parsed = definition.parseConfig(config, "config.json");
    const expected = await openSafetensors(`${fixture}/expected.safetensors`);
    const [last, logits] = [await expected.read(`hidden_states.${parsed.layers}`), await expected.read("logits")];
    await expected.close();
    const executor = await localExecutor({ device: "cpu", threads: 1 });
    const folder = { name: fixture, folder: fixture, definition, config: parsed, hash: "" };
    const tokenizer = { specials: { mask: 4 } };
    const head = await loadOwnHead(executor, { ...folder, tokenizer } as Parameters<typeof loadOwnHead>[1]);
    const data = last.data as Float32Array;
    const rows = data.length / parsed.hiddenSize;
    const features = float32Tensor([rows, parsed.hiddenSize], data);
    const found = floatsOf(await head!.run({ features }, ["logits"]), "logits");
    const largest = found.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (logits.data[i] as number))), 0);
    expect(largest).toBeLessThan(1e-4);
    await executor.close();
  });
});
