import { describe, expect, test } from "vitest";
import type { HostTensor } from "../tensor.js";
import type { WeightSource } from "./source.js";
import { strictLoad } from "./strict-load.js";

function fake(tensors: Record<string, HostTensor>, others: string[] = []): WeightSource {
  return {
    path: "x.safetensors",
    others,
    keys: () => Object.keys(tensors),
    info: (key) => tensors[key],
    read: (key) => Promise.resolve(tensors[key]!),
    close: () => Promise.resolve(),
  };
}
const half = (...shape: number[]): HostTensor => {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return { dtype: "float16", shape, data: new Uint16Array(count).fill(0x3c00) };
};

describe("strictLoad", () => {
  test("reads as float32 under the model's names and counts what is left out", async () => {
    const source = fake({ "roberta.a": half(2), "roberta.ids": half(1) }, ["epoch"]);
    const weights = strictLoad(new Map([["a", [2]]]), source, {
      canonicalKey: (key) => (key.endsWith("ids") ? null : key.slice("roberta.".length)),
    });
    expect(weights.ignored).toEqual(["roberta.ids"]);
    expect(weights.others).toEqual(["epoch"]);
    expect(weights.sourceKey("a")).toBe("roberta.a");
    expect(await weights.read("a")).toEqual(new Float32Array([1, 1]));
    await expect(weights.read("b")).rejects.toThrow(/no parameter "b"/);
  });

  test("lists everything that does not fit in one line, and reads nothing", () => {
    const source = fake({
      "x.a": half(2),
      "y.a": half(2),
      "x.b": half(2, 3),
      "x.c": half(2),
      "x.d": { dtype: "int64", shape: [1], data: new BigInt64Array(1) },
    });
    source.read = () => Promise.reject(new Error("read"));
    const expected = new Map([
      ["a", [2]],
      ["b", [3, 2]],
      ["d", [1]],
      ["e", [1]],
      ["toString", []],
    ]);
    expect(() => strictLoad(expected, source, { canonicalKey: (key) => key.slice(2) })).toThrow(
      'x.safetensors: the weights do not fit the model: 2 missing: "e", "toString"; 1 unexpected: "x.c"; ' +
        '2 misshaped: "x.b" is [2, 3], not [3, 2], "x.d" is int64, not floating; ' +
        '1 doubled: "x.a" and "y.a" both for "a"; check that configuration and weights belong together',
    );
  });

  test("cuts long lists but tells how many there are", () => {
    const expected = new Map(Array.from({ length: 25 }, (_, i) => [`w${i}`, [1]]));
    expect(() => strictLoad(expected, fake({}))).toThrow(/25 missing: "w0", .*"w9" and 15 more; check/);
  });
});
