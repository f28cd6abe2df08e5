import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { defaultJsonLimits, JsonSplitter } from "./json-splitter.js";
import { beginning, type JsonRecord, readJsonLines, readJsonRecords, readLines } from "./records.js";

let folder = "";
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-records-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `file-${files++}`);
  await writeFile(path, content);
  return path;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

async function messageOf(items: AsyncIterable<unknown>): Promise<string> {
  const error = await all(items).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain("\n");
  return (error as UserError).message;
}

/** Records of JSON given in chunks of `size` bytes. */
function split(
  json: string | Buffer,
  size: number,
  limits = defaultJsonLimits,
): [string | undefined, number, unknown][] {
  const splitter = new JsonSplitter("f", limits);
  const bytes = Buffer.from(json);
  const found: [string | undefined, number, unknown][] = [];
  for (let start = 0; start < bytes.length; start += size) {
    for (const { key, line, bytes: record } of splitter.push(bytes.subarray(start, start + size))) {
      found.push([key, line, JSON.parse(record.toString())]);
    }
  }
  splitter.end();
  return found;
}

describe("readLines", () => {
  it("reads plain and gzipped files alike, whatever they are called", async () => {
    const content = "\ufefffirst\r\nsecond\n\nfourth";
    const expected = ["first", "second", "", "fourth"].map((text, index) => ({ text, line: index + 1 }));
    expect(await all(readLines(await file(content)))).toEqual(expected);
    expect(await all(readLines(await file(gzipSync(content))))).toEqual(expected);
    const members = Buffer.concat([gzipSync("a\n"), gzipSync("b\n")]);
    expect((await all(readLines(await file(members)))).map(({ text }) => text)).toEqual(["a", "b"]);
    expect(await all(readLines(await file("")))).toEqual([]);
    expect(await all(readLines(await file("x")))).toEqual([{ text: "x", line: 1 }]);
  });

  it("reads lines that end with a carriage return alone, or with both", async () => {
    const texts = async (content: string) => (await all(readLines(await file(content)))).map(({ text }) => text);
    expect(await texts("a\rb\r\rc\r")).toEqual(["a", "b", "", "c"]);
    expect(await texts("a\rb\r\nc\n")).toEqual(["a\rb", "c"]);
  });

  it("reads lines longer than a chunk", async () => {
    const long = "é".repeat(400_000);
    expect((await all(readLines(await file(`${long}\n${long}`)))).map(({ text }) => text)).toEqual([long, long]);
  });

  it("names the line and the byte that is not UTF-8", async () => {
    const wrong = Buffer.concat([Buffer.from("good\nalso \ufffd good "), Buffer.from([0xe9]), Buffer.from(" no\n")]);
    expect(await messageOf(readLines(await file(wrong)))).toMatch(/:2: byte 15 of it is not UTF-8/);
    expect(
      await messageOf(readLines(await file(Buffer.from("text", "utf16le").subarray(0, 3).fill(0xff, 0, 1)))),
    ).toMatch(/:1: byte 1/);
  });

  it("refuses missing files, folders and broken gzip in one line", async () => {
    expect(await messageOf(readLines(join(folder, "nothing")))).toMatch(/no such file/);
    expect(await messageOf(readLines(folder))).toMatch(/it is a folder/);
    const packed = gzipSync("a long enough text".repeat(100));
    expect(await messageOf(readLines(await file(packed.subarray(0, 40))))).toMatch(/broken gzip/);
    expect(await messageOf(readLines(await file(Buffer.concat([packed.subarray(0, 12), Buffer.alloc(9, 7)]))))).toMatch(
      /gzip/,
    );
  });

  it("can be left in the middle", async () => {
    for await (const { line } of readLines(await file(gzipSync("a\n".repeat(1_000_000))))) if (line === 3) break;
  });
});

describe("beginning", () => {
  it("gives the first bytes without what stands before the text", async () => {
    expect(await beginning(await file("\ufeff  {}"))).toBe("{}");
  });

  it("refuses a pipe, which would give to the reader only what comes after", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(beginning(pipe)).rejects.toThrow(`${pipe}: data cannot come through a pipe`);
    await expect(beginning(pipe)).rejects.toBeInstanceOf(UserError);
    await expect(beginning("-")).rejects.toThrow(/-: cannot read the file: .*nothing is read from standard input/);
  });
});

