/**
 * `npm run bench:scale`: what grows with the number of sentences, with the number of adapters trained on one cache, and
 * with the length of sentences. Fails where memory grows with the number of sentences.
 * @module
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { userError } from "../src/errors.js";
import { randomBackboneFolder } from "./backbone-folder.js";
import { command, fixed, row, whole } from "./command.js";
import { lastLine } from "./peer.js";
import type { ScaleMeasured, ScaleRequest } from "./scale-measure.js";
import { scaled } from "./sizes.js";
import { growth, median } from "./stats.js";

const usage = `npm run bench:scale -- [options]
  --sentences N     the least number of sentences; twice and four times as many follow (2048)
  --lengths LIST    lengths of sentences in tokens (32,64,128,256,512)
  --repetitions N   of every cell; medians are printed (3)
  --threads N       threads (one a core)
  --json            the last line is one JSON object`;

/** More than so much larger with four times the sentences: memory grows. */
const mostGrowth = 1.1;
const factors = [1, 2, 4];
/** Of the cells that vary the length: a share of the others' sentences, for they are longer. */
const lengthShare = 1 / 16;
const batch = 32;

/** What is varied and what came of it. */
interface Cell {
  readonly x: number;
  readonly tokens: number;
  /** Seconds: of the backbone's pass, of all adapters' epochs, and of both. */
  readonly backbone: number;
  readonly adapters: number;
  readonly all: number;
  /** GiB. */
  readonly memory: number;
}

