/**
 * `npm run bench:knowledge`: how fast N-Triples are read, beside n3 on the same lines in turn, and imported into a folder.
 * @module
 */
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StreamParser } from "n3";
import { writeAtomically } from "../src/files/atomic.js";
import { importKnowledge } from "../src/knowledge/import.js";
import { readNTriples } from "../src/knowledge/read/ntriples.js";
import { command, fixed, row, whole } from "./command.js";
import { median, resident, seconds } from "./stats.js";

const usage = `npm run bench:knowledge -- [options]
  --items N        made items of Wikidata, about 4 kB each (25000)
  --repetitions N  (3)
  --json           one JSON object on the last line`;

const entity = "http://www.wikidata.org/entity/";
const direct = "http://www.wikidata.org/prop/direct/";
const languages = ["en", "de", "fr", "es", "ru", "zh", "ja", "nl", "it", "pt"];
const namedBy = [
  "http://www.w3.org/2000/01/rdf-schema#label",
  "http://www.w3.org/2004/02/skos/core#prefLabel",
  "http://schema.org/name",
];

/** The lines of an item as the truthy dump has them: most are names in other languages. */
function itemLines(id: number, items: number): string {
  const subject = `<${entity}Q${id}>`;
  const lines = languages.flatMap((language) => {
    const name = language === "ru" ? `Имя ${id}` : language === "zh" ? `名字 ${id}` : `Name ${id} of ${language}`;
    const names = namedBy.map((predicate) => `${subject} <${predicate}> "${name}"@${language} .`);
    return [...names, `${subject} <http://schema.org/description> "thing \\u2116 ${id}"@${language} .`];
  });
  lines.push(`${subject} <http://www.w3.org/2004/02/skos/core#altLabel> "Alias \\"${id}\\""@en .`);
  for (let i = 0; i < 8; i++) {
    lines.push(`${subject} <${direct}P${31 + i}> <${entity}Q${((id * 7919 + i * 104_729) % items) + 1}> .`);
  }
  const born = `${1900 + (id % 100)}-0${1 + (id % 9)}-1${id % 10}T00:00:00Z`;
  lines.push(`${subject} <${direct}P569> "${born}"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`);
  return `${lines.join("\n")}\n`;
}

async function writeItems(path: string, items: number): Promise<number> {
  await writeAtomically(path, async (file) => {
    for (let id = 1; id <= items; id += 100) {
      const block = Array.from({ length: Math.min(100, items - id + 1) }, (_, i) => itemLines(id + i, items));
      await file.appendFile(block.join(""));
    }
  });
  return (await stat(path)).size / 1e6;
}

const nothing = () => undefined;

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
      repetitions: { type: "string", default: "3" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(usage);
  const folder = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const path = join(folder, "truthy.nt");
    const megabytes = await writeItems(path, whole(values, "items"));
    const ways = { read: () => readOwn(path), n3: () => readPeer(path), import: () => importAll(path, folder) };
    const taken = new Map<string, Taken[]>();
    for (let round = 0; round < whole(values, "repetitions"); round++) {
      // In turn, so that other work on the machine falls on all alike.
      for (const [name, way] of Object.entries(ways))
        taken.set(name, [...(taken.get(name) ?? []), await measured(way)]);
    }
    const rate = (name: string, of: keyof Taken) => megabytes / median((taken.get(name) ?? []).map((one) => one[of]));
    console.log(`${fixed(megabytes)} MB of made N-Triples, one thread; MB/s`);
    console.log(row(8, "", "by the clock", "by processor", "beside n3"));
    for (const name of taken.keys()) {
      const ratio = rate(name, "processor") / rate("n3", "processor");
      console.log(row(8, name, fixed(rate(name, "clock")), fixed(rate(name, "processor")), fixed(ratio)));
    }
    const rates = [...taken.keys()].map((name) => [
      name,
      { clock: rate(name, "clock"), processor: rate(name, "processor") },
    ]);
    if (values.json)
      console.log(JSON.stringify({ megabytes, rates: Object.fromEntries(rates), peakGiB: resident().peak }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