describe("readJsonLines", () => {
  it("passes over empty lines and says where an error is", async () => {
    const records = await all(readJsonLines(await file('{"a":1}\n\n[2]\n')));
    expect(records.map(({ value }) => value)).toEqual([{ a: 1 }, [2]]);
    expect(records[1]?.where).toMatch(/:3$/);
    expect(await messageOf(readJsonLines(await file('{"a":1}\n{"a":\n')))).toMatch(/:2: not JSON/);
  });
});

describe("JsonSplitter", () => {
  const nasty = '[ {"a":"]},{[\\"\\\\"},\n[1,[2]] ,"x,y", 4\n,null , true]\n';
  const values = [{ a: ']},{["\\' }, [1, [2]], "x,y", 4, null, true];

  it.each([1, 2, 3, 7, 1000])("cuts an array into records in chunks of %i", (size) => {
    expect(split(nasty, size).map(([, , value]) => value)).toEqual(values);
    expect(split(nasty, size).map(([, line]) => line)).toEqual([1, 2, 2, 2, 3, 3]);
  });

  it.each([1, 2, 1000])("cuts an object of arrays into records in chunks of %i", (size) => {
    const json = '{ "P1" : [ {"x":1},\n{"x":2} ] , "é\\"]" :[], "__proto__":[{"__proto__":3}]}';
    const found = split(json, size);
    expect(found.map(([key, line]) => [key, line])).toEqual([
      ["P1", 1],
      ["P1", 2],
      ["__proto__", 2],
    ]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("accepts empty arrays and objects", () => {
    expect(split(" [ ] ", 2)).toEqual([]);
    expect(split("{}", 2)).toEqual([]);
    expect(split('{"a":[]}', 2)).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ["", /the file is empty/],
    ["  \n", /f:2: the file is empty/],
    ["x", /f:1: unexpected "x"; expected a JSON array/],
    ["[1", /ends too early/],
    ["[1,", /ends too early; expected a record/],
    ["[1,]", /unexpected "\]"/],
    ["[,1]", /unexpected ","/],
    ["[1]\n]", /f:2: unexpected "\]"; expected nothing more/],
    ['{"a"', /ends too early; expected ":"/],
    ['{"a":1}', /expected an array of records under each key/],
    ['{"a":[1],}', /expected a key in quotes/],
    ['{"a":[1] "b":[]}', /expected "," or "}"/],
    ['{"\\x":[]}', /not a valid JSON string/],
    [`{"${"k".repeat(5000)}":[]}`, /a key is longer/],
    [`[${"[".repeat(200)}`, /nested more than 100 deep/],
  ])("refuses %s", (json, message) => {
    expect(() => split(json, 3)).toThrow(message);
    expect(() => split(json, 3)).toThrow(UserError);
  });

  it("holds no record that is longer than allowed", () => {
    const limits = { maxBytes: 100, maxDepth: 10 };
    expect(() => split(`[1,\n"${"x".repeat(200)}"]`, 16, limits)).toThrow(/f:2: a record is longer than 100 bytes/);
    expect(split(`["${"x".repeat(90)}","${"y".repeat(90)}"]`, 16, limits)).toHaveLength(2);
  });

  it("agrees with JSON.parse on any array and any object of arrays", () => {
    const pretty = fc.constantFrom(undefined, 1, "\t");
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), pretty, fc.integer({ min: 1, max: 9 }), (array, indent, size) => {
        expect(split(JSON.stringify(array, null, indent), size).map(([, , value]) => value)).toEqual(
          JSON.parse(JSON.stringify(array)),
        );
      }),
    );
    const object = fc.dictionary(fc.string(), fc.array(fc.jsonValue(), { maxLength: 3 }));
    fc.assert(
      fc.property(object, pretty, fc.integer({ min: 1, max: 9 }), (given, indent, size) => {
        const flat = Object.entries(given).flatMap(([key, list]) => list.map((value): unknown => [key, value]));
        const found = split(JSON.stringify(given, null, indent), size).map(([key, , value]) => [key, value]);
        expect(found).toEqual(JSON.parse(JSON.stringify(flat)));
      }),
    );
  });
});

describe("readJsonRecords", () => {
  it("gives records or a UserError for any bytes", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...'[]{}",:\\ \n1a\ufeffé'), maxLength: 60 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 20 }).map((tail) => Buffer.concat([Buffer.from([0x1f, 0x8b]), tail])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const path = await file(content);
        for (const reader of [readJsonRecords, readJsonLines] as ((path: string) => AsyncIterable<JsonRecord>)[]) {
          const error = await all(reader(path)).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          if (error !== undefined) expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 150 },
    );
  });
});
