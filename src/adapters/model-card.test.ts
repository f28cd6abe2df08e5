import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AdapterManifest } from "./adapter-manifest.js";
import { resolveAdapterConfig } from "./config.js";
import { modelCard } from "./model-card.js";

const card = (name: string | null, change: Partial<AdapterManifest> = {}) => {
  const manifest: AdapterManifest = {
    format: "kadapter/1",
    features: "adapter",
    architecture: resolveAdapterConfig({ hiddenSize: 64, layers: 4 }, "official"),
    hiddenStates: "float16",
    backbonePrecision: "float32",
    backbone: { name, modelType: "roberta", hiddenSize: 64, layers: 4, hash: "0", configHash: "1", tokenizerHash: "2" },
    task: { name: "relation-classification", labels: ["a"], maxLength: 128, options: {} },
    recipe: { train: join(tmpdir(), "facts.jsonl"), learningRate: 3e-4, layers: [0, 2], of: { share: 0.1 + 0.2 } },
    metrics: { accuracy: 0.8333333333333334, loss: 1.234567890123456e-5 },
    ...change,
  };
  return modelCard(manifest, 1000, 10);
};

describe("modelCard", () => {
  it.each([
    ["FacebookAI/roberta-large", "FacebookAI/roberta-large", "FacebookAI/roberta-large"],
    ["roberta-large", "roberta-large", "roberta-large"],
    // Another machine has the folder elsewhere.
    ["/home/somebody/models/my-model", "my-model", "DIR"],
    ["../my-model", "my-model", "DIR"],
    [
      "/root/.cache/huggingface/hub/models--FacebookAI--roberta-large/snapshots/0123",
      "FacebookAI/roberta-large",
      "FacebookAI/roberta-large",
    ],
    // A folder that is there is no id.
    ["src/adapters", "adapters", "DIR"],
  ])("names the model %s as %s, and says --backbone %s", (name, shown, given) => {
    expect(card(name)).toContain(`\nbase_model: "${shown}"\n`);
    expect(card(name)).toContain(`--backbone ${given} `);
  });

  it("says how to ask an adapter that was taught facts", () => {
    const task = { name: "recall", labels: null, maxLength: 128, options: {} };
    const text = card("roberta-base", { features: "residual", task, recipe: { wordings: "/home/me/wordings.jsonl" } });
    expect(text).toContain('npx kadapter fill "TEXT WITH A [MASK]" --adapter taught=. --backbone roberta-base');
    expect(text).toMatch(/probe recall --adapter \. --backbone roberta-base --facts FACTS\.csv --wordings FILE$/m);
    expect(text).not.toContain("labels");
    expect(card("roberta-base", { features: "residual", task })).not.toContain("--wordings");
  });

  it("leaves out a model that is not known", () => {
    expect(card(null)).not.toContain("base_model");
  });

  it("rounds numbers, and shows no folder of the machine that it was made on", () => {
    const text = card("m");
    expect(text).toContain("| accuracy | 0.833333 |");
    expect(text).toContain("| loss | 0.0000123457 |");
    expect(text).toContain('| of | {"share":0.3} |');
    expect(text).toContain("| train | facts.jsonl |");
    expect(text).not.toContain(tmpdir());
  });

  it("lets no name or value end its cell, its line or its command", () => {
    const text = card("/models/a`b\n# c | <img>", { recipe: { "a|b": "x | y\n\n# z \u001b[2J" } });
    expect(text).toContain("\n# A knowledge adapter for a\\`b # c \\| \\<img>\n");
    expect(text).toContain("| a\\|b | x \\| y # z \\\\u001b[2J |");
    expect(card("a/b; rm -rf ~")).toContain("--backbone DIR ");
  });
});
