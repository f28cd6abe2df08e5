/**
 * A made-up dump of knowledge and as large texts on their way to sentences, killed twice each, in memory that does not
 * grow with the texts. `KADAPTER_SLOW_MEGABYTES=2000` makes each of the two so large.
 */
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bytesBelow, documentText, partsWritten, writeDump } from "./align-world.js";
import { json, kadapterProcess, testFolder } from "./support.js";

const megabytes = Number(process.env["KADAPTER_SLOW_MEGABYTES"] ?? 60);
/** Of about 600 bytes each. */
const documents = Math.ceil((megabytes * 1e6) / 600);
/** Twenty in all, whatever the size. */
const shardDocuments = Math.ceil(documents / 20);
const timeout = 600_000 * Math.max(1, megabytes / 200);
let folder = "";
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await testFolder();
  await writeDump(at("dump.nt.gz"), megabytes);
  const lines = function* () {
    for (let i = 0; i < documents; i++)
      yield `${JSON.stringify({ id: String(i), title: null, text: documentText(i) })}\n`;
  };
  await pipeline(lines, createGzip({ level: 1 }), createWriteStream(at("texts.jsonl.gz")));
  await json(importing("kb"), kadapterProcess);
}, timeout);
afterAll(() => rm(folder, { recursive: true, force: true }));

const importing = (out: string) => ["facts", "import", at("dump.nt.gz"), "--out", at(out)];
const aligning = (out: string) => [
  ...["align", "--facts", at("kb"), "--text", at("texts.jsonl.gz"), "--out", at(out), "--resume"],
  ...["--dev", 0.1, "--test", 0.1, "--shard-documents", shardDocuments, "--no-shared-stem"],
];

/** Runs a command until something is so, and kills it. */
async function killed(args: readonly (string | number)[], when: () => Promise<boolean>): Promise<void> {
  const run = await kadapterProcess(args, {
    onStart: async (child: ChildProcess) => {
      while (child.exitCode === null && !(await when())) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill("SIGKILL");
    },
  });
  expect(run.signal).toBe("SIGKILL");
}

test(
  "an import that was killed twice is begun again, with the same bytes",
  async () => {
    const begun = async () => (await readdir(at("again")).catch(() => [])).length > 0;
    const after = (milliseconds: number) => {
      let since = 0;
      return async () => {
        if (since === 0 && (await begun())) since = performance.now();
        return since > 0 && performance.now() - since > milliseconds;
      };
    };
    await killed(importing("again"), after(0));
    await killed([...importing("again"), "--overwrite"], after(500));
    await json([...importing("again"), "--overwrite"], kadapterProcess);
    expect(await bytesBelow(at("again"))).toEqual(await bytesBelow(at("kb")));
  },
  timeout,
);

test(
  "an alignment that was killed twice goes on, with the bytes of a run that was not",
  async () => {
    const straight = await json(aligning("straight"), kadapterProcess);
    expect((straight["records"] as { train: number }).train).toBeGreaterThan(documents / 10);
    for (const parts of [3, 11]) {
      await killed(aligning("killed"), async () => (await partsWritten(at("killed"))) >= parts);
    }
    await json(aligning("killed"), kadapterProcess);
    expect(await bytesBelow(at("killed"))).toEqual(await bytesBelow(at("straight")));
  },
  timeout,
);

test(
  "holds no more than a few blocks of the texts",
  async () => {
    // They are 60 MB and more, and twice as much as strings; a thread's heap has the same limit.
    const run = await kadapterProcess(aligning("small"), { before: "export NODE_OPTIONS=--max-old-space-size=96" });
    expect(run.stderr).not.toContain("heap out of memory");
    expect(run.code).toBe(0);
  },
  timeout,
);
