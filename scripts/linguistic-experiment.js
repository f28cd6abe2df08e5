// What a linguistic adapter brings: the same head on the model's last hidden state, on an untrained adapter (random weights, or
// copies of the model's layers, as the trained one starts) and on a trained one.
//
//   node scripts/linguistic-experiment.js --backbone DIR --train FILE --dev FILE --test FILE --out DIR \
//     [--seeds 1,2,3] [--rows last,random,copies,adapter] [--cache DIR] \
//     [-- options of `kadapter pretrain linguistic`, such as --layers 0,3,6 --adapter-size 384 --epochs 8]
//
// The best epoch by the dev data is asked about the test data, once. What is finished is not done again; what was stopped
// goes on. Prints a Markdown table of UAS. Needs `npm run build`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deviation, kadapter, mean, once, requireFlags } from "./experiment.js";

const text = { type: "string" };
const { values, positionals } = parseArgs({
  options: {
    ...{ backbone: text, train: text, dev: text, test: text, out: text, cache: text },
    seeds: { ...text, default: "1,2,3" },
    rows: { ...text, default: "last,random,copies,adapter" },
  },
  allowPositionals: true,
});
requireFlags("scripts/linguistic-experiment.js", values, ["backbone", "train", "dev", "test", "out"]);
const seeds = values.seeds.split(",");
const cache = values.cache === undefined ? [] : ["--cache", values.cache];
const rows = {
  last: { label: "h[L] alone", options: ["--features", "last"] },
  random: { label: "random adapter", options: ["--freeze-adapter", "--init", "0.02"] },
  copies: { label: "copies of the model's layers, untrained", options: ["--freeze-adapter", "--init", "backbone"] },
  adapter: { label: "trained adapter", options: [] },
};

/** Scores on dev and test data of one training. */
function scores(row, seed) {
  const out = join(values.out, `${row}-${seed}`);
  if (!existsSync(join(out, "adapter_config.json"))) {
    const files = ["--backbone", values.backbone, "--train", values.train, "--dev", values.dev, "--out", out];
    const how = [...rows[row].options, "--seed", seed, "--resume", ...cache];
    kadapter(["pretrain", "linguistic", ...files, ...how, ...positionals]);
  }
  const parts = ["dev", "test"].map((part) => {
    const file = once(join(out, `${part}.json`), (path) =>
      writeFileSync(path, JSON.stringify(kadapter(["eval", "--adapter", out, "--data", values[part]]))),
    );
    return [part, JSON.parse(readFileSync(file, "utf8"))];
  });
  return Object.fromEntries(parts);
}

mkdirSync(values.out, { recursive: true });
console.log("| features | UAS dev | UAS test | without punctuation | seeds |\n| --- | --- | --- | --- | --- |");
for (const row of values.rows.split(",")) {
  const found = seeds.map((seed) => scores(row, seed));
  const cell = (part, metric) => {
    const shares = found.map((one) => 100 * one[part][metric]);
    return `${mean(shares).toFixed(1)} ± ${deviation(shares).toFixed(1)}`;
  };
  const cells = [cell("dev", "uas"), cell("test", "uas"), cell("test", "uasNoPunct"), seeds.length];
  console.log(`| ${rows[row].label} | ${cells.join(" | ")} |`);
}
