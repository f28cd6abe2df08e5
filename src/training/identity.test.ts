import { describe, expect, it } from "vitest";
import { identityOf, identityVersion, requireSameRun } from "./identity.js";

const backbone = { hash: "a1", name: "runs/model", folder: "/somewhere", config: { layers: 2 } };
const config = {
  backbone,
  adapters: [
    { name: "fac", folder: "f", hash: "b2", config: { size: 8 } },
    { name: "lin", folder: "l", hash: "c3", config: { size: 8 } },
  ],
  out: "runs/out",
  recipe: { out: "runs/out" },
  resume: false,
  fusion: { kind: "concat" },
  settings: { epochs: 2, seed: 7, saveEvery: 100 },
  featureOptions: { cache: "cache", cacheLimit: 5, dtype: "float16" },
};
const data = { train: "t1", dev: "d1" };
const identity = identityOf(config, data);
const resumed = (changed: object, sets: object = {}) =>
  requireSameRun(
    "run",
    { version: identityVersion, settings: identity },
    identityOf({ ...config, ...changed }, { ...data, ...sets }),
  );

describe("a run's identity", () => {
  it("leaves out where things are kept and how often", () => {
    const elsewhere = {
      ...{ out: "runs/other", resume: true, recipe: {}, backbone: { ...backbone, name: "other", folder: "/else" } },
      settings: { ...config.settings, saveEvery: 1 },
      featureOptions: { ...config.featureOptions, cache: null, cacheLimit: 1, signal: new AbortController().signal },
    };
    expect(resumed(elsewhere)).toBeNull();
  });

  it.each<[string, object, object, RegExp]>([
    ["a setting", { settings: { ...config.settings, epochs: 3 } }, {}, /\(epochs was 2, is 3\)/],
    ["a setting that there was not before", { newlyAdded: 1 }, {}, /\(newlyAdded was not set, is 1\)/],
    ["a switch", { fixedWidth: true }, {}, /\(fixedWidth was not set, is true\)/],
    ["what it starts from", { start: { hash: "d4", parameters: new Map() } }, {}, /\(start was not set, is d4\)/],
    [
      "a setting of the hidden states",
      { featureOptions: { ...config.featureOptions, dtype: "float32" } },
      {},
      /\(dtype was/,
    ],
    ["a list", { taps: [0, 2] }, {}, /\(taps was not set, is 0, 2\)/],
    ["a nested setting", { fusion: { kind: "add" } }, {}, /fusion was/],
    ["the weights", { backbone: { ...backbone, hash: "z9" } }, {}, /\(backbone was a1, is z9\)/],
    ["the model's configuration", { backbone: { ...backbone, config: { layers: 3 } } }, {}, /backbone\.config was/],
    ["the order of adapters", { adapters: [...config.adapters].reverse() }, {}, /adapters was fac=b2 lin=c3/],
    ["the training data", {}, { train: "t2" }, /\(train was t1, is t2\)/],
    ["the dev data", {}, { dev: "d2" }, /\(dev was d1, is d2\)/],
  ])("tells %s apart", (_, changed, sets, message) => {
    expect(() => resumed(changed, sets)).toThrow(message);
  });

  it("keeps settings of one name apart", () => {
    const masked = (seed: number) => identityOf({ ...config, masking: { seed } }, data);
    expect(masked(7)).toEqual(identity);
    expect(masked(8)).toEqual({ ...identity, "masking.seed": "8" });
  });

  it("goes on with what an earlier version began, as far as that can tell", () => {
    const former = { epochs: "2", seed: "7", featureDtype: '"float16"', backbone: "a1", train: "t1" };
    const now = (changed: object) => identityOf({ ...config, ...changed }, data);
    expect(requireSameRun("run", { version: 1, settings: former }, now({}))).toContain("earlier version");
    const other = { featureOptions: { ...config.featureOptions, dtype: "float32" } };
    expect(() => requireSameRun("run", { version: 1, settings: former }, now(other))).toThrow(/dtype was/);
  });

  it("refuses what cannot be compared", () => {
    expect(() => identityOf({ given: () => 1 }, {})).toThrow("given is a function");
  });
});
