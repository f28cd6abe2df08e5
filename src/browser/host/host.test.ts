/** What stands in for Node in a tab does what Node does: both are asked the same, Node on a disk. */
import { mkdtemp, rm as remove } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joined } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as nodeBytes from "../../host/bytes.js";
import * as nodeCsv from "../../host/csv.js";
import * as nodeFiles from "../../host/files.js";
import * as nodeHashing from "../../host/hashing.js";
import * as nodeMachine from "../../host/machine.js";
import * as nodePaths from "../../host/paths.js";
import * as nodeStreams from "../../host/streams.js";
import { packageJson } from "../../testing/package-json.js";
import * as bytes from "./bytes.js";
import * as csv from "./csv.js";
import * as files from "./files.js";
import * as hashing from "./hashing.js";
import * as machine from "./machine.js";
import * as paths from "./paths.js";
import * as streams from "./streams.js";

/** As the readers see either. */
type Files = typeof nodeFiles;
const hosts = [
  ["Node", nodeFiles, nodeStreams, nodeCsv],
  ["a tab", files as unknown as Files, streams as unknown as typeof nodeStreams, csv as unknown as typeof nodeCsv],
] as const;

let disk: string;
beforeAll(async () => {
  disk = await mkdtemp(joined(tmpdir(), "kadapter-host-"));
  await files.mkdir("/tab");
});
afterAll(() => remove(disk, { recursive: true }));
const place = (name: string) => (name === "Node" ? disk : "/tab");

/** What came of a call: its value, or its error's code. */
const outcome = (call: Promise<unknown>) =>
  call.then(
    (value) => value ?? "done",
    (error: { readonly code?: string }) => error.code ?? String(error),
  );

describe("what stands in for src/host in a browser", () => {
  it.each([
    ["bytes", nodeBytes, bytes],
    ["csv", nodeCsv, csv],
    ["files", nodeFiles, files],
    ["hashing", nodeHashing, hashing],
    ["machine", nodeMachine, machine],
    ["paths", nodePaths, paths],
    ["streams", nodeStreams, streams],
  ])("has all that %s gives, and package.json says so to bundlers", (name, node, tab) => {
    expect(Object.keys(tab)).toEqual(expect.arrayContaining(Object.keys(node)));
    expect(packageJson().browser[`./dist/host/${name}.js`]).toBe(`./dist/browser/host/${name}.js`);
  });

  it("keeps files as a disk does, errors included", async () => {
    const [onDisk, inTab] = await Promise.all(hosts.map(([name, host]) => useFiles(host, place(name))));
    expect(inTab).toEqual(onDisk);
  });

  it.each([
    ["a/b/../c", "./x"],
    ["/a/b/", "../../../c"],
    ["", "a"],
    ["..", "../b"],
    [".", "."],
    ["/", "x.tar.gz"],
  ])("writes the path of %j and %j as Node does", (one, other) => {
    expect(paths.join(one, other)).toBe(nodePaths.join(one, other).replace(/(?<=.)\/$/, ""));
    expect(paths.resolve("/w", one, other)).toBe(nodePaths.resolve("/w", one, other));
    expect(paths.dirname(one)).toBe(nodePaths.dirname(one));
    expect(paths.basename(other, ".gz")).toBe(nodePaths.basename(other, ".gz"));
    expect(paths.relative(`/w/${one}`, `/w/${other}`)).toBe(nodePaths.relative(`/w/${one}`, `/w/${other}`));
    expect(paths.isAbsolute(one)).toBe(nodePaths.isAbsolute(one));
  });

  it("acts again and again until it is told to stop", async () => {
    for (const host of [nodeMachine, machine]) {
      let times = 0;
      await new Promise<void>((resolve) => {
        const stop = host.every(1, () => {
          if (++times < 3) return;
          stop();
          resolve();
        });
      });
      await host.sleep(20);
      expect(times).toBe(3);
    }
  });

  it("hashes text, bytes and numbers as Node does", () => {
    const of = (make: typeof nodeHashing.createHash) =>
      make("sha256").update("é").update(Uint8Array.of(1, 2)).update(Int32Array.of(7, -1)).digest("hex");
    expect(of(hashing.createHash as unknown as typeof nodeHashing.createHash)).toBe(of(nodeHashing.createHash));
  });

  it.each([[[0xc3, 0xa9]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xef, 0xbb, 0xbf]], [[]]])("knows UTF-8: %j", (given) => {
    expect(bytes.isUtf8(Uint8Array.from(given))).toBe(nodeBytes.isUtf8(Uint8Array.from(given)));
  });

  it("unpacks gzip, and says by its code what is broken", async () => {
    const whole = gzipSync("a line\n".repeat(10_000));
    const damaged = Buffer.from(whole);
    damaged[20] = (damaged[20] as number) ^ 0xff;
    for (const [, , host] of hosts) {
      expect(await textOf(host.gunzipped(inParts(whole), 4096))).toBe("a line\n".repeat(10_000));
      await expect(textOf(host.gunzipped(inParts(damaged), 4096))).rejects.toMatchObject({
        code: expect.stringMatching(/^Z_/),
      });
      const broken = new Error("the source broke");
      await expect(textOf(host.gunzipped(inParts(whole, broken), 4096))).rejects.toBe(broken);
    }
  });

  it("reads tables as csv-parse does in Node", async () => {
    const text = Buffer.from('a,b\r\n"x, y",1\r\n\r\nz,2\n');
    const options = { delimiter: ",", columns: true, bom: true, info: true, skip_empty_lines: true };
    const [node, tab] = await Promise.all(
      hosts.map(async ([, , , host]) => {
        const rows = [];
        for await (const { record, info } of host.csvRows(inParts(text), options)) rows.push([record, info.lines]);
        return rows;
      }),
    );
    expect(tab).toEqual(node);
    const wrong = (host: typeof nodeCsv) =>
      host
        .csvRows(inParts(Buffer.from("a,b\n1\n")), options)
        [Symbol.asyncIterator]()
        .next();
    await expect(wrong(nodeCsv)).rejects.toBeInstanceOf(nodeCsv.CsvError);
    await expect(wrong(csv as unknown as typeof nodeCsv)).rejects.toBeInstanceOf(csv.CsvError);
  });
});

