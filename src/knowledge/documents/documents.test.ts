import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../errors.js";
import { documentBounds } from "../../files/bounds.js";
import { parquetOf } from "../../testing/parquet-writer.js";
import { zipOf } from "../../testing/zip-writer.js";
import { documentFiles } from "./document-file.js";
import { type ReadDocumentsOptions, readDocuments } from "./documents.js";
import type { ReadDocument } from "./read-document.js";

let root = "";
let made = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-documents-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A folder of its own with files. */
async function folder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const path = join(root, `set-${made++}`);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}

const file = async (name: string, content: string | Uint8Array) => join(await folder({ [name]: content }), name);

interface Read {
  readonly documents: readonly ReadDocument[];
  readonly skipped: readonly string[];
  readonly bytes: number;
  readonly size: number;
}

async function read(paths: readonly string[], parts: ReadDocumentsOptions["parts"] = "auto"): Promise<Read> {
  const files = await documentFiles(paths);
  const skipped: string[] = [];
  const documents: ReadDocument[] = [];
  let bytes = 0;
  const options = {
    parts,
    onSkip: (reason: string) => skipped.push(reason),
    onBytes: (count: number) => {
      bytes += count;
    },
  };
  for await (const document of readDocuments(files, options)) documents.push(document);
  return { documents, skipped, bytes, size: files.reduce((sum, one) => sum + one.bytes, 0) };
}

const short = ({ documents }: Read) => documents.map(({ id, text }) => [id, text]);

