import { UserError, userError } from "../errors.js";
import { openBrackets, recordBytes } from "../files/bounds.js";
import { decodeUtf8 } from "../files/utf8.js";
import { Buffer } from "../host/bytes.js";

/** One record of a large JSON file, still as bytes. */
export interface JsonPiece {
  /** The key of the array the record stands in, where the file is an object of arrays. */
  readonly key: string | undefined;
  /** Line on which the record starts, counted from 1. */
  readonly line: number;
  readonly bytes: Buffer;
}

/** Bounds on what a file can make this program hold. */
export interface JsonLimits {
  /** Most bytes of one record. */
  readonly maxBytes: number;
  /** Most brackets open at once within a record. */
  readonly maxDepth: number;
}

export const defaultJsonLimits: JsonLimits = { maxBytes: recordBytes, maxDepth: openBrackets.record };

const longestKey = 4096;
const [quote, backslash, comma, colon, openArray, closeArray, openObject, closeObject] = [
  0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d,
];
const fixIt = "repair the file, or write it again";

/** Where in the file the next byte stands. `first…`: a closing bracket is allowed too. */
type State =
  | "top"
  | "firstKey"
  | "key"
  | "inKey"
  | "colon"
  | "array"
  | "firstValue"
  | "value"
  | "inValue"
  | "afterArray"
  | "done";

const expectedIn: Readonly<Record<State, string>> = {
  top: "a JSON array of records, or an object of such arrays",
  firstKey: 'a key in quotes or "}"',
  key: "a key in quotes",
  inKey: "the end of a key",
  colon: '":"',
  array: "an array of records under each key",
  firstValue: 'a record or "]"',
  value: "a record",
  inValue: "the end of a record",
  afterArray: '"," or "}"',
  done: "nothing more",
};

/**
 * Cuts one huge JSON array, or object of arrays, into its records without holding more than one of them. Only
 * brackets, strings and commas are looked at; `JSON.parse` checks each record afterwards.
 */
export class JsonSplitter {
  #state: State = "top";
  #line = 1;
  #keyed = false;
  #key = "";
  #keyBytes: number[] = [];
  #pieces: Buffer[] = [];
  #size = 0;
  #pieceLine = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** @param path Named in errors. */
  constructor(
    private readonly path: string,
    private readonly limits: JsonLimits,
  ) {}

  /** Takes the next bytes and gives the records that end in them. */
  *push(chunk: Buffer): Generator<JsonPiece> {
    let start = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (this.#state !== "inValue") {
        this.#outside(byte);
        // #outside only sees that a record starts; its first byte is looked at below.
        if (this.#stateNow() !== "inValue") continue;
        start = index;
      }
      if (byte === 0x0a) this.#line++;
      if (this.#inside(byte)) {
        yield this.#finish(chunk.subarray(start, index));
        this.#state = byte === comma ? "value" : this.#keyed ? "afterArray" : "done";
      }
    }
    if (this.#state === "inValue") this.#keep(chunk.subarray(start));
  }

  /** Says that the file has ended. */
  end(): void {
    if (this.#state === "done") return;
    const where = `${this.path}:${this.#state === "inValue" ? this.#pieceLine : this.#line}`;
    const what = this.#state === "top" ? "the file is empty" : "the file ends too early";
    throw userError({ where, what, expected: expectedIn[this.#state], fix: fixIt });
  }

  // TypeScript would otherwise remember the state from before the call that changed it.
  #stateNow(): State {
    return this.#state;
  }

  #fail(what: string, expected: string = expectedIn[this.#state], line: number = this.#line): never {
    throw userError({ where: `${this.path}:${line}`, what, expected, fix: fixIt });
  }

  /** One byte between records. */
  #outside(byte: number): void {
    if (this.#state === "inKey") {
      this.#addToKey(byte);
    } else if (byte === 0x0a) {
      this.#line++;
    } else if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) {
      const next = this.#next(byte);
      if (next === undefined) {
        const sign = byte > 0x20 && byte < 0x7f ? JSON.stringify(String.fromCharCode(byte)) : `byte ${byte}`;
        this.#fail(`unexpected ${sign}`);
      }
      if (next === "inValue") this.#begin();
      this.#state = next;
    }
  }

  /** The state after a byte that is no white space; `undefined` where the byte cannot stand there. */
  #next(byte: number): State | undefined {
    const afterArray = this.#keyed ? "afterArray" : "done";
    switch (this.#state) {
      case "top":
        this.#keyed = byte === openObject;
        return byte === openArray ? "firstValue" : this.#keyed ? "firstKey" : undefined;
      case "firstKey":
      case "key":
        if (byte === closeObject && this.#state === "firstKey") return "done";
        this.#keyBytes = [];
        return byte === quote ? "inKey" : undefined;
      case "colon":
        return byte === colon ? "array" : undefined;
      case "array":
        return byte === openArray ? "firstValue" : undefined;
      case "firstValue":
      case "value":
        if (byte === closeArray && this.#state === "firstValue") return afterArray;
        return byte === comma || byte === closeArray || byte === closeObject || byte === colon ? undefined : "inValue";
      case "afterArray":
        return byte === comma ? "key" : byte === closeObject ? "done" : undefined;
      default:
        return undefined;
    }
  }

  #addToKey(byte: number): void {
    if (byte === quote && !this.#escaped) {
      try {
        this.#key = String(JSON.parse(`"${decodeUtf8(Buffer.from(this.#keyBytes), `${this.path}:${this.#line}`)}"`));
      } catch (error) {
        if (error instanceof UserError) throw error;
        this.#fail("a key is not a valid JSON string", "a key in quotes");
      }
      this.#state = "colon";
      return;
    }
    this.#escaped = byte === backslash && !this.#escaped;
    if (this.#keyBytes.push(byte) > longestKey) this.#fail(`a key is longer than ${longestKey} bytes`);
  }

  #begin(): void {
    this.#pieces = [];
    this.#size = 0;
    this.#pieceLine = this.#line;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
  }

  /** One byte of a record; true where it is the comma or bracket behind the record. */
  #inside(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inString = false;
      return false;
    }
    switch (byte) {
      case quote:
        this.#inString = true;
        return false;
      case openArray:
      case openObject:
        if (++this.#depth > this.limits.maxDepth) {
          this.#fail(`brackets are nested more than ${this.limits.maxDepth} deep`, "a record of a known format");
        }
        return false;
      case closeArray:
      case closeObject:
        return --this.#depth < 0;
      case comma:
        return this.#depth === 0;
      default:
        return false;
    }
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.limits.maxBytes) {
      this.#fail(`a record is longer than ${this.limits.maxBytes} bytes`, "shorter records", this.#pieceLine);
    }
    this.#pieces.push(part);
  }

  #finish(last: Buffer): JsonPiece {
    this.#keep(last);
    const bytes = this.#pieces.length === 1 ? last : Buffer.concat(this.#pieces);
    this.#pieces = [];
    return { key: this.#keyed ? this.#key : undefined, line: this.#pieceLine, bytes };
  }
}
