/**
 * `npm run bench:knowledge`: how fast N-Triples are read, beside n3 on the same lines in turn, and imported into a folder;
 * and how fast T-REx is read.
 * @module
 */
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StreamParser } from "n3";
import { readTrex } from "../src/data/trex/trex.js";
import { writeAtomically } from "../src/files/atomic.js";
import { importKnowledge } from "../src/knowledge/import.js";
import { readNTriples } from "../src/knowledge/read/ntriples.js";
import { madeTrexDocument } from "../src/testing/made-trex.js";
import { madeItemLines } from "../src/testing/made-wikidata.js";
import { command, fixed, row, whole } from "./command.js";
import { median, resident, seconds } from "./stats.js";

const usage = `npm run bench:knowledge -- [options]
  --items N        made items of Wikidata, about 4 kB each (25000)
  --documents N    made documents of T-REx, about 11 kB each (9000)
  --repetitions N  (3)
  --json           one JSON object on the last line`;

async function writeItems(path: string, items: number): Promise<number> {
  await writeAtomically(path, async (file) => {
    for (let id = 1; id <= items; id += 100) {
      const block = Array.from({ length: Math.min(100, items - id + 1) }, (_, i) => madeItemLines(id + i, items));
      await file.appendFile(block.join(""));
    }
  });
  return (await stat(path)).size / 1e6;
}

async function writeDocuments(path: string, documents: number): Promise<number> {
  await writeAtomically(path, async (file) => {
    for (let number = 0; number < documents; number++) {
      await file.appendFile(`${number === 0 ? "[" : ",\n"}${JSON.stringify(madeTrexDocument(number))}`);
    }
    await file.appendFile("]\n");
  });
  return (await stat(path)).size / 1e6;
}

const nothing = () => undefined;

async function readDocuments(path: string): Promise<void> {
  for await (const _ of readTrex(path, { onSkip: nothing }));
}

async function readOwn(path: string): Promise<void> {
  const options = { language: "en", onRecords: nothing, onFault: nothing, onLeftOut: nothing };
  for await (const _ of readNTriples(path, options));
}

async function readPeer(path: string): Promise<void> {
  for await (const _ of createReadStream(path, { highWaterMark: 1 << 18 }).pipe(
    new StreamParser({ format: "N-Triples" }),
  ));
}

async function importAll(path: string, folder: string): Promise<void> {
  const out = join(folder, "kb");
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  await importKnowledge({ files: [path], out, language: "en", mostBad: 0 });
}

/** Seconds. */
interface Taken {
  readonly clock: number;
  /** Of all threads; it tells more where the machine has other work. */
  readonly processor: number;
}

async function measured(way: () => Promise<void>): Promise<Taken> {
  const before = process.cpuUsage();
  const clock = await seconds(way);
  const { user, system } = process.cpuUsage(before);
  return { clock, processor: (user + system) / 1e6 };
}

await command(async () => {
  const { values } = parseArgs({
    options: {
      items: { type: "string", default: "25000" },
      documents: { type: "string", default: "9000" },
      repetitions: { type: "string", default: "3" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(usage);
  const folder = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const [path, trex] = [join(folder, "truthy.nt"), join(folder, "re-nlg_0.json")];
    const megabytes = await writeItems(path, whole(values, "items"));
    const trexMegabytes = await writeDocuments(trex, whole(values, "documents"));
    const ways = {
      read: () => readOwn(path),
      n3: () => readPeer(path),
      import: () => importAll(path, folder),
      trex: () => readDocuments(trex),
    };
    const taken = new Map<string, Taken[]>();
    for (let round = 0; round < whole(values, "repetitions"); round++) {
      // In turn, so that other work on the machine falls on all alike.
      for (const [name, way] of Object.entries(ways))
        taken.set(name, [...(taken.get(name) ?? []), await measured(way)]);
    }
    const rate = (name: string, of: keyof Taken) =>
      (name === "trex" ? trexMegabytes : megabytes) / median((taken.get(name) ?? []).map((one) => one[of]));
    console.log(`${fixed(megabytes)} MB of made N-Triples and ${fixed(trexMegabytes)} MB of T-REx, one thread; MB/s`);
    console.log(row(8, "", "by the clock", "by processor", "beside n3"));
    for (const name of taken.keys()) {
      const ratio = name === "trex" ? "" : fixed(rate(name, "processor") / rate("n3", "processor"));
      console.log(row(8, name, fixed(rate(name, "clock")), fixed(rate(name, "processor")), ratio));
    }
    const rates = [...taken.keys()].map((name) => [
      name,
      { clock: rate(name, "clock"), processor: rate(name, "processor") },
    ]);
    if (values.json)
      console.log(
        JSON.stringify({ megabytes, trexMegabytes, rates: Object.fromEntries(rates), peakGiB: resident().peak }),
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
