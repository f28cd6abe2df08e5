/**
 * TensorBoard's event files, written by hand: TFRecord frames around protobuf messages of three fields. Formats:
 * tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
 * @module
 */
import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { TrainEvent } from "../engine/events.js";
import { codeOf } from "../errors.js";
import { fileError, makeFolder } from "../files/atomic.js";
import { crc32c } from "../files/crc32c.js";
import type { EventSink } from "./metrics-log.js";

/** Named numbers of one step. */
export type Scalars = Readonly<Record<string, number>>;

/** The checksum as TFRecord stores it: rotated and shifted, so that a checksum of checksums is harmless. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}

/** One TFRecord: length, its checksum, the data, their checksum. */
function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

const varintField = (field: number, value: number): Uint8Array => Uint8Array.of(field << 3, ...varint(value));

function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = (field << 3) | 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = (field << 3) | 5;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

function bytesField(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of((field << 3) | 2, ...varint(content.length)), content]);
}

const textField = (field: number, text: string) => bytesField(field, Buffer.from(text, "utf8"));

/** Event { wall_time = 1 } around another field. */
const event = (seconds: number, ...fields: readonly Uint8Array[]) =>
  Buffer.concat([doubleField(1, seconds), ...fields]);

/** Event { step = 2, summary = 5: { value = 1: { tag = 1, simple_value = 2 } … } } */
function scalarEvent(seconds: number, step: number, scalars: Scalars): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, Buffer.concat([textField(1, tag), floatField(2, value)])),
  );
  return event(seconds, varintField(2, step), bytesField(5, Buffer.concat(values)));
}

/** The scalars that TensorBoard shows of an event. */
function scalarsOf(event: TrainEvent): Scalars {
  if (event.kind === "step") {
    return {
      "train/loss": event.loss,
      "train/learning_rate": event.learningRate,
      "train/grad_norm": event.gradNorm,
      "train/sentences_per_second": event.seconds > 0 ? event.sentences / event.seconds : 0,
      "train/epoch": event.epoch,
    };
  }
  if (event.kind !== "eval") return {};
  return Object.fromEntries(Object.entries(event.metrics).map(([name, value]) => [`eval/${name}`, value]));
}

/** What the names of event files begin with, as TensorBoard looks for them. */
const eventFile = "events.out.tfevents.";

async function removeEvents(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((one) => one.startsWith(eventFile))) await rm(join(folder, name), { force: true });
}

/** Settings of {@link TensorBoardWriter.create}. */
export interface TensorBoardOptions {
  /** Step at which a resumed training goes on: what earlier files say after it is discarded by the reader. */
  readonly resumeAt?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Writes a training's scalars for TensorBoard: a file for each time that it is begun or resumed. */
export class TensorBoardWriter implements EventSink {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly now: () => number,
  ) {}

  /** A new training's curves take the place of those that an earlier one left in the folder. */
  static async create(
    folder: string,
    { resumeAt, now = Date.now }: TensorBoardOptions = {},
  ): Promise<TensorBoardWriter> {
    const seconds = String(Math.floor(now() / 1000)).padStart(10, "0");
    // TensorBoard reads a folder's files in the order of their names, so the time comes first; resumed runs that start
    // within one second differ in the last part.
    const host = hostname().replace(/[^\w.-]/g, "_");
    const prefix = join(folder, `${eventFile}${seconds}.${host}.${process.pid}`);
    try {
      await makeFolder(folder);
      if (resumeAt === undefined) await removeEvents(folder);
      const { file, path } = await openNew(prefix);
      const writer = new TensorBoardWriter(path, file, now);
      await writer.#write(event(now() / 1000, textField(3, "brain.Event:2")));
      if (resumeAt !== undefined) {
        // SessionLog { status = 1: START (1) }: the reader drops what it has from this step on.
        const session = bytesField(7, varintField(1, 1));
        await writer.#write(event(now() / 1000, varintField(2, resumeAt + 1), session));
      }
      return writer;
    } catch (error) {
      throw fileError(folder, "write TensorBoard events", error);
    }
  }

  /** Writes an event's scalars; events without any are left out. */
  async append(event: TrainEvent): Promise<void> {
    const scalars = scalarsOf(event);
    if ("step" in event && Object.keys(scalars).length > 0) await this.scalars(event.step, scalars);
  }

  /** Writes scalars of the caller's own. */
  async scalars(step: number, scalars: Scalars): Promise<void> {
    await this.#write(scalarEvent(this.now() / 1000, step, scalars));
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  async #write(message: Uint8Array): Promise<void> {
    try {
      await this.file.appendFile(tfRecord(message));
    } catch (error) {
      throw fileError(this.path, "write TensorBoard events", error);
    }
  }
}

/** Opens the first file of this prefix that does not exist yet. */
async function openNew(prefix: string): Promise<{ file: FileHandle; path: string }> {
  for (let attempt = 0; ; attempt++) {
    const path = `${prefix}.${attempt}`;
    try {
      return { file: await open(path, "ax"), path };
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}
