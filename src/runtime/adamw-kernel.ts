import { type Code, compile, f32x4, i32, type Local, loop, small, type WasmFunction } from "./wasm.js";

/**
 * Where the kernel works: four planes at equal distances hold values, first moments, second moments and gradients, each
 * parameter at the same place of each plane.
 */
export interface Planes {
  /** Bytes between planes, a multiple of 16. */
  readonly stride: number;
  /** Bytes of a plane that are in use, a multiple of 16. */
  readonly bytes: number;
}

/** What one update multiplies by and adds; see `adamWUpdate`, whose order of operations the kernel keeps. */
export interface UpdateConstants {
  /** Of gradients. */
  readonly factor: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly stepSize: number;
  /** What decay leaves of a value: 1 − lr·wd. */
  readonly kept: number;
}

export type AdamWKernel = (planes: Planes, constants: UpdateConstants) => void;

/** Memory for four planes and the kernel over it; zeros, not touched yet. */
export function adamWKernel({ stride }: Planes): { readonly memory: ArrayBuffer; readonly run: AdamWKernel } {
  const { memory, run } = compile(4 * stride, kernel);
  return {
    memory,
    run: (planes, { factor, beta1, beta2, epsilon, stepSize, kept }) =>
      run(0, planes.bytes, planes.stride, factor, beta1, beta2, epsilon, stepSize, kept),
  };
}

/** Whether this machine runs the kernel. */
export function runsKernels(): boolean {
  try {
    adamWKernel({ stride: 16, bytes: 16 });
    return true;
  } catch {
    return false;
  }
}

const { add, sub, mul, div, sqrt, load, store, splat } = f32x4;

type Three = readonly [Local, Local, Local];

/** One pass over all planes, where a graph would take eleven: an update moves no more bytes than it must. */
const kernel: WasmFunction = {
  parameters: ["i32", "i32", "i32", "f32", "f32", "f32", "f32", "f32", "f32"],
  variables: ["i32", "i32", "i32", "v128", "v128", "v128", "v128", "v128", "v128", "v128", "v128", "v128"],
  body: (locals) => {
    const [at, end, stride] = locals as unknown as Three;
    const scalars = locals.slice(3, 9);
    const [firstAt, secondAt, gradientAt] = locals.slice(9) as unknown as Three;
    const splatted = locals.slice(12, 18);
    const [gradient, first, second] = locals.slice(18) as unknown as Three;
    const constants = splatted.map(({ get }) => get);
    const [factor, beta1, beta2, epsilon, stepSize, kept] = constants as [Code, Code, Code, Code, Code, Code];
    const step = mul(div(first.get, add(sqrt(second.get), epsilon)), stepSize);
    return [
      ...scalars.map((scalar, i) => (splatted[i] as Local).set(splat(scalar.get))),
      loop(
        [
          firstAt.set(i32.add(at.get, stride.get)),
          secondAt.set(i32.add(firstAt.get, stride.get)),
          gradientAt.set(i32.add(secondAt.get, stride.get)),
          gradient.set(mul(load(gradientAt.get), factor)),
          first.set(add(mul(load(firstAt.get), beta1), gradient.get)),
          second.set(add(mul(load(secondAt.get), beta2), mul(gradient.get, gradient.get))),
          store(firstAt.get, first.get),
          store(secondAt.get, second.get),
          store(at.get, mul(sub(load(at.get), step), kept)),
          at.set(i32.add(at.get, small(16))),
        ],
        i32.lessUnsigned(at.get, end.get),
      ),
    ];
  },
};
