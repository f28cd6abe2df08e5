import { describe, expect, test } from "vitest";
import { published } from "../testing/published.js";
import { hashWeights } from "./hash.js";
import { openWeights } from "./open.js";
import type { WeightSource } from "./source.js";
import { strictLoad } from "./strict-load.js";

// Files that the official code and torch.save wrote.
const fixtures = published("fixtures");

async function open(path: string): Promise<WeightSource> {
  return openWeights(`${fixtures}/${path}`);
}

describe.skipIf(!fixtures)("fixtures of the official code", () => {
  for (const kind of ["factual", "linguistic"]) {
    test(`the ${kind} adapter is the same in safetensors, zip and legacy PyTorch files`, async () => {
      const files = ["model.safetensors", "pytorch_model.bin", "pytorch_model.legacy.bin"];
      const sources = await Promise.all(files.map((file) => open(`adapter-${kind}/adapter/${file}`)));
      const [first, ...rest] = sources as [WeightSource, ...WeightSource[]];
      const names = [...first.keys()].sort();
      expect(names.length).toBeGreaterThan(30);
      for (const source of rest) {
        expect([...source.keys()].sort()).toEqual(names);
        for (const name of names) expect(await source.read(name)).toEqual(await first.read(name));
      }
      const hashes = await Promise.all(sources.map(hashWeights));
      expect(new Set(hashes).size).toBe(1);
      await Promise.all(sources.map((source) => source.close()));
    });
  }

  test("the downstream adapters are the same in safetensors and .bin, whose heads are left out by name", async () => {
    for (const name of ["fac-adapter", "lin-adapter"]) {
      const folder = await open(`downstream/${name}`);
      const bin = await open(`downstream/${name}/pytorch_model.bin`);
      expect(folder.path).toMatch(/safetensors$/);
      expect(bin.others).toEqual([]);
      const expected = new Map([...folder.keys()].map((key) => [key, folder.info(key)!.shape]));
      expect(() => strictLoad(expected, bin)).toThrow(/: (6|16) unexpected: "/);
      const weights = strictLoad(expected, bin, { canonicalKey: (key) => (key.startsWith("adapter.") ? key : null) });
      expect(weights.ignored).toContain("com_dense.weight");
      for (const key of expected.keys()) expect(await weights.read(key)).toEqual((await folder.read(key)).data);
      await Promise.all([folder.close(), bin.close()]);
    }
  });
});
