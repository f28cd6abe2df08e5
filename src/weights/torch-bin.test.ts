import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../errors.js";
import { bytesOf } from "../tensor.js";
import { hashWeights } from "./hash.js";
import { openWeights } from "./open.js";
import { openSafetensors } from "./safetensors.js";
import { writeSafetensors } from "./safetensors-writer.js";
import { openTorchBin } from "./torch-bin.js";

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-"));
  file = join(folder, "x.bin");
});
afterAll(() => rm(folder, { recursive: true }));

// A pickle is written here as Python's pickler does: opcodes one after the other.
const u8 = (...bytes: number[]) => Buffer.from(bytes);
const cat = (...parts: (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string, "latin1")));
const le = (value: number, bytes: number) => {
  const out = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) out[i] = Math.floor(value / 256 ** i) % 256;
  return out;
};
const int = (value: number) => cat("J", le(value >>> 0, 4));
const long = (value: number) => cat(u8(0x8a, 7), le(value, 7));
const text = (value: string) => cat("X", le(Buffer.byteLength(value), 4), Buffer.from(value));
const tuple = (...items: Buffer[]) => cat("(", ...items, "t");
const global = (name: string) => cat("c", name.replace(/\.(?=[^.]*$)/, "\n"), "\n");
const call = (name: string, ...args: Buffer[]) => cat(global(name), tuple(...args), "R");
const ordered = () => cat(global("collections.OrderedDict"), ")R");
const dict = (...pairs: [Buffer, Buffer][]) => cat(ordered(), "(", ...pairs.flat(), "u");
const pickle = (...body: Buffer[]) => cat(u8(0x80, 2), ...body, ".");
const NONE = Buffer.from("N");

interface Fake {
  readonly key?: string;
  readonly type?: string;
  readonly place?: string;
  readonly count: number;
  readonly view?: Buffer;
}

const storage = ({ key = "0", type = "torch.FloatStorage", place = "cpu", count, view }: Fake) =>
  cat(tuple(text("storage"), global(type), text(key), text(place), long(count), ...(view ? [view] : [])), "Q");
const tensor = (from: Fake, offset: number, shape: number[], strides: number[], ...more: Buffer[]) =>
  call(
    "torch._utils._rebuild_tensor_v2",
    storage(from),
    long(offset),
    tuple(...shape.map(long)),
    tuple(...strides.map(long)),
    u8(0x89),
    ordered(),
    ...more,
  );

interface Member {
  readonly name: string;
  readonly content: Buffer;
  readonly method?: number;
  readonly flags?: number;
}

/** A zip of stored members; with `wide` every size and offset stands in zip64 fields. */
function zip(members: readonly Member[], wide = false): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, content, method = 0, flags = 0 } of members) {
    const pad = cat("FB", le(5, 2), "ZZZZZ"); // torch pads with such a field, in local headers only
    const common = cat(le(0, 2), le(flags, 2), le(method, 2), le(0, 8));
    const sizes = cat(le(content.length, 4), le(content.length, 4));
    const local = cat("PK\u0003\u0004", common, sizes, le(name.length, 2), le(pad.length, 2), name, pad, content);
    const extra = wide ? cat(le(1, 2), le(24, 2), le(content.length, 8), le(content.length, 8), le(at, 8)) : "";
    const small = wide ? Buffer.alloc(8, 255) : sizes;
    const tail = cat(le(0, 2), le(0, 8), wide ? Buffer.alloc(4, 255) : le(at, 4), name, extra);
    central.push(cat("PK\u0001\u0002", le(0, 2), common, small, le(name.length, 2), le(extra.length, 2), tail));
    locals.push(local);
    at += local.length;
  }
  const directory = cat(...central);
  const end64 = cat("PK\u0006\u0006", le(44, 8), le(0, 12), le(members.length, 8), le(members.length, 8));
  const wideEnd = cat(end64, le(directory.length, 8), le(at, 8), "PK\u0006\u0007", le(0, 4));
  const locator = wide ? cat(wideEnd, le(at + directory.length, 8), le(1, 4)) : "";
  const counts = wide
    ? Buffer.alloc(12, 255)
    : cat(le(members.length, 2), le(members.length, 2), le(directory.length, 4), le(at, 4));
  return cat(...locals, directory, locator, "PK\u0005\u0006", le(0, 4), counts, le(0, 2));
}