async function useFiles(host: Files, root: string): Promise<unknown[]> {
  const at = (name: string) => `${root}/${name}`;
  const handle = await host.open(at("written"), "wx");
  await handle.writeFile("one ");
  await handle.write(Buffer.from("two three"), 0, 3);
  await handle.close();
  const seen = [
    await host.readFile(at("written"), "utf8"),
    await outcome(host.open(at("written"), "wx")),
    await outcome(host.open(at("nothing"))),
    await outcome(host.mkdir(at("no/parent"))),
    await outcome(host.mkdir(at("folder"))),
    await outcome(host.mkdir(at("folder"))),
    await outcome(host.writeFile(at("written/below"), "")),
    await outcome(host.writeFile(at("folder/a"), "a")),
    await outcome(host.writeFile(at("folder/a"), "b", { flag: "wx" })),
    await outcome(host.link(at("folder/a"), at("folder/b"))),
    await outcome(host.link(at("folder/a"), at("folder/b"))),
    (await host.readdir(at("folder"))).sort(),
    (await host.readdir(root, { withFileTypes: true })).map((entry) => [entry.name, entry.isDirectory()]).sort(),
    await outcome(host.readdir(at("written"))),
    await outcome(host.readdir(at("nothing"))),
    await outcome(host.rmdir(at("folder"))),
    await outcome(host.rename(at("nothing"), at("else"))),
    await outcome(host.rename(at("folder"), at("moved"))),
    host.existsSync(at("folder")),
    host.existsSync(at("moved/a")),
    await outcome(host.readFile(at("moved"))),
    await outcome(host.rm(at("nothing"))),
    await outcome(host.rm(at("nothing"), { force: true })),
    await outcome(host.rm(at("moved"), { recursive: true })),
    (await host.stat(at("written"))).size,
    await outcome(host.stat(at("moved"))),
  ];
  return seen;
}

async function* inParts(content: Uint8Array, end?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 7) {
    yield Buffer.from(content.subarray(at, at + 7));
    if (end && at > 20) throw end;
  }
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}
