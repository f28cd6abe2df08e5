import { deserialize, serialize } from "node:v8";
import { userError } from "../errors.js";
import { RecordFile } from "../files/record-file.js";
import type { Examples } from "./examples.js";

/**
 * Examples on disk (see {@link RecordFile}): each is read when it is asked for, a copy that is its reader's own. What they
 * are made of is plain: numbers, texts, lists, typed arrays, maps and objects of these.
 */
export class StoredExamples<Example> implements Examples<Example> {
  private constructor(private readonly records: RecordFile) {}

  static async create<Example>(): Promise<StoredExamples<Example>> {
    return new StoredExamples(await RecordFile.create());
  }

  get length(): number {
    return this.records.length;
  }

  /** @throws UserError where it cannot be kept: the disk is full, or it is more than data */
  add(example: Example): void {
    // What one is made of, all are.
    if (this.records.length === 0) requirePlain(example, "an example");
    this.records.append(serialize(example));
  }

  /** @throws UserError where it is damaged */
  at(index: number): Example | undefined {
    return index < this.length ? (deserialize(this.records.read(index)) as Example) : undefined;
  }

  *[Symbol.iterator](): Iterator<Example> {
    for (let i = 0; i < this.length; i++) yield this.at(i) as Example;
  }

  close(): void {
    this.records.close();
  }
}

/** Refuses what comes back from the disk as something else: functions, and objects of a class of their own. */
function requirePlain(value: unknown, name: string): void {
  if (typeof value === "function" || typeof value === "symbol") throw notPlain(name, `a ${typeof value}`);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Map || value instanceof Set || value instanceof Date) return;
  const kind: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && kind !== Object.prototype && kind !== null) {
    throw notPlain(name, `an object of the class ${value.constructor.name}`);
  }
  for (const [key, inner] of Object.entries(value)) requirePlain(inner, `${name}.${key}`);
}

const notPlain = (name: string, what: string) =>
  userError({
    where: name,
    what: `it is ${what}, which cannot be kept on disk`,
    expected: "numbers, texts, lists, typed arrays, and plain objects of these",
  });
