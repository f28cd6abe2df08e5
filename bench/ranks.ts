/**
 * `npm run bench:ranks`: how long ranks of one machine take to sum an adapter's gradients in the order of the tree, beside
 * the library's own sum, and what the sum adds to a step.
 * @module
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { command, fixed, row, whole } from "./command.js";
import { lastLine } from "./peer.js";
import type { RankMeasured, RankRequest } from "./ranks-measure.js";
import { median } from "./stats.js";

const usage = `npm run bench:ranks -- [options]
  --ranks N         processes (2)
  --launcher WORDS  what starts them, up to their number ("mpirun --oversubscribe", as root with --allow-run-as-root)
  --batch N         sentences of 64 tokens in a leaf (16)
  --rounds N        leaves of one rank in a step (2)
  --repetitions N   that count, after one of warm-up (7)
  --threads N       threads of one rank (the cores shared out)
  --tiny            sizes of a toy: only to see that the benchmark works
  --json            the last line is one JSON object`;

function options() {
  const { values } = parseArgs({
    options: {
      ranks: { type: "string", default: "2" },
      launcher: {
        type: "string",
        default: `mpirun --oversubscribe${process.getuid?.() === 0 ? " --allow-run-as-root" : ""}`,
      },
      batch: { type: "string", default: "16" },
      rounds: { type: "string", default: "2" },
      repetitions: { type: "string", default: "7" },
      threads: { type: "string" },
      tiny: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const ranks = whole(values, "ranks");
  const threads =
    values.threads === undefined ? Math.max(1, Math.floor(availableParallelism() / ranks)) : whole(values, "threads");
  return { ...values, ranks, threads };
}

type Settings = ReturnType<typeof options>;

async function measure(settings: Settings, what: RankRequest["what"]): Promise<RankMeasured> {
  const { ranks, launcher, threads, tiny } = settings;
  const [batch, rounds, repetitions] = (["batch", "rounds", "repetitions"] as const).map((name) =>
    whole(settings, name),
  );
  const request = { what, sizes: tiny ? "tiny" : "full", batch, rounds, repetitions, threads } as RankRequest;
  const [first = "", ...rest] = launcher.split(" ").filter((word) => word !== "");
  const script = fileURLToPath(new URL("./ranks-measure.js", import.meta.url));
  const args = [...rest, "-n", String(ranks), process.execPath, script, JSON.stringify(request)];
  return JSON.parse(await lastLine(first, args)) as RankMeasured;
}

function print({ seconds }: RankMeasured, against: readonly string[]): void {
  console.log(row(34, "", "median s", "least s", ...against.map((name) => `of ${name.split(",")[0]}`)));
  for (const [name, all] of Object.entries(seconds)) {
    const ratios = against.map((other) => fixed(median(all) / median(seconds[other] ?? []), 2));
    console.log(row(34, name, fixed(median(all), 3), fixed(Math.min(...all), 3), ...ratios));
  }
}

async function main(): Promise<void> {
  const settings = options();
  if (settings.help) {
    console.log(usage);
    return;
  }
  const sums = await measure(settings, "sums");
  console.log(
    `${sums.library}; ${sums.ranks} ranks, ${fixed(sums.floats / 1e6)} M gradients, the slowest rank's time\n`,
  );
  print(sums, ["MPI_Reduce_local", "MPI_Allreduce, whole"]);
  const steps = await measure(settings, "steps");
  console.log(
    `\nSteps of ${settings.rounds} leaves a rank, ${settings.batch} × 64 tokens each, ${settings.threads} threads a rank; in turn\n`,
  );
  print(steps, ["step without it"]);
  if (settings.json) console.log(JSON.stringify({ sums, steps }));
}

await command(main);
