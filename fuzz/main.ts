/**
 * `npm run fuzz`: files as nobody would write them, to every reader. A reader takes a file, or refuses it in one line: no
 * other error, no more than two seconds, no more than 500 MB.
 * @module
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { RandomStream } from "../src/random.js";
import { hurtful } from "./hurtful.js";
import { mutated } from "./mutation.js";
import { computedSince } from "./processor-time.js";
import { type Reader, readers } from "./readers.js";
import type { Outcome } from "./worker.js";

const usage = `npm run fuzz -- [options]
  --minutes N     how long (1)
  --reader NAME   one reader alone
  --seed N        of all changes (the time of day)`;

const slowMilliseconds = 2000;
const hangMilliseconds = 20_000;
/** For one that only waits. */
const hangMinutes = 10;
const mostMegabytes = 500;

/** Small inputs that were wrong once; each is read first, every time. */
const corpus = join("fuzz", "corpus");
/** Where inputs go that are wrong now. */
const findings = join("runs", "fuzz");

/** A thread that reads, and is replaced where it does not come back. */
class Thread {
  private worker: Worker | null = null;

  constructor(private readonly folder: string) {}

  read(reader: string, path: string): Promise<Outcome> {
    this.worker ??= new Worker(new URL("worker.js", import.meta.url), {
      workerData: { folder: this.folder },
      resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
    });
    const worker = this.worker;
    return new Promise((resolve) => {
      const end = (outcome: Outcome) => {
        clearInterval(timer);
        worker.off("message", end).off("error", failed);
        resolve(outcome);
      };
      const failed = (error: Error) => lost(`the thread ended: ${error.message}`);
      const lost = (wrong: string) => {
        this.worker = null;
        void worker.terminate();
        end({ refused: null, milliseconds: hangMilliseconds, wrong });
      };
      // On a busy machine it may not have had its turn: only what the processor has worked counts.
      const [began, posted] = [process.cpuUsage(), performance.now()];
      const timer = setInterval(() => {
        if (computedSince(began) > hangMilliseconds) lost(`no end after ${hangMilliseconds / 1000} seconds`);
        else if (performance.now() - posted > hangMinutes * 60_000) lost(`no end after ${hangMinutes} minutes`);
      }, hangMilliseconds / 4);
      worker.once("message", end);
      worker.once("error", failed);
      worker.postMessage({ reader, path });
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }
}

interface Counts {
  inputs: number;
  refused: number;
  slowest: number;
  wrong: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "1" },
      reader: { type: "string" },
      seed: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(usage);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const chosen = (await readers()).filter(({ name }) => values.reader === undefined || name === values.reader);
  if (chosen.length === 0) throw new Error(`there is no reader ${values.reader}`);
  const folder = await mkdtemp(join(tmpdir(), "kadapter-fuzz-"));
  const thread = new Thread(folder);
  const counts = new Map(chosen.map(({ name }) => [name, { inputs: 0, refused: 0, slowest: 0, wrong: 0 } as Counts]));
  const tell = async (reader: Reader, bytes: Buffer, where: string, sound = false) => {
    const path = join(folder, reader.file);
    await writeFile(path, bytes);
    const outcome = await thread.read(reader.name, path);
    await rm(path, { force: true });
    const wrong = outcome.wrong ?? (sound && outcome.refused ? `a sound file was refused: ${outcome.refused}` : null);
    await judge(counts.get(reader.name) as Counts, reader, bytes, { ...outcome, wrong }, where);
  };
  console.log(`seed ${seed}`);
  try {
    for (const reader of chosen) {
      for (const [i, bytes] of reader.seeds.entries()) await tell(reader, bytes, `seed file ${i}`, true);
      const known = [...(hurtful[reader.name]?.() ?? []), ...(await wrongOnce(reader))];
      for (const [name, bytes] of known) await tell(reader, bytes, name);
    }
    const end = performance.now() + Number(values.minutes) * 60_000;
    for (let i = 0; performance.now() < end; i++) {
      const reader = chosen[i % chosen.length] as Reader;
      const random = new RandomStream("fuzz", seed, i);
      const original = reader.seeds[random.below(reader.seeds.length)] as Buffer;
      await tell(reader, mutated(random, original), `seed ${seed}, input ${i}`);
    }
  } finally {
    await thread.close();
    await rm(folder, { recursive: true, force: true });
  }
  report(counts);
}

/** What was wrong once. */
async function wrongOnce(reader: Reader): Promise<readonly (readonly [string, Buffer])[]> {
  const folder = join(corpus, reader.name);
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const));
}

async function judge(counts: Counts, reader: Reader, bytes: Buffer, outcome: Outcome, where: string): Promise<void> {
  const { milliseconds, refused } = outcome;
  const wrong =
    outcome.wrong ?? (milliseconds > slowMilliseconds ? `it took ${(milliseconds / 1000).toFixed(1)} s` : null);
  counts.inputs++;
  counts.refused += Number(refused !== null);
  counts.slowest = Math.max(counts.slowest, milliseconds);
  if (wrong === null) return;
  counts.wrong++;
  await mkdir(findings, { recursive: true });
  const file = join(findings, `${reader.name}-${where.replaceAll(/\W+/g, "-")}`);
  await writeFile(file, bytes);
  console.log(`${reader.name}, ${where}: ${wrong.split("\n").slice(0, 4).join(" | ")}; the input is in ${file}`);
}

function report(counts: ReadonlyMap<string, Counts>): void {
  console.log(
    `${"reader".padEnd(14)}${"inputs".padStart(10)}${"refused".padStart(10)}${"slowest ms".padStart(12)}${"wrong".padStart(8)}`,
  );
  for (const [name, { inputs, refused, slowest, wrong }] of counts) {
    console.log(
      `${name.padEnd(14)}${String(inputs).padStart(10)}${String(refused).padStart(10)}${slowest.toFixed(0).padStart(12)}${String(wrong).padStart(8)}`,
    );
  }
  if ([...counts.values()].some(({ wrong }) => wrong > 0)) process.exitCode = 1;
}

await main();
