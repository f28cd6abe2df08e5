import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../errors.js";
import { bytesOf, type DType, dtypeBytes, dtypes, float32Tensor, type HostTensor, viewAs } from "../tensor.js";
import { openWeights } from "./open.js";
import { openSafetensors, readSafetensors } from "./safetensors.js";
import { writeSafetensors } from "./safetensors-writer.js";

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-"));
  file = join(folder, "x.safetensors");
});
afterAll(() => rm(folder, { recursive: true }));

/** A file of this header and data, whatever they say. */
function raw(header: string, data: Uint8Array = new Uint8Array(0), length = Buffer.byteLength(header)): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([size, Buffer.from(header), data]);
}

async function complaint(bytes: Uint8Array): Promise<string> {
  await writeFile(file, bytes);
  const error: unknown = await openSafetensors(file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain("\n");
  expect(message).toContain(file);
  return message;
}

const tensors: fc.Arbitrary<HostTensor> = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 3 }))
  .chain(([dtype, shape]: [DType, number[]]) => {
    const bytes = shape.reduce((product, dim) => product * dim, dtypeBytes[dtype]);
    return fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((data) => ({ dtype, shape, data: viewAs(dtype, new Uint8Array(data)) }));
  });
const names = fc
  .string({ unit: "binary", maxLength: 8 })
  .filter((name) => name !== "__metadata__" && !/\p{Surrogate}/u.test(name));
const sets = fc.uniqueArray(fc.tuple(names, tensors), { selector: ([name]) => name, maxLength: 6 });

