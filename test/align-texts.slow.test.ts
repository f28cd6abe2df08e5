/** An alignment of many megabytes that is killed twice, in memory that does not grow with the texts. */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bytesBelow, documentText, partsWritten, writeFacts } from "./align-world.js";
import { json, kadapterProcess, testFolder } from "./support.js";

/** Of about 600 bytes each: 60 MB. */
const documents = 100_000;
let folder = "";
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await testFolder();
  await writeFacts(at("facts.csv"));
  await json(["facts", "import", at("facts.csv"), "--out", at("kb")]);
  const lines = function* () {
    for (let i = 0; i < documents; i++)
      yield `${JSON.stringify({ id: String(i), title: null, text: documentText(i) })}\n`;
  };
  await pipeline(lines, createGzip({ level: 1 }), createWriteStream(at("texts.jsonl.gz")));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const command = (out: string) => [
  ...["align", "--facts", at("kb"), "--text", at("texts.jsonl.gz"), "--out", out, "--resume"],
  ...["--dev", 0.1, "--test", 0.1, "--shard-documents", 5000, "--no-shared-stem"],
];

test("killed twice, it ends with the bytes of a run that was not", async () => {
  await json(command(at("straight")), kadapterProcess);
  for (const parts of [3, 11]) {
    const run = await kadapterProcess(command(at("killed")), {
      onStart: async (child) => {
        while (child.exitCode === null && (await partsWritten(at("killed"))) < parts) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        child.kill("SIGKILL");
      },
    });
    expect(run.signal).toBe("SIGKILL");
  }
  await json(command(at("killed")), kadapterProcess);
  expect(await bytesBelow(at("killed"))).toEqual(await bytesBelow(at("straight")));
});

test("holds no more than a few blocks of the texts", async () => {
  // They are 60 MB, and twice as much as strings; a thread's heap has the same limit.
  const run = await kadapterProcess(command(at("small")), { before: "export NODE_OPTIONS=--max-old-space-size=96" });
  expect(run.stderr).not.toContain("heap out of memory");
  expect(run.code).toBe(0);
});
