import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { backboneDefinition } from "../backbones/index.js";
import { loadOwnHead } from "../features/word-embeddings.js";
import { localExecutor } from "../runtime/local.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { published } from "../testing/published.js";
import { openSafetensors } from "../weights/safetensors.js";

const fixture = published("fixtures", "backbones", "bert");

describe.skipIf(!fixture)("a backbone's own head", () => {
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
