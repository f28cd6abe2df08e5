import { describe, expect, it } from "vitest";
import { smallConfig } from "../testing/small-backbones.js";
import { type BackboneDefinition, backboneDefinitions, roberta } from "./index.js";
import { longestText, maxTokens } from "./text-length.js";

const configured = (definition: BackboneDefinition, more: object = {}) => ({
  definition,
  config: definition.parseConfig({ ...smallConfig(definition.kind), ...more }, "config.json"),
});

describe("maxTokens", () => {
  it.each([
    ["bert", 16],
    ["distilbert", 16],
    ["electra", 16],
    ["gpt2", 16],
    // Positions count on from the padding's.
    ["roberta", 14],
    ["xlm-roberta", 14],
    ["xlnet", Number.POSITIVE_INFINITY],
  ])("of %s is %d", (kind, most) => {
    const definition = backboneDefinitions.get(kind) as BackboneDefinition;
    expect(maxTokens(configured(definition, kind.endsWith("roberta") ? { pad_token_id: 1 } : {}))).toBe(most);
  });

  it("is a copy's as it is the original's, whatever the copy is called", () => {
    const camembert = { ...roberta, kind: "camembert" };
    const model = configured(camembert, { model_type: "camembert", pad_token_id: 1 });
    expect(maxTokens(model)).toBe(14);
    expect(longestText(undefined, 128, model)).toBe(14);
    expect(() => longestText(15, 128, model)).toThrow(/maxLength: 15 tokens are more than .*expected at most 14/);
  });
});
