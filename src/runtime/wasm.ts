/**
 * WebAssembly of one function over one memory: as much of the binary format as a kernel in a loop takes.
 *
 * Source: WebAssembly Core Specification 2.0, chapter 5 (binary format).
 * @module
 */

/** Instructions in the machine's order: operands first. */
export type Code = readonly number[];

export const types = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
export type WasmType = keyof typeof types;

/** LEB128 */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const section = (id: number, items: readonly Code[]): Code => {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
};
const text = (value: string): Code => vector(Array.from(new TextEncoder().encode(value), (byte) => [byte]));

const simd = (code: number): Code => [0xfd, ...unsigned(code)];
/** Operands lie at multiples of 2⁴ bytes. */
const alignedAtZero: Code = [4, 0];
const binary =
  (instruction: Code) =>
  (left: Code, right: Code): Code => [...left, ...right, ...instruction];
const unary =
  (instruction: Code) =>
  (operand: Code): Code => [...operand, ...instruction];

export const i32 = { add: binary([0x6a]), lessUnsigned: binary([0x49]) };
/** Four float32 at a time, each rounded by itself as IEEE 754 wants it. */
export const f32x4 = {
  splat: unary(simd(0x13)),
  sqrt: unary(simd(0xe3)),
  add: binary(simd(0xe4)),
  sub: binary(simd(0xe5)),
  mul: binary(simd(0xe6)),
  div: binary(simd(0xe7)),
  load: unary([...simd(0x00), ...alignedAtZero]),
  store: binary([...simd(0x0b), ...alignedAtZero]),
};
/** -64 to 63 */
export const small = (value: number): Code => [0x41, value & 0x7f];

/** Does what is given at least once, and again as long as the condition holds. */
export const loop = (body: readonly Code[], condition: Code): Code => [
  ...[0x03, 0x40],
  ...body.flat(),
  ...condition,
  ...[0x0d, 0x00, 0x0b],
];

/** A parameter or variable of the function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

export interface WasmFunction {
  readonly parameters: readonly WasmType[];
  readonly variables: readonly WasmType[];
  /** @param locals parameters, then variables */
  body(locals: readonly Local[]): readonly Code[];
}

type Run = (...values: readonly number[]) => void;

/** What is used of the JavaScript interface, which neither TypeScript's ES libraries nor Node's types declare. */
interface Api {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly run: Run } };
}

const pageBytes = 2 ** 16;

/**
 * The function, compiled, and the memory it works on: zeros, not touched yet.
 *
 * @throws Error where there is no such memory to be had, or the machine lacks what the function needs
 */
export function compile(bytes: number, definition: WasmFunction): { readonly memory: ArrayBuffer; readonly run: Run } {
  const { Memory, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new Memory({ initial: pages, maximum: pages });
  const { run } = new Instance(new Module(moduleOf(pages, definition)), { env: { memory } }).exports;
  return { memory: memory.buffer, run };
}

/** A module that imports `env.memory` of that many pages and exports the function as `run`. */
function moduleOf(pages: number, { parameters, variables, body }: WasmFunction): Uint8Array<ArrayBuffer> {
  const locals = [...parameters, ...variables].map((_, i) => ({
    get: [0x20, ...unsigned(i)],
    set: (value: Code): Code => [...value, 0x21, ...unsigned(i)],
  }));
  const code = [...vector(variables.map((type) => [1, types[type]])), ...body(locals).flat(), 0x0b];
  const signature = [0x60, ...vector(parameters.map((type) => [types[type]])), 0];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [signature]),
    ...section(2, [[...text("env"), ...text("memory"), 0x02, 0x01, ...unsigned(pages), ...unsigned(pages)]]),
    ...section(3, [[0]]),
    ...section(7, [[...text("run"), 0x00, 0]]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ]);
}
