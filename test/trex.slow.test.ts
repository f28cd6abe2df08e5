/** A made-up dump of T-REx in memory that does not grow with it; `KADAPTER_SLOW_MEGABYTES=2000` makes it so large. */
import { createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { madeTrexDocument } from "../src/testing/made-trex.js";
import { bytesBelow } from "./align-world.js";
import { json, kadapterProcess, testFolder } from "./support.js";

const megabytes = Number(process.env["KADAPTER_SLOW_MEGABYTES"] ?? 60);
const timeout = 600_000 * Math.max(1, megabytes / 200);
/** Of about 11 kB each, in two files. */
const documents = Math.ceil((megabytes * 1e6) / 11_000 / 2);
let folder = "";
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await testFolder();
  await mkdir(at("dump"));
  for (const part of [0, 1]) {
    const lines = function* () {
      for (let i = 0; i < documents; i++) {
        yield `${i === 0 ? "[" : ",\n"}${JSON.stringify(madeTrexDocument(part * documents + i))}`;
      }
      yield "]\n";
    };
    await pipeline(lines, createGzip({ level: 1 }), createWriteStream(at("dump", `re-nlg_${part}.json.gz`)));
  }
}, timeout);
afterAll(() => rm(folder, { recursive: true, force: true }));

const command = (out: string, ...more: string[]) => [...["data", "trex", at("dump"), "--out", at(out)], ...more];

test(
  "the paper's set is made in little memory, and a killed run is begun again with the pairs that it counted",
  async () => {
    const before = "export NODE_OPTIONS=--max-old-space-size=96";
    const straight = await json(command("straight", "--dev", "0.1"), (args) => kadapterProcess(args, { before }));
    const { train, dev } = straight["examples"] as Record<string, number>;
    // Eight different triples of a document, many of them of rare relations where the dump is small.
    expect((train ?? 0) + (dev ?? 0)).toBeGreaterThan(2 * documents);
    const run = await kadapterProcess(command("killed", "--dev", "0.1"), {
      onStart: async (child) => {
        const counted = () => stat(at("killed", "pair-counts.json")).catch(() => null);
        while (child.exitCode === null && (await counted()) === null) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        child.kill("SIGKILL");
      },
    });
    expect(run.signal).toBe("SIGKILL");
    await json(command("killed", "--dev", "0.1", "--resume"), kadapterProcess);
    expect(await bytesBelow(at("killed"))).toEqual(await bytesBelow(at("straight")));
  },
  timeout,
);
