import { describe, expect, it } from "vitest";
import { type BackboneConfig, bert } from "../backbones/index.js";
import { usualLengths } from "../backbones/text-length.js";

import { readable } from "./plan.js";

/** A model with so many positions. */
const model = (maxPositions: number) => ({
  definition: bert,
  config: { modelType: "bert", maxPositions, padTokenId: 0 } as BackboneConfig,
});

describe("the longest text", () => {
  it("is the usual one where none is given, or what the model can read", () => {
    expect(readable({}, model(512))).toEqual({ maxLength: 128 });
    expect(readable({}, model(512), usualLengths.text)).toEqual({ maxLength: 256 });
    expect(readable({}, model(128), usualLengths.text)).toEqual({ maxLength: 128 });
    expect(readable({ maxLength: undefined }, model(64))).toEqual({ maxLength: 64 });
  });

  it("is what is given, if the model can read it", () => {
    expect(readable({ maxLength: 300 }, model(512))).toEqual({ maxLength: 300 });
    expect(() => readable({ maxLength: 300 }, model(128))).toThrow(/300 tokens are more than .*expected at most 128/);
  });
});
