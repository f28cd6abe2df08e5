import type { HostTensor } from "../tensor.js";

/** float32 bits of the smallest magnitude that rounds to infinity: halfway between 65504 and 65536. */
const overflow = 0x477ff000;

/** The float16 bits nearest to float32 bits, ties to even, as IEEE 754 rounds. */
function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= overflow) return sign | 0x7c00;
  const exponent = (magnitude >>> 23) - 112;
  if (exponent >= 1) {
    const kept = (magnitude - (112 << 23)) >>> 13;
    return sign | roundUp(kept, magnitude & 0x1fff, 0x1000);
  }
  // Subnormal: the implied one becomes visible and moves right.
  const shift = 14 - exponent;
  if (shift > 24) return sign;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  return sign | roundUp(mantissa >>> shift, mantissa & ((1 << shift) - 1), 1 << (shift - 1));
}

/** A carry out of the mantissa lands in the exponent, which is what rounding up there means. */
function roundUp(kept: number, rest: number, half: number): number {
  return kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0);
}

/** A float32 tensor rounded to float16 (nearest, ties to even); what is too large becomes infinite. */
export function toFloat16({ shape, data }: HostTensor<"float32">): HostTensor<"float16"> {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  return { dtype: "float16", shape, data: Uint16Array.from(bits, halfBits) };
}
