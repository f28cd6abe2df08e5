// What it costs in accuracy to keep hidden states in float16, and to run the backbone in int8, against float32 throughout.
//
//   node scripts/precision-experiment.js --backbone DIR --train FILE --dev FILE --out DIR [--seeds 1,2,3] [--cache DIR] \
//     [-- further options of `kadapter pretrain factual`, such as --layers 0,3,6 --adapter-size 384 or --max-steps 3]
//
// Every precision is trained with every seed and asked about the same examples, so differences are paired: an example's is
// the mean over seeds of (right in this precision) - (right in float32), and the interval that of the mean over examples.
// What is finished is not done again; what was stopped goes on. Prints a Markdown table. Needs `npm run build`.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deviation, kadapter, mean, once, requireFlags } from "./experiment.js";

const text = { type: "string" };
const { values, positionals } = parseArgs({
  options: {
    ...{ backbone: text, train: text, dev: text, out: text, cache: text },
    seeds: { ...text, default: "1,2,3" },
  },
  allowPositionals: true,
});
requireFlags("scripts/precision-experiment.js", values, ["backbone", "train", "dev", "out"]);
const seeds = values.seeds.split(",");
const cache = values.cache === undefined ? [] : ["--cache", values.cache];

/** By name; the first is what the others are compared with. */
const precisions = {
  float32: ["--cache-dtype", "float32"],
  "float16 states": ["--cache-dtype", "float16"],
  "float16 states, int8 backbone": ["--cache-dtype", "float16", "--backbone-precision", "int8"],
};

/** A folder for these data and options, so that another call does not take this one's results for its own. */
const settings = JSON.stringify([values.backbone, values.train, values.dev, positionals]);
const folder = join(values.out, createHash("sha256").update(settings).digest("hex").slice(0, 12));

/** Trains, and tells example by example whether the answer was right. */
function rightOnes(precision, seed) {
  const name = `${precision.replaceAll(/\W+/g, "-")}-${seed}`;
  const adapter = join(folder, name);
  if (!existsSync(join(adapter, "adapter_config.json"))) {
    const files = ["--backbone", values.backbone, "--train", values.train, "--dev", values.dev, "--out", adapter];
    const how = [...precisions[precision], "--seed", seed, "--resume", ...cache];
    kadapter(["pretrain", "factual", ...files, ...how, ...positionals]);
  }
  const predictions = once(join(folder, `${name}.jsonl`), (part) =>
    kadapter(["eval", "--adapter", adapter, "--data", values.dev, "--predictions", part, "--overwrite"]),
  );
  const lines = readFileSync(predictions, "utf8").trim().split("\n");
  return new Map(
    lines.map((line) => JSON.parse(line)).map((one) => [one.where, one.predicted === one.relation ? 1 : 0]),
  );
}

const percent = (share) => (100 * share).toFixed(2);
const signed = (share) => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;

mkdirSync(folder, { recursive: true });
const right = {};
for (const seed of seeds) {
  for (const precision of Object.keys(precisions)) {
    right[precision] = [...(right[precision] ?? []), rightOnes(precision, seed)];
    console.error(`${precision}, seed ${seed}: ${percent(mean([...right[precision].at(-1).values()]))} %`);
  }
}
const [reference] = Object.keys(precisions);
const examples = [...right[reference][0].keys()];
console.log(
  `${examples.length} examples of ${values.dev}, seeds ${values.seeds}; differences in points, 95 % interval\n`,
);
console.log("| precision | accuracy, % | difference | interval |\n| --- | --- | --- | --- |");
for (const precision of Object.keys(precisions)) {
  const scores = right[precision].map((one) => mean([...one.values()]));
  const accuracy = `${percent(mean(scores))} ± ${percent(deviation(scores))}`;
  if (precision === reference) {
    console.log(`| ${precision} | ${accuracy} | | |`);
    continue;
  }
  const differences = examples.map((example) =>
    mean(seeds.map((_, i) => right[precision][i].get(example) - right[reference][i].get(example))),
  );
  const middle = mean(differences);
  // Normal, for a mean over many examples.
  const half = (1.96 * deviation(differences)) / Math.sqrt(differences.length);
  console.log(
    `| ${precision} | ${accuracy} | ${signed(middle)} | ${signed(middle - half)} … ${signed(middle + half)} |`,
  );
}
