import { expect, it } from "vitest";
import type { ClozeModel } from "./cloze-model.js";
import { probeLama } from "./lama.js";

it("asks no causal model for masked words", async () => {
  const model = { causal: true, backbone: { folder: "models/gpt2" } } as unknown as ClozeModel;
  const asked = probeLama(model, [], {} as Parameters<typeof probeLama>[2]);
  await expect(asked).rejects.toThrow(/^models\/gpt2: a model that reads from left to right cannot be asked/);
});