describe("round trip", () => {
  test("any tensors, names and metadata come back, in one form whatever their order", async () => {
    const metadata = fc.dictionary(names, names, { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(sets, metadata, async (set, notes) => {
        await writeSafetensors(file, set, notes);
        const bytes = await readFile(file);
        expect(Number(bytes.readBigUInt64LE()) % 8).toBe(0);
        await writeSafetensors(file, [...set].reverse(), notes);
        expect(await readFile(file)).toEqual(bytes);
        const source = await openSafetensors(file);
        expect(new Set(source.keys())).toEqual(new Set(set.map(([name]) => name)));
        expect(new Map(source.metadata)).toEqual(new Map(Object.entries(notes)));
        for (const [name, tensor] of set) {
          const read = await source.read(name);
          expect(source.info(name)).toEqual({ dtype: tensor.dtype, shape: tensor.shape });
          expect(read.dtype).toBe(tensor.dtype);
          expect(read.shape).toEqual(tensor.shape);
          expect(Buffer.from(bytesOf(read))).toEqual(Buffer.from(bytesOf(tensor)));
          const { offset, length } = source.external(name);
          expect(bytes.subarray(offset, offset + length)).toEqual(Buffer.from(bytesOf(tensor)));
          expect(length === 0 || offset % dtypeBytes[tensor.dtype] === 0).toBe(true);
        }
        await source.close();
      }),
      { numRuns: 60 },
    );
  });

  test("the bytes are those of the reference implementation", async () => {
    // safetensors.numpy.save({"b": zeros(1, float32), "a": ones(3, uint8)}, {"k": "v"}), safetensors 0.8.0
    await writeSafetensors(
      file,
      [
        ["a", { dtype: "uint8", shape: [3], data: new Uint8Array([1, 1, 1]) }],
        ["b", float32Tensor([1], new Float32Array(1))],
      ],
      { k: "v" },
    );
    const header =
      '{"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
      '"a":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(await readFile(file)).toEqual(raw(padded, new Uint8Array([0, 0, 0, 0, 1, 1, 1])));
  });

  test("a missing tensor is a UserError, a file written again is not half there", async () => {
    await writeSafetensors(file, [["a", float32Tensor([1], new Float32Array([1]))]]);
    const source = await openSafetensors(file);
    await expect(source.read("b")).rejects.toThrow(/no tensor "b"/);
    await source.close();
    expect(await readdir(folder)).toEqual(["x.safetensors"]);
  });
});

describe("the writer refuses", () => {
  const one = float32Tensor([1], new Float32Array(1));
  test.each<[string, [string, HostTensor][], RegExp]>([
    [
      "a duplicate",
      [
        ["a", one],
        ["a", one],
      ],
      /two tensors/,
    ],
    ["the reserved name", [["__metadata__", one]], /keeps for metadata/],
    ["a name that is no Unicode", [["\ud800", one]], /Unicode/],
    ["data that does not fit", [["a", float32Tensor([2], new Float32Array(1))]], /1 elements for the shape \[2\]/],
    ["a bad shape", [["a", float32Tensor([-1], new Float32Array(1))]], /bad shape/],
  ])("%s", async (_, set, message) => {
    await expect(writeSafetensors(join(folder, "never"), set)).rejects.toThrow(message);
    expect(await readdir(folder)).not.toContain("never");
  });
});

describe("hostile headers", () => {
  const entry = (dtype: string, shape: string, offsets: string) =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
  const four = new Uint8Array(4);

  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /only 0 bytes/],
    ["a length beyond the file", raw("{}", four, 1000), /header of 1000 bytes in a file of 14/],
    ["a length beyond all files", raw("{}", four, 2 ** 53), /header of 9007199254740992/],
    ["no JSON", raw('{"a'), /no valid JSON/],
    [
      "bad UTF-8",
      Buffer.concat([raw("", new Uint8Array(0), 4), Buffer.from([0x7b, 0xff, 0x22, 0x7d])]),
      /no valid JSON/,
    ],
    ["a list", raw("[1]"), /does not start with \{/],
    ["space before", raw(" {}"), /does not start with \{/],
    [
      "deep nesting",
      raw(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
      /not described by an object|no valid JSON/,
    ],
    ["a dtype that nests deeply", raw(`{"a":{"dtype":${"[".repeat(5000)}${"]".repeat(5000)}}}`), /no dtype/],
    ["a shape of millions", raw(`{"a":${entry("U8", `[${"1,".repeat(3e5)}1]`, "[0,1]")}}`, four), /bad shape/],
    ["a name of megabytes, twice", raw(`{"${"a".repeat(5e6)}":1,"${"a".repeat(5e6)}":1}`), /key "a{117}\.\.\." twice/],
    ["an unknown dtype", raw(`{"a":${entry("F8_E4M3", "[4]", "[0,4]")}}`, four), /dtype "\?*.*F8_E4M3/],
    ["a dtype of the prototype", raw(`{"a":${entry("constructor", "[4]", "[0,4]")}}`, four), /dtype/],
    ["a negative size", raw(`{"a":${entry("F32", "[-1]", "[0,4]")}}`, four), /bad shape/],
    ["a fraction", raw(`{"a":${entry("F32", "[0.5]", "[0,4]")}}`, four), /bad shape/],
    ["an overflow", raw(`{"a":${entry("F32", "[4294967296,4294967296]", "[0,0]")}}`), /overflows/],
    ["an overflow beside a zero", raw(`{"a":${entry("F32", "[0,4294967296,4294967296]", "[0,0]")}}`), /overflows/],
    ["a size that does not fit", raw(`{"a":${entry("F32", "[2]", "[0,4]")}}`, four), /takes 4 bytes.*expected 8 bytes/],
    ["offsets turned round", raw(`{"a":${entry("F32", "[1]", "[4,0]")}}`, four), /takes -4 bytes/],
    ["three offsets", raw(`{"a":${entry("F32", "[1]", "[0,4,4]")}}`, four), /bad data_offsets/],
    ["data beyond the end", raw(`{"a":${entry("F32", "[2]", "[0,8]")}}`, four), /holds 4 bytes of data.*8 or more/],
    ["data of no tensor", raw(`{"a":${entry("U8", "[3]", "[0,3]")}}`, four), /1 byte after the last/],
    ["a hole", raw(`{"a":${entry("U8", "[1]", "[3,4]")}}`, four), /hole of 3/],
    [
      "an overlap",
      raw(`{"a":${entry("U8", "[3]", "[0,3]")},"b":${entry("U8", "[2]", "[2,4]")}}`, four),
      /"b" overlaps/,
    ],
    [
      "a duplicate, spelt in two ways",
      raw(`{"a":${entry("U8", "[4]", "[0,4]")},"\\u0061":${entry("U8", "[4]", "[0,4]")}}`, four),
      /key "a" twice/,
    ],
    [
      "a duplicate field",
      raw('{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', four),
      /"dtype" twice/,
    ],
    ["a field too many", raw('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}}', four), /unknown field "x"/],
    ["metadata that is no text", raw('{"__metadata__":{"a":1}}'), /__metadata__ "a" is no string/],
    ["line breaks in a name", raw('{"a\\nb":1}'), /"a\?b"/],
  ])("%s", async (_, bytes, message) => {
    expect(await complaint(bytes)).toMatch(message);
  });

  test("__proto__ is a name like any other", async () => {
    await writeFile(file, raw(`{"__proto__":${entry("U8", "[4]", "[0,4]")}}`, new Uint8Array([1, 2, 3, 4])));
    const source = await openSafetensors(file);
    expect([...source.keys()]).toEqual(["__proto__"]);
    expect([...((await source.read("__proto__")).data as Uint8Array)]).toEqual([1, 2, 3, 4]);
    await source.close();
  });

  test("random and mutated bytes give a UserError or tensors that lie inside the file", async () => {
    await writeSafetensors(file, [
      ["a", float32Tensor([2, 2], new Float32Array(4))],
      ["b", { dtype: "uint8", shape: [3], data: new Uint8Array(3) }],
    ]);
    const valid = await readFile(file);
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const mutated = fc.tuple(edits, fc.nat(valid.length)).map(([list, cut]) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of list) bytes[at] = value;
      return cut % 3 === 0 ? bytes.subarray(0, cut) : bytes;
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), async (bytes) => {
        await writeFile(file, bytes);
        try {
          const source = await openWeights(file);
          for (const key of source.keys()) expect(bytesOf(await source.read(key)).length).toBeLessThan(bytes.length);
          await source.close();
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

test("a tensor called __proto__ is a tensor like any other", async () => {
  const part = (from: number) => ({ dtype: "F32", shape: [1], data_offsets: [from, from + 4] });
  const header = `{"__proto__":${JSON.stringify(part(0))},"constructor":${JSON.stringify(part(4))}}`;
  await writeFile(file, raw(header, new Uint8Array(8)));
  const read = await readSafetensors(file);
  expect(Object.keys(read)).toEqual(["__proto__", "constructor"]);
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
});
