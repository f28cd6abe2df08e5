import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TrainEvent } from "../engine/events.js";
import { maskedCrc32c, TensorBoardWriter } from "./tensorboard.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kadapter-tensorboard-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Field numbers to contents: numbers for the three numeric wire types, bytes for the fourth. */
type Fields = Map<number, (number | Uint8Array)[]>;

/** Decodes a protobuf message without its schema, on its own and not by the writer's code. */
function decode(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    let content: number | Uint8Array;
    if ((key & 7) === 0) content = varint();
    else if ((key & 7) === 1) {
      content = view.getFloat64(at, true);
      at += 8;
    } else if ((key & 7) === 5) {
      content = view.getFloat32(at, true);
      at += 4;
    } else {
      const length = varint();
      content = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(key >>> 3, [...(fields.get(key >>> 3) ?? []), content]);
  }
  return fields;
}

const message = (content: number | Uint8Array | undefined) => decode(content as Uint8Array);
const text = (content: number | Uint8Array | undefined) => new TextDecoder().decode(content as Uint8Array);

/** The events of a file, every frame's length and checksums checked. */
function events(path: string): Fields[] {
  const bytes = readFileSync(path);
  const found: Fields[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    found.push(decode(data));
    at += 16 + length;
  }
  return found;
}

const scalars = (event: Fields) =>
  Object.fromEntries(
    (message(event.get(5)?.[0]).get(1) ?? []).map((value) => [
      text(message(value).get(1)?.[0]),
      message(value).get(2)?.[0],
    ]),
  );

describe("TensorBoardWriter", () => {
  const step: TrainEvent = {
    kind: "step",
    step: 300,
    epoch: 2,
    loss: 1.25,
    learningRate: 0.5,
    gradNorm: 3,
    sentences: 32,
    seconds: 0.5,
  };

  it("writes a version, then the scalars of steps and evaluations", async () => {
    const writer = await TensorBoardWriter.create(folder, { now: () => 1_700_000_000_500 });
    await writer.append(step);
    await writer.append({ kind: "checkpoint", step: 300, path: "x" });
    await writer.append({ kind: "eval", step: 301, epoch: 2, metrics: { accuracy: 0.75 }, best: true });
    await writer.scalars(2 ** 40, { é: Number.NaN });
    await writer.close();
    expect(writer.path).toMatch(/events\.out\.tfevents\.1700000000\./);
    const [version, first, second, third, ...more] = events(writer.path);
    expect(more).toEqual([]);
    expect(version!.get(1)).toEqual([1_700_000_000.5]);
    expect(text(version!.get(3)?.[0])).toBe("brain.Event:2");
    expect(first!.get(2)).toEqual([300]);
    expect(scalars(first!)).toEqual({
      "train/loss": 1.25,
      "train/learning_rate": 0.5,
      "train/grad_norm": 3,
      "train/sentences_per_second": 64,
      "train/epoch": 2,
    });
    expect(second!.get(2)).toEqual([301]);
    expect(scalars(second!)).toEqual({ "eval/accuracy": 0.75 });
    expect(third!.get(2)).toEqual([2 ** 40]);
    expect(scalars(third!)).toEqual({ é: Number.NaN });
  });

  it("starts a new file on a resume, and tells the reader to forget what is after it", async () => {
    for (const resumeAt of [0, 200]) {
      const writer = await TensorBoardWriter.create(folder, { resumeAt, now: () => 0 });
      await writer.close();
    }
    const files = readdirSync(folder).sort();
    expect(files).toHaveLength(2);
    const session = events(join(folder, files[1]!))[1]!;
    expect(session.get(2)).toEqual([201]);
    expect(message(session.get(7)?.[0]).get(1)).toEqual([1]);
  });

  it("takes the place of an earlier training's curves, and of nothing else", async () => {
    for (const now of [1, 2]) await (await TensorBoardWriter.create(folder, { now: () => 1000 * now })).close();
    writeFileSync(join(folder, "notes.txt"), "mine");
    expect(readdirSync(folder).map((name) => name.split(".").slice(0, 4).join("."))).toEqual([
      "events.out.tfevents.0000000002",
      "notes.txt",
    ]);
  });

  it("says which folder cannot be written", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(TensorBoardWriter.create(join(folder, "file", "sub"))).rejects.toThrow("cannot make the folder");
  });
});
