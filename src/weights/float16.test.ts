import { describe, expect, it } from "vitest";
import { float32Tensor } from "../tensor.js";
import { toFloat16 } from "./float16.js";
import { toFloat32 } from "./float32.js";

const half = (...values: number[]) => [...toFloat16(float32Tensor([values.length], Float32Array.from(values))).data];

describe("toFloat16", () => {
  it("gives every float16 back from its float32", () => {
    const all = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const floats = toFloat32({ dtype: "float16", shape: [all.length], data: all });
    const back = toFloat16(float32Tensor([all.length], floats)).data;
    const isNan = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    const wrong = all.filter((bits, i) => (isNan(bits) ? !isNan(back[i] as number) : back[i] !== bits));
    expect([...wrong]).toEqual([]);
  });

  it("rounds to the nearest, ties to even", () => {
    const step = 2 ** -10;
    // Between 1 and its neighbour; the even mantissa wins at a tie.
    expect(half(1 + 0.49 * step, 1 + 0.5 * step, 1 + 0.51 * step, 1 + 1.5 * step)).toEqual([
      0x3c00, 0x3c00, 0x3c01, 0x3c02,
    ]);
    const tiny = 2 ** -24;
    expect(half(0.5 * tiny, 0.51 * tiny, 1.5 * tiny, -2.5 * tiny)).toEqual([0, 1, 2, 0x8002]);
    expect(half(65504, 65519, 65520, -1e9)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00]);
    // The largest subnormal rounds up to the smallest normal number.
    expect(half(2 ** -14 - 0.25 * tiny)).toEqual([0x0400]);
  });
});