const many = (count: number, size: number): Member[] =>
  Array.from({ length: count }, (_, i) => ({ name: `archive/data/many-${i}`, content: Buffer.alloc(size) }));

/** The same zip, all of whose entries name the bytes of the first one, which reach far. */
function overlapping(file: Buffer): Buffer {
  const changed = Buffer.from(file);
  for (let at = changed.indexOf("PK\u0001\u0002"); at >= 0; at = changed.indexOf("PK\u0001\u0002", at + 1)) {
    changed.writeUInt32LE(file.length >> 1, at + 20);
    changed.writeUInt32LE(file.length >> 1, at + 24);
    changed.writeUInt32LE(0, at + 42);
  }
  return changed;
}

const floats = (...values: number[]) => Buffer.from(new Float32Array(values).buffer);
const members = (data: Buffer, storages: Record<string, Buffer>): Member[] => [
  { name: "archive/data.pkl", content: data },
  { name: "archive/byteorder", content: Buffer.from("little") },
  ...Object.entries(storages).map(([key, content]) => ({ name: `archive/data/${key}`, content })),
];
const zipped = (data: Buffer, storages: Record<string, Buffer>, wide = false) => zip(members(data, storages), wide);

const magic = cat(u8(0x8a, 10), u8(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19));
const system = (little: boolean) => cat("}(", text("little_endian"), u8(little ? 0x88 : 0x89), "u");
function legacy(data: Buffer, storages: Record<string, [count: number, bytes: Buffer]>, little = true): Buffer {
  const keys = cat("](", ...Object.keys(storages).map(text), "e");
  const bodies = Object.values(storages).flatMap(([count, bytes]) => [le(count, 8), bytes]);
  return cat(pickle(magic), pickle(int(1001)), pickle(system(little)), data, pickle(keys), ...bodies);
}

async function values(bytes: Buffer): Promise<Record<string, unknown>> {
  await writeFile(file, bytes);
  const source = await openTorchBin(file);
  try {
    const all: Record<string, unknown> = {};
    for (const key of source.keys()) {
      const { dtype, shape, data } = await source.read(key);
      all[key] = [dtype, shape, ...data];
      expect(source.info(key)).toEqual({ dtype, shape });
      const place = source.external(key);
      if (place === undefined) continue;
      expect(bytes.subarray(place.offset, place.offset + place.length)).toEqual(
        Buffer.from(bytesOf({ dtype, shape, data })),
      );
    }
    return all;
  } finally {
    await source.close();
  }
}

async function complaint(bytes: Buffer): Promise<string> {
  const error: unknown = await values(bytes).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain("\n");
  return (error as UserError).message;
}

const six = { count: 6 };
const state = (...entries: [string, Buffer][]) =>
  pickle(dict(...entries.map(([k, v]) => [text(k), v] as [Buffer, Buffer])));
const sixFloats = { "0": floats(1, 2, 3, 4, 5, 6) };

