/**
 * PyTorch state dicts as torch.save writes them (zip and legacy), so that tests need no Python.
 * Formats: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
 * @module
 */

/** A float32 tensor to be written. */
export interface StateTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const bytes = (...values: number[]) => Buffer.from(values);
const ascii = (text: string) => Buffer.from(text, "latin1");
const u32 = (value: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
};
const u16 = (value: number) => u32(value).subarray(0, 2);
const text = (value: string) => Buffer.concat([ascii("X"), u32(Buffer.byteLength(value)), Buffer.from(value)]);
const int = (value: number) => Buffer.concat([ascii("J"), u32(value)]);
const tuple = (...items: Buffer[]) => Buffer.concat([ascii("("), ...items, ascii("t")]);
const named = (module: string, name: string) => ascii(`c${module}\n${name}\n`);
const emptyDict = Buffer.concat([named("collections", "OrderedDict"), ascii(")R")]);
const pickle = (...body: Buffer[]) => Buffer.concat([bytes(0x80, 2), ...body, ascii(".")]);

function tensor(key: string, { shape, data }: StateTensor, legacy: boolean): Buffer {
  const view = legacy ? [ascii("N")] : [];
  const storage = tuple(
    text("storage"),
    named("torch", "FloatStorage"),
    text(key),
    text("cpu"),
    int(data.length),
    ...view,
  );
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, dim) => product * dim, 1));
  const place = Buffer.concat([storage, ascii("Q")]);
  const args = tuple(place, int(0), tuple(...shape.map(int)), tuple(...strides.map(int)), bytes(0x89), emptyDict);
  return Buffer.concat([named("torch._utils", "_rebuild_tensor_v2"), args, ascii("R")]);
}

function stateDict(tensors: ReadonlyMap<string, StateTensor>, legacy: boolean): Buffer {
  const pairs = [...tensors].flatMap(([name, value], i) => [text(name), tensor(String(i), value, legacy)]);
  return pickle(emptyDict, ascii("("), ...pairs, ascii("u"));
}

const rawBytes = ({ data }: StateTensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** What `torch.save(state_dict, file)` writes since torch 1.6. */
export function torchZip(tensors: ReadonlyMap<string, StateTensor>): Buffer {
  const storages = [...tensors.values()].map((value, i) => [`archive/data/${i}`, rawBytes(value)] as const);
  return zip([["archive/data.pkl", stateDict(tensors, false)], ["archive/byteorder", ascii("little")], ...storages]);
}

/** What older ones wrote. */
export function torchLegacy(tensors: ReadonlyMap<string, StateTensor>): Buffer {
  const magic = Buffer.concat([bytes(0x8a, 10), Buffer.from("6cfc9c46f9206aa85019", "hex")]);
  const system = Buffer.concat([ascii("}("), text("little_endian"), bytes(0x88), ascii("u")]);
  const keys = [...tensors.keys()].map((_, i) => text(String(i)));
  const bodies = [...tensors.values()].flatMap((value) => [u32(value.data.length), u32(0), rawBytes(value)]);
  const list = Buffer.concat([ascii("]("), ...keys, ascii("e")]);
  const parts = [pickle(magic), pickle(int(1001)), pickle(system), stateDict(tensors, true), pickle(list)];
  return Buffer.concat([...parts, ...bodies]);
}

/** A state dict whose pickle calls `os.system(command)` when Python loads it. */
export function torchWithCode(command: string): Buffer {
  return zip([["archive/data.pkl", pickle(named("os", "system"), tuple(text(command)), ascii("R"))]]);
}

/** A zip of stored members. */
function zip(members: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, content] of members) {
    // Version, flags, method, time, date and checksum, none of which a reader of torch files needs.
    const common = Buffer.concat([u16(0), u16(0), u16(0), u32(0), u32(0), u32(content.length), u32(content.length)]);
    const local = Buffer.concat([ascii("PK\u0003\u0004"), common, u16(name.length), u16(0), ascii(name), content]);
    const rest = Buffer.concat([u16(name.length), u16(0), u16(0), u16(0), u16(0), u32(0), u32(at), ascii(name)]);
    central.push(Buffer.concat([ascii("PK\u0001\u0002"), u16(0), common, rest]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const counts = Buffer.concat([u16(members.length), u16(members.length), u32(directory.length), u32(at)]);
  return Buffer.concat([...locals, directory, ascii("PK\u0005\u0006"), u32(0), counts, u16(0)]);
}