async function complaint(paths: readonly string[]): Promise<string> {
  const error = await read(paths).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

const page = (title: string, text: string, more = "") =>
  `<page>\n<title>${title}</title>\n<ns>0</ns>\n<id>7</id>${more}\n<revision>\n<id>1</id>\n<text bytes="1" xml:space="preserve">${text}</text>\n</revision>\n</page>\n`;
const dump = (...pages: readonly string[]) =>
  `<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">\n<siteinfo></siteinfo>\n${pages.join("")}</mediawiki>\n`;

describe("readDocuments", () => {
  it("parts plain text by blank lines, by lines, or not at all", async () => {
    const path = await file("a.txt", "\ufeff\n\none\r\ntwo\n \n\nthree 😀\n");
    expect(short(await read([path]))).toEqual([
      ["a.txt:3", "one\ntwo"],
      ["a.txt:7", "three 😀"],
    ]);
    expect(short(await read([path], "lines")).map(([, text]) => text)).toEqual(["one", "two", "three 😀"]);
    expect(short(await read([path], "files"))).toEqual([["a.txt", "one\ntwo\n \n\nthree 😀"]]);
  });

  it("takes the files of folders in order of their names, each as one document, with names that tell them apart", async () => {
    const path = await folder({
      "b/x.txt": "two\n\nparts",
      "a/x.txt.gz": gzipSync("one"),
      "a/AA/wiki_00": '{"id":"1","title":"T","text":"four"}\n',
      "a/x.txt": "zero",
      "a/notes.py": "no",
      ".hidden.txt": "no",
    });
    await symlink(path, join(path, "circle"));
    expect(short(await read([path]))).toEqual([
      ["1", "four"],
      ["a/x.txt", "zero"],
      ["x.txt.gz", "one"],
      ["b/x.txt", "two\n\nparts"],
    ]);
  });

  it("reads JSON Lines and arrays, gzipped or not, and tells of all of the file's bytes", async () => {
    const lines = ['{"text":"one","id":3,"title":"One","other":[1]}', '{"text":"two"}', '{"text":" "}'];
    const packed = await file("d.jsonl.gz", gzipSync(lines.join("\n")));
    const array = await file("e.json", `[${lines.join(",\n")}]`);
    const found = await read([packed, array]);
    expect(found.documents.map(({ id, title, text }) => [id, title, text])).toEqual([
      ["3", "One", "one"],
      ["d.jsonl.gz:2", null, "two"],
      ["3", "One", "one"],
      ["e.json:2", null, "two"],
    ]);
    expect(found.skipped).toEqual(["empty-document", "empty-document"]);
    expect(found.bytes).toBeGreaterThanOrEqual(found.size);
  });

  it("reads Parquet, one row group after the other, and tells of all of its bytes", async () => {
    const groups = [
      [
        ["12", "Vienna", "Vienna is old. 😀"],
        ["25", "Graz", "Graz is not."],
      ],
      [["", "Linz", "x".repeat(300)]],
    ];
    const found = await read([await file("wiki.parquet", parquetOf(["id", "title", "text"], groups))]);
    expect(found.documents.map(({ id, title, text }) => [id, title, text.length])).toEqual([
      ["12", "Vienna", 17],
      ["25", "Graz", 12],
      ["wiki.parquet:3", "Linz", 300],
    ]);
    expect(found.documents[2]?.where).toMatch(/wiki\.parquet: row 3$/);
    expect(found.bytes).toBeCloseTo(found.size, 6);
    const other = await file("other.parquet", parquetOf(["content"], [[["x"]]]));
    expect(await complaint([other])).toContain('there is no column "text" among "content"');
  });

  it("reads the articles of MediaWiki's dumps page by page, with their markup", async () => {
    const pages = dump(
      page("A &amp; B", "[[Vienna]] &lt;ref&gt; &#8211; &amp;amp; &unknown;"),
      page("Talk", "no").replace("<ns>0", "<ns>1"),
      page("Old", "#REDIRECT [[A]]", '<redirect title="A" />'),
      page("Empty", "x").replace(/<text.*<\/text>/, '<text bytes="0" />'),
      page("Twice", "first").replace("</revision>", "</revision><revision><text>last</text></revision>"),
    );
    const found = await read([await file("wiki.xml.gz", gzipSync(pages))]);
    expect(found.documents).toMatchObject([
      { id: "7", title: "A & B", text: "[[Vienna]] <ref> – &amp; &unknown;", markup: "wikitext" },
      { title: "Twice", text: "last" },
    ]);
    expect(found.documents[0]?.where).toMatch(/wiki\.xml\.gz:3$/);
    expect(found.skipped).toEqual(["other-namespace", "redirect", "empty-document"]);
  });

  it("reads the files of a zip archive, whatever each holds", async () => {
    const path = await file(
      "all.zip",
      zipOf([
        { name: "x/one.txt", content: "one\n\nstill one" },
        { name: "two.jsonl", content: '{"text":"two"}' },
        { name: "__MACOSX/._one.txt", content: "no" },
      ]),
    );
    expect(short(await read([path]))).toEqual([
      ["all.zip!x/one.txt", "one\n\nstill one"],
      ["all.zip!two.jsonl:1", "two"],
    ]);
  });

  it("gives each text back that was written, however it is cut", async () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => !/[\r\n]/.test(text) && text.trim() !== "");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(word, { minLength: 1 }), { minLength: 1 }), async (given) => {
        const path = await file("p.txt", `x\n\n${given.map((lines) => lines.join("\n")).join("\n\n")}`);
        const { documents } = await read([path]);
        expect(documents.slice(1).map(({ text }) => text)).toEqual(given.map((lines) => lines.join("\n")));
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ["empty.txt", "", "the file is empty"],
    ["a.bz2", "BZh91AY&SY", "it is packed with bzip2; expected gzip"],
    ["a.zst", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x24), "it is packed with zstd"],
    ["a.html", "<!DOCTYPE html><html>", "it is XML or HTML"],
    ["a.bin", "abc\0def", "it is not text"],
    ["latin.txt", Uint8Array.of(0x61, 0xe4, 0x62), "latin.txt:1: byte 2 of it is not UTF-8"],
    ["a.jsonl", '{"text":"a"}\n{"title":"b"}', 'a.jsonl:2: field "text": it is missing'],
    ["b.jsonl", '{"text":"a"', "b.jsonl:1: not JSON"],
    ["cut.xml", dump(page("A", "b")).replace("</page>", ""), "cut.xml:3: the file ends within a page"],
    ["cut.txt.gz", gzipSync("word ".repeat(100)).subarray(0, 20), "broken gzip data"],
    ["p.parquet", "PAR1 is no Parquet", "broken Parquet data"],
    [
      "nested.zip",
      zipOf([{ name: "a.zip", content: zipOf([{ name: "b", content: "c" }]) }]),
      "zip within an archive is not read",
    ],
  ])("refuses %s in one line", async (name, content, words) => {
    expect(await complaint([await file(name, content)])).toContain(words);
  });

  it("refuses a text that never ends a document, and passes over a record that is as long", async () => {
    const long = `${"x".repeat(documentBounds.characters)}\nx`;
    expect(await complaint([await file("long.txt", long)])).toContain("a document is longer than 8388608 characters");
    const found = await read([await file("long.jsonl", `${JSON.stringify({ text: long })}\n{"text":"short"}`)]);
    expect([found.documents.length, found.skipped]).toEqual([1, ["long-document"]]);
  });

  it("says what is missing", async () => {
    expect(await complaint([join(root, "nowhere")])).toContain("no such file");
    expect(await complaint([await folder({ "a.py": "x" })])).toContain("the folder holds no documents");
  });
});