describe("tensors", () => {
  const data = state(
    ["plain", tensor(six, 0, [2, 3], [3, 1])],
    ["transposed", tensor(six, 0, [3, 2], [1, 3])],
    ["part", tensor(six, 2, [2], [1])],
    ["skipping", tensor({ ...six, place: "cuda:0" }, 1, [2, 2], [3, 1])],
    ["expanded", tensor(six, 5, [3], [0])],
    ["scalar", tensor(six, 4, [], [])],
    ["empty", tensor(six, 6, [0, 3], [3, 1])],
    ["parameter", call("torch._utils._rebuild_parameter", tensor(six, 0, [1], [9]), u8(0x88), ordered())],
  );
  const expected = {
    plain: ["float32", [2, 3], 1, 2, 3, 4, 5, 6],
    transposed: ["float32", [3, 2], 1, 4, 2, 5, 3, 6],
    part: ["float32", [2], 3, 4],
    skipping: ["float32", [2, 2], 2, 3, 5, 6],
    expanded: ["float32", [3], 6, 6, 6],
    scalar: ["float32", [], 5],
    empty: ["float32", [0, 3]],
    parameter: ["float32", [1], 1],
  };

  test("views of one storage, in zip, zip64 and legacy files", async () => {
    // The location differs between two uses of the storage: it says nothing about the bytes.
    expect(await values(zipped(data, sixFloats))).toEqual(expected);
    expect(await values(zipped(data, sixFloats, true))).toEqual(expected);
    expect(await values(legacy(data, { "0": [6, sixFloats["0"]] }))).toEqual(expected);
  });

  test("every storage type, strided too", async () => {
    const types: [string, string, Buffer, unknown[]][] = [
      ["Double", "float64", Buffer.from(new Float64Array([1.5, -2, 3]).buffer), [1.5, 3]],
      ["Half", "float16", Buffer.from(new Uint16Array([1, 2, 3]).buffer), [1, 3]],
      ["BFloat16", "bfloat16", Buffer.from(new Uint16Array([1, 2, 3]).buffer), [1, 3]],
      ["Long", "int64", Buffer.from(new BigInt64Array([-1n, 2n, 2n ** 62n]).buffer), [-1n, 2n ** 62n]],
      ["Int", "int32", Buffer.from(new Int32Array([-1, 2, 3]).buffer), [-1, 3]],
      ["Short", "int16", Buffer.from(new Int16Array([-1, 2, 3]).buffer), [-1, 3]],
      ["Char", "int8", u8(255, 2, 3), [-1, 3]],
      ["Byte", "uint8", u8(255, 2, 3), [255, 3]],
      ["Bool", "bool", u8(1, 0, 1), [1, 1]],
    ];
    for (const [name, dtype, bytes, numbers] of types) {
      const one = state(["x", tensor({ count: 3, type: `torch.${name}Storage` }, 0, [2], [2])]);
      expect(await values(zipped(one, { "0": bytes }))).toEqual({ x: [dtype, [2], ...numbers] });
    }
  });

  test("old views of storages, several storages", async () => {
    const view = tuple(text("1"), int(2), int(3));
    const two = state(
      ["a", tensor({ ...six, view }, 1, [2], [1])],
      ["b", tensor({ key: "b", count: 1, view: NONE }, 0, [1], [1])],
    );
    const file = legacy(two, { b: [1, floats(9)], "0": [6, sixFloats["0"]] });
    expect(await values(file)).toEqual({ a: ["float32", [2], 4, 5], b: ["float32", [1], 9] });
  });

  test("a wrapped state dict; what is no tensor is told", async () => {
    const inner = cat(
      dict([text("w"), tensor(six, 0, [6], [1])], [text("step"), int(3)]),
      "}",
      text("v"),
      int(1),
      "sb",
    );
    await writeFile(file, zipped(pickle(cat("}(", text("epoch"), int(7), text("model"), inner, "u")), sixFloats));
    const source = await openWeights(file);
    expect([...source.keys()]).toEqual(["w"]);
    expect(source.others).toEqual(["epoch", "step"]);
    await source.close();
  });

  test("the same tensors hash alike in safetensors and PyTorch files, whatever strides and order", async () => {
    await writeFile(file, zipped(data, sixFloats));
    const torch = await openTorchBin(file);
    const all = await Promise.all([...torch.keys()].map(async (key) => [key, await torch.read(key)] as const));
    const other = join(folder, "x.safetensors");
    await writeSafetensors(other, all, { note: "does not count" });
    const copy = await openSafetensors(other);
    expect(await hashWeights(copy)).toBe(await hashWeights(torch));
    await copy.close();
    await writeSafetensors(other, all.slice(1));
    const fewer = await openSafetensors(other);
    expect(await hashWeights(fewer)).not.toBe(await hashWeights(torch));
    await Promise.all([torch.close(), fewer.close()]);
  });
});

