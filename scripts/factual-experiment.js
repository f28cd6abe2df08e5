// Trains and tests factual adapters and their baselines over data sets and seeds, and prints one table.
//
//   node scripts/factual-experiment.js --backbone DIR --out DIR --seeds 1,2,3 --features adapter,last \
//     --set wiki80=TRAIN,DEV,TEST [--set …] [-- further options of `kadapter pretrain factual`]
//
// Needs `npm run build`. A run that is finished is not repeated; one that was stopped is resumed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const cli = fileURLToPath(new URL("../bin/kadapter.js", import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    backbone: { type: "string" },
    out: { type: "string" },
    seeds: { type: "string", default: "1,2,3" },
    features: { type: "string", default: "adapter,last" },
    set: { type: "string", multiple: true, default: [] },
  },
  allowPositionals: true,
});

/** Runs the command line and returns the JSON object on its last line. */
function kadapter(args) {
  const run = spawnSync(process.execPath, [cli, ...args, "--json"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) throw new Error(`kadapter ${args.slice(0, 2).join(" ")} ended with ${run.status}`);
  return JSON.parse(run.stdout.trim().split("\n").at(-1));
}

/** One training and its test; the result is kept in a file. */
function measure(name, [train, dev, test], features, seed) {
  const out = join(values.out, `${name}-${features}-${seed}`);
  const file = join(out, "test.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  mkdirSync(out, { recursive: true });
  const data = ["--train", train, "--dev", dev, "--out", out];
  const how = ["--features", features, "--seed", String(seed), "--resume", ...positionals];
  kadapter(["pretrain", "factual", "--backbone", values.backbone, ...data, ...how]);
  const { accuracy, macroF1, examples } = kadapter([
    "eval",
    "--adapter",
    out,
    "--backbone",
    values.backbone,
    "--data",
    test,
  ]);
  const result = { set: name, features, seed, accuracy, macroF1, examples };
  writeFileSync(file, JSON.stringify(result));
  return result;
}

const mean = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const deviation = (numbers) =>
  numbers.length < 2
    ? 0
    : Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean(numbers)) ** 2, 0) / (numbers.length - 1));

const results = [];
for (const seed of values.seeds.split(",").map(Number)) {
  for (const set of values.set) {
    const [name, files] = set.split("=");
    for (const features of values.features.split(",")) {
      results.push(measure(name, files.split(","), features, seed));
      console.error(JSON.stringify(results.at(-1)));
    }
  }
}

console.log(
  "| data | features | test accuracy | macro F1 | seeds | test examples |\n| --- | --- | --- | --- | --- | --- |",
);
for (const key of new Set(results.map(({ set, features }) => `${set}|${features}`))) {
  const group = results.filter(({ set, features }) => `${set}|${features}` === key);
  const show = (rates) => `${(100 * mean(rates)).toFixed(1)} ± ${(100 * deviation(rates)).toFixed(1)}`;
  const [set, features] = key.split("|");
  const accuracies = group.map(({ accuracy }) => accuracy);
  const f1 = group.map(({ macroF1 }) => macroF1);
  console.log(`| ${set} | ${features} | ${show(accuracies)} | ${show(f1)} | ${group.length} | ${group[0].examples} |`);
}
