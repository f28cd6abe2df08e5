import { userError } from "../errors.js";
import type { HostTensor } from "../tensor.js";

let halves: Uint32Array | undefined;

/** The float32 bits of each of the 65,536 float16 values; every one is exact. */
function halfTable(): Uint32Array {
  if (halves !== undefined) return halves;
  const table = new Uint32Array(1 << 16);
  for (let half = 0; half < 1 << 15; half++) {
    const exponent = half >>> 10;
    let mantissa = half & 0x3ff;
    let bits: number;
    if (exponent === 31) {
      // Infinity and NaN; NaN payloads move to the top bits as hardware does.
      bits = 0x7f800000 | (mantissa << 13);
    } else if (exponent > 0) {
      bits = ((exponent + 112) << 23) | (mantissa << 13);
    } else if (mantissa === 0) {
      bits = 0;
    } else {
      // Subnormal: shift until the leading one stands where it is implied.
      let shift = 0;
      while ((mantissa & 0x400) === 0) {
        mantissa <<= 1;
        shift++;
      }
      bits = ((113 - shift) << 23) | ((mantissa & 0x3ff) << 13);
    }
    table[half] = bits;
    table[half | 0x8000] = (bits | 0x80000000) >>> 0;
  }
  halves = table;
  return table;
}

function halfToFloat(data: Uint16Array): Float32Array {
  const table = halfTable();
  const bits = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i++) bits[i] = table[data[i]!]!;
  return new Float32Array(bits.buffer);
}

function bfloatToFloat(data: Uint16Array): Float32Array {
  const bits = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i++) bits[i] = data[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** Whether {@link toFloat32} takes tensors of this element type. */
export function isFloating(dtype: string): boolean {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16" || dtype === "float64";
}

/**
 * A floating tensor's elements as float32: float32 as it is (not copied), float16 and bfloat16 exactly, float64
 * rounded to nearest, ties to even. Throws a UserError for integers and bools: weights are never those, so a
 * conversion would hide a mix-up.
 */
export function toFloat32(tensor: HostTensor): Float32Array {
  const { dtype, data } = tensor;
  if (dtype === "float32" && data instanceof Float32Array) return data;
  if (dtype === "float64" && data instanceof Float64Array) return new Float32Array(data);
  if (data instanceof Uint16Array) {
    if (dtype === "float16") return halfToFloat(data);
    if (dtype === "bfloat16") return bfloatToFloat(data);
  }
  throw userError({ what: `a tensor of ${dtype} given as weights`, expected: "float32, float16, bfloat16 or float64" });
}