describe("refused", () => {
  const evil = (code: Buffer) => complaint(zipped(pickle(code), {}));

  test("every global that is no tensor, by name and at once, in both formats and all spellings", async () => {
    expect(await evil(call("os.system", text("true")))).toMatch(/refused: the pickle wants to load `os\.system`/);
    expect(await evil(global("builtins.eval"))).toMatch(/`builtins\.eval`/);
    expect(await evil(cat(text("posix"), text("system"), u8(0x93)))).toMatch(/`posix\.system`/);
    expect(await evil(cat("(", text("x"), "iposix\nsystem\n"))).toMatch(/`posix\.system`/);
    expect(await evil(cat("c__torch__\n\u001b[2J\n"))).toMatch(/`__torch__\.\?\[2J`/);
    expect(await complaint(cat("cos\nsystem\n(X", le(2, 4), "idtR."))).toMatch(/this is no|did not write|os\.system/);
    expect(await complaint(pickle(call("os.system", text("true"))))).toMatch(/`os\.system`/);
    expect(await complaint(legacy(pickle(global("torch.nn.Linear")), {}))).toMatch(/`torch\.nn\.Linear`/);
  });

  test.each<[string, Buffer, RegExp]>([
    ["opcodes that no weights need", cat(")", u8(0x81)), /opcode 0x81 at byte 3/],
    ["an empty stack", Buffer.from("0"), /stack is empty/],
    ["values left over", cat("NN"), /1 values are left/],
    ["no mark", Buffer.from("t"), /no mark/],
    ["an unknown memo", cat("h", u8(3)), /remembered under 3/],
    ["a call of what is none", cat(text("x"), ")R"), /no function/],
    ["a call of a storage type", cat(global("torch.FloatStorage"), ")R"), /no function/],
    ["growth of a tuple", cat(")(Ne"), /no list/],
    ["items of no dict", cat("(NNtNNs"), /no dict/],
    ["a key that is a dict", cat("}}Ns"), /neither text nor number/],
    ["state of a tensor", cat(tensor(six, 0, [1], [1]), "}b"), /sets the state/],
    ["a huge integer", cat(u8(0x8b), le(1e6, 4)), /integer of 1000000 bytes/],
    ["a length beyond the end", cat("X", le(2 ** 31, 4)), /no end/],
    ["a long length beyond the end", cat(u8(0x8e), Buffer.alloc(8, 255)), /no end/],
    ["a later protocol", u8(0x80, 9), /protocol 9/],
    ["text that is no UTF-8", cat("X", le(1, 4), u8(0xff)), /no UTF-8/],
    ["no dict", NONE, /no tensors in it/],
    ["no tensors", dict([text("a"), int(1)]), /no tensors in it/],
    ["a list that holds itself", cat("](", "h", u8(0), "e"), /remembered/],
    ["a bomb of values", Buffer.alloc(1 << 21, "}"), /more values/],
    ["a whole module", cat(tuple(text("module"), NONE), "Q"), /whole module/],
    ["an unknown persistent id", cat(text("x"), "Q"), /unknown object/],
    ["an unknown storage", storage({ count: 1, type: "torch.QInt8Storage" }), /`torch\.QInt8Storage`/],
    ["a storage of two sizes", cat(storage(six), storage({ count: 5 })), /two types or sizes/],
  ])("%s", async (_, code, message) => {
    expect(await evil(code)).toMatch(message);
  });

  test.each<[string, Buffer, RegExp]>([
    ["beyond the storage", tensor(six, 1, [2, 3], [3, 1]), /\[2, 3\].* in a storage of 6/],
    ["beyond by strides", tensor(six, 0, [2], [6]), /in a storage of 6/],
    ["without end", tensor(six, 0, [2 ** 40], [0]), /larger than it can be/],
    ["overflowing", tensor(six, 0, Array(40).fill(2 ** 40), Array(40).fill(0)), /larger than it can be/],
    ["overflowing beside a zero", tensor(six, 0, [...Array(40).fill(2 ** 40), 0], Array(41).fill(0)), /larger than/],
    ["of other strides than sizes", tensor(six, 0, [2, 3], [1]), /is none/],
    ["of negative offset", call("torch._utils._rebuild_tensor_v2", storage(six), int(-1), tuple(), tuple()), /is none/],
    ["negated lazily", tensor(six, 0, [6], [1], cat("}", text("neg"), u8(0x88), "s")), /negated lazily/],
  ])("a tensor %s", async (_, one, message) => {
    expect(await complaint(zipped(state(["x", one]), sixFloats))).toMatch(message);
  });

  const fine = state(["x", tensor(six, 0, [6], [1])]);
  test.each<[string, Buffer, RegExp]>([
    [
      "a compressed member",
      zip(members(fine, sixFloats).map((m) => ({ ...m, method: 8 }))),
      /"archive\/byteorder" is compressed/,
    ],
    ["an encrypted member", zip(members(fine, sixFloats).map((m) => ({ ...m, flags: 1 }))), /encrypted/],
    ["a member twice", zip([...members(fine, sixFloats), ...members(fine, sixFloats)]), /appears twice/],
    ["members that overlap", overlapping(zip([...members(fine, sixFloats), ...many(8, 100)])), /its members overlap/],
    ["a zip without a pickle", zip([{ name: "a/b", content: fine }]), /0 files data.pkl/],
    ["a missing storage", zipped(fine, {}), /storage "0" is missing/],
    ["a short storage", zipped(fine, { "0": floats(1) }), /4 bytes for 6 elements/],
    [
      "big-endian zip",
      zip([...members(fine, sixFloats).slice(0, 1), { name: "archive/byteorder", content: cat("big") }]),
      /byte order "big"/,
    ],
    ["a truncated zip", zipped(fine, sixFloats).subarray(0, -30), /end record is missing/],
    ["big-endian legacy", legacy(fine, { "0": [6, sixFloats["0"]] }, false), /big-endian/],
    ["a lying count", legacy(fine, { "0": [7, sixFloats["0"]] }), /has 7 elements, not 6/],
    ["a truncated legacy file", legacy(fine, { "0": [6, floats(1, 2)] }), /ends inside the storage/],
    ["a legacy file without its storage", legacy(fine, {}), /storage "0" is missing/],
    ["another pickle", pickle(int(5)), /torch.save did not write/],
    ["nothing", Buffer.alloc(0), /no end/],
  ])("%s", async (_, bytes, message) => {
    expect(await complaint(bytes)).toMatch(message);
  });

  test("random and mutated files give a UserError or tensors of bounded size", async () => {
    const files = [zipped(fine, sixFloats), zipped(fine, sixFloats, true), legacy(fine, { "0": [6, sixFloats["0"]] })];
    const mutated = fc
      .tuple(fc.constantFrom(...files), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(2000))
      .map(([valid, edits, cut]) => {
        const bytes = Buffer.from(valid);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        return cut < bytes.length && cut % 3 === 0 ? bytes.subarray(0, cut) : bytes;
      });
    const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => zipped(Buffer.from(bytes), sixFloats));
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, noise), async (bytes) => {
        const result = await values(bytes).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(UserError);
      }),
      { numRuns: 600 },
    );
  });
});