function options() {
  const { values } = parseArgs({
    options: {
      sentences: { type: "string", default: "2048" },
      lengths: { type: "string", default: "32,64,128,256,512" },
      repetitions: { type: "string", default: "3" },
      threads: { type: "string", default: String(availableParallelism()) },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const lengths = values.lengths.split(",").map(Number);
  // Below, the markers would leave no room for a sentence; above, the model has no positions.
  if (lengths.length < 2 || !lengths.every((length) => Number.isInteger(length) && length >= 24 && length <= 512))
    throw userError({ where: "--lengths", what: values.lengths, expected: "two or more numbers from 24 to 512" });
  const count = (name: "sentences" | "repetitions" | "threads") => whole(values, name);
  return {
    json: values.json,
    help: values.help,
    lengths,
    sentences: count("sentences"),
    repetitions: count("repetitions"),
    threads: count("threads"),
  };
}

type Settings = ReturnType<typeof options>;

/** Measures a cell, each time in a process of its own. */
async function measured({ repetitions }: Settings, x: number, request: ScaleRequest): Promise<Cell> {
  const script = fileURLToPath(new URL("./scale-measure.js", import.meta.url));
  const all: ScaleMeasured[] = [];
  for (let i = 0; i < repetitions; i++)
    all.push(JSON.parse(await lastLine(process.execPath, [script, JSON.stringify(request)])) as ScaleMeasured);
  const middle = (of: (one: ScaleMeasured) => number) => median(all.map(of));
  const total = (one: ScaleMeasured) => one.seconds.reduce((sum, seconds) => sum + seconds, 0);
  return {
    x,
    tokens: middle(({ tokens }) => tokens),
    backbone: middle(({ backbone }) => backbone),
    adapters: middle((one) => total(one) - one.backbone),
    all: middle(total),
    memory: middle(({ memory }) => memory),
  };
}

const tableRow = (...cells: readonly string[]) => row(14, ...cells);

function printHeader(what: string): void {
  console.log(`\n${tableRow(what, "tokens", "backbone, s", "adapters, s", "all, s", "memory, GiB")}`);
}

function printCell({ x, tokens, backbone, adapters, all, memory }: Cell): void {
  console.log(
    tableRow(String(x), String(tokens), fixed(backbone, 2), fixed(adapters, 2), fixed(all, 2), fixed(memory, 2)),
  );
}

/** An exponent in words. */
function inWords(exponent: number): string {
  const power = `power ${fixed(exponent, 2)}`;
  if (exponent < 0.1) return `does not grow (${power})`;
  if (exponent < 0.85) return `grows more slowly than in proportion (${power})`;
  if (exponent <= 1.15) return `grows in proportion (${power})`;
  return `grows faster than in proportion (${power})`;
}

const grows = (cells: readonly Cell[], key: "all" | "memory" | "backbone" | "adapters") =>
  growth(cells.map((cell) => [cell.x, cell[key]]));

/** Measures, or takes what is known, and prints line by line. */
async function series(settings: Settings, what: string, cells: readonly Planned[]): Promise<Cell[]> {
  printHeader(what);
  const results: Cell[] = [];
  for (const { x, request, known } of cells) {
    const cell = known ? { ...known, x } : await measured(settings, x, request);
    printCell(cell);
    results.push(cell);
  }
  return results;
}

interface Planned {
  readonly x: number;
  readonly request: ScaleRequest;
  readonly known?: Cell;
}

/** One part of the whole, as it stands in the JSON object. */
interface Part {
  readonly cells: readonly Cell[];
  readonly growth: { readonly time: number; readonly memory: number };
}

const part = (cells: readonly Cell[]): Part => ({
  cells,
  growth: { time: grows(cells, "all"), memory: grows(cells, "memory") },
});

async function bySentences(settings: Settings, base: ScaleRequest): Promise<Part & { readonly memoryRatio: number }> {
  const cells = await series(
    settings,
    "sentences",
    factors.map((factor) => {
      const sentences = factor * base.sentences;
      return { x: sentences, request: { ...base, sentences } };
    }),
  );
  const [one, most] = [cells[0] as Cell, cells.at(-1) as Cell];
  const memoryRatio = most.memory / one.memory;
  console.log(`Time ${inWords(grows(cells, "all"))}. Memory ${inWords(grows(cells, "memory"))}:`);
  console.log(`${fixed(memoryRatio, 2)} times as much for ${most.x / one.x} times the sentences.`);
  return { ...part(cells), memoryRatio };
}

async function byAdapters(
  settings: Settings,
  base: ScaleRequest,
  one: Cell,
): Promise<Part & { readonly furtherShare: number }> {
  const cells = await series(
    settings,
    "adapters",
    factors.map((adapters) => ({
      x: adapters,
      request: { ...base, adapters },
      ...(adapters === 1 ? { known: one } : {}),
    })),
  );
  const last = cells.at(-1) as Cell;
  const further = (last.all - one.all) / (last.x - 1);
  console.log(`The first takes ${fixed(one.all, 2)} s, each further one on the same cache ${fixed(further, 2)} s:`);
  console.log(`${fixed((100 * further) / one.all, 0)} % of it. Memory ${inWords(grows(cells, "memory"))}.`);
  return { ...part(cells), furtherShare: further / one.all };
}

async function byLength(settings: Settings, base: ScaleRequest): Promise<Part> {
  const sentences = Math.max(1, Math.round(base.sentences * lengthShare));
  const cells = await series(
    settings,
    "length",
    settings.lengths.map((length) => ({ x: length, request: { ...base, sentences, length } })),
  );
  console.log(`${sentences} sentences each. The backbone's time ${inWords(grows(cells, "backbone"))},`);
  console.log(`the adapter's ${inWords(grows(cells, "adapters"))}; memory ${inWords(grows(cells, "memory"))}.`);
  return part(cells);
}

async function main(): Promise<void> {
  const settings = options();
  if (settings.help) {
    console.log(usage);
    return;
  }
  const backbone = await randomBackboneFolder(".cache/bench", scaled, 1);
  const { sentences, threads } = settings;
  const { adapter } = scaled;
  const base: ScaleRequest = { backbone, adapter, sentences, adapters: 1, length: null, batch, threads };
  console.log("Every line is a process of its own; all take eight to fifteen minutes on two idle cores.");
  const bySentence = await bySentences(settings, base);
  const byAdapter = await byAdapters(settings, base, bySentence.cells[0] as Cell);
  const length = await byLength(settings, base);
  const ok = bySentence.memoryRatio <= mostGrowth;
  if (!ok) {
    console.log(`\nFAILED: memory grew with the number of sentences by more than a factor of ${mostGrowth}.`);
    process.exitCode = 1;
  }
  if (settings.json)
    console.log(JSON.stringify({ benchmark: "scale", sentences: bySentence, adapters: byAdapter, length, ok }));
}

await command(main);
