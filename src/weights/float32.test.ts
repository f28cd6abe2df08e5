import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toFloat32 } from "./float32.js";

/** IEEE 754 binary16, by its definition. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe("toFloat32", () => {
  test("all 65,536 halves are exact", () => {
    const data = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const floats = toFloat32({ dtype: "float16", shape: [1 << 16], data });
    let wrong = 0;
    for (let i = 0; i < floats.length; i++) if (!Object.is(floats[i], half(i))) wrong++;
    expect(wrong).toBe(0);
  });

  test("bfloat16 is the upper half of float32", () => {
    const values = new Float32Array([1, -0, 3.140625, Infinity, 2 ** -133]);
    const bits = Uint16Array.from(new Uint32Array(values.buffer), (word) => word >>> 16);
    expect(toFloat32({ dtype: "bfloat16", shape: [5], data: bits })).toEqual(values);
  });

  test("float64 is rounded to nearest even, float32 is handed through", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const [rounded] = toFloat32({ dtype: "float64", shape: [1], data: new Float64Array([value]) });
        expect(rounded).toBe(Math.fround(value));
      }),
    );
    const data = new Float32Array(2);
    expect(toFloat32({ dtype: "float32", shape: [2], data })).toBe(data);
  });

  test("integers are no weights", () => {
    expect(() => toFloat32({ dtype: "uint16", shape: [1], data: new Uint16Array(1) })).toThrow(/tensor of uint16/);
    expect(() => toFloat32({ dtype: "bool", shape: [1], data: new Uint8Array(1) })).toThrow(/tensor of bool/);
  });
});
