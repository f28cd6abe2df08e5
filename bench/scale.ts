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
  --sentences N     the least number of sentences; twice and four times as many follow (1024)
  --lengths LIST    lengths of sentences in tokens (32,64,128,256,512)
  --repetitions N   of every cell; medians are printed (1)
  --threads N       threads (one a core)
  --json            the last line is one JSON object`;

/** More than so much larger with four times the sentences: memory grows. */
const mostGrowth = 1.1;
const factors = [1, 2, 4];
/** Of the cells that vary the length: a share of the others' sentences, for they are longer. */
const lengthShare = 1 / 8;
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
      sentences: { type: "string", default: "1024" },
      lengths: { type: "string", default: "32,64,128,256,512" },
      repetitions: { type: "string", default: "1" },
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
    ...{ json: values.json, help: values.help, lengths },
    ...{ sentences: count("sentences"), repetitions: count("repetitions"), threads: count("threads") },
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

async function series(
  settings: Settings,
  what: string,
  cells: readonly (readonly [x: number, request: ScaleRequest | Cell])[],
): Promise<Cell[]> {
  printHeader(what);
  const results: Cell[] = [];
  for (const [x, request] of cells) {
    const cell =
      "backbone" in request && typeof request.backbone === "string"
        ? await measured(settings, x, request as ScaleRequest)
        : { ...(request as Cell), x };
    printCell(cell);
    results.push(cell);
  }
  return results;
}

async function main(): Promise<void> {
  const settings = options();
  if (settings.help) {
    console.log(usage);
    return;
  }
  const backbone = await randomBackboneFolder(".cache/bench", scaled, 1);
  const { sentences, threads, lengths } = settings;
  const base: ScaleRequest = {
    backbone,
    adapter: scaled.adapter,
    sentences,
    adapters: 1,
    length: null,
    batch,
    threads,
  };

  const bySentences = await series(
    settings,
    "sentences",
    factors.map((factor) => [factor * sentences, { ...base, sentences: factor * sentences }]),
  );
  const [one, most] = [bySentences[0] as Cell, bySentences.at(-1) as Cell];
  const larger = most.memory / one.memory;
  console.log(`Time ${inWords(grows(bySentences, "all"))}. Memory ${inWords(grows(bySentences, "memory"))}:`);
  console.log(`${fixed(larger, 2)} times as much for ${most.x / one.x} times the sentences.`);

  const byAdapters = await series(
    settings,
    "adapters",
    factors.map((adapters) => [adapters, adapters === 1 ? one : { ...base, adapters }]),
  );
  const last = byAdapters.at(-1) as Cell;
  const further = (last.all - one.all) / (last.x - 1);
  console.log(`The first takes ${fixed(one.all, 2)} s, each further one on the same cache ${fixed(further, 2)} s:`);
  console.log(`${fixed((100 * further) / one.all, 0)} % of it. Memory ${inWords(grows(byAdapters, "memory"))}.`);

  const some = Math.max(1, Math.round(sentences * lengthShare));
  const byLength = await series(
    settings,
    "length",
    lengths.map((length) => [length, { ...base, sentences: some, length }]),
  );
  const [backboneGrowth, adapterGrowth] = [grows(byLength, "backbone"), grows(byLength, "adapters")];
  console.log(`${some} sentences each. The backbone's time ${inWords(backboneGrowth)},`);
  console.log(`the adapter's ${inWords(adapterGrowth)}; memory ${inWords(grows(byLength, "memory"))}.`);

  const failed = larger > mostGrowth;
  if (failed) {
    console.log(`\nFAILED: memory grew with the number of sentences by more than a factor of ${mostGrowth}.`);
    process.exitCode = 1;
  }
  if (settings.json) {
    const growths = (cells: readonly Cell[]) => ({ time: grows(cells, "all"), memory: grows(cells, "memory") });
    console.log(
      JSON.stringify({
        benchmark: "scale",
        sentences: { cells: bySentences, growth: growths(bySentences), memoryRatio: larger },
        adapters: { cells: byAdapters, growth: growths(byAdapters), furtherShare: further / one.all },
        length: { cells: byLength, growth: growths(byLength) },
        ok: !failed,
      }),
    );
  }
}

await command(main);
