import { expect, it } from "vitest";
import { resolveAdapterConfig } from "../adapters/config.js";
import type { BackboneHandle } from "../features/frozen-backbone.js";
import { trainingConfig } from "../training/config.js";
import { identityOf } from "./trainings.js";

const definition = { build: () => ({ parameters: [] }) };
const backbone = { hash: "abc", config: { hiddenSize: 64, layers: 2 }, definition } as unknown as BackboneHandle;
const architecture = resolveAdapterConfig({ hiddenSize: 64, layers: 2 }, "official");
const base = trainingConfig(backbone, "runs/a", { architecture });

it("a training is known by all that decides its bits", () => {
  const known = JSON.stringify(identityOf(base));
  const others = [
    { ...base, maxLength: 64 },
    { ...base, architecture: { ...architecture, size: 32 } },
    { ...base, settings: { ...base.settings, seed: 7 } },
    { ...base, featureOptions: { ...base.featureOptions, precision: "int8" as const } },
    { ...base, backbone: { ...backbone, hash: "def" } as BackboneHandle },
    { ...base, fixedWidth: true },
    { ...base, start: { hash: "start", parameters: new Map() } },
  ];
  for (const other of others) expect(JSON.stringify(identityOf(other))).not.toBe(known);
});

it("a training is not known by where it is kept and how often it is saved", () => {
  const { settings, featureOptions } = base;
  const same = [
    { ...base, out: "runs/b", resume: true, recipe: { some: "thing" } },
    { ...base, settings: { ...settings, saveEvery: 7 } },
    { ...base, featureOptions: { ...featureOptions, cache: "elsewhere", precision: "float32" as const } },
  ];
  for (const other of same) expect(identityOf(other)).toEqual(identityOf(base));
});
