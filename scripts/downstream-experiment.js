// What adapters bring to downstream tasks beside a frozen model: the head on h[L], on the taps side by side, on an untrained
// adapter (random weights, or copies of the model's layers, as F and L start), on F (facts), L (trees) and F+L, for five
// tasks and several seeds. And with the model trained too, for two of them: alone, with a random adapter, with F+L, and
// where it learnt facts and trees itself (the multi-task baseline).
//
//   node scripts/downstream-experiment.js --backbone DIR --data $KADAPTER_DATA/data --out DIR [--seeds 1,2,3] \
//     [--tasks semeval,redocred,openentity,cosmosqa,xquad] [--rows none,taps,random,copies,random+copies,F,L,F+L] \
//     [--sentences 20000] \
//     [--trained-tasks semeval,openentity] [--trained-rows none,random,F+L,multitask] [--trained-epochs 3] \
//     [--layers 0,3,6] [--adapter-size 384] [--epochs 1] [--cache DIR] [--head-epochs 5] [--max-length 256] \
//     [--device cpu|cuda] [--threads N] [--max-steps N]
//
// F is pre-trained on T-REx, FewRel and Wiki80 without the relations and sentences of the downstream relation test sets,
// L on UD English EWT. Each seed has its own adapters and heads. `kadapter sweep` does the rest, so what is finished is not
// done again and what was stopped goes on. Writes OUT/TASK/table.md and OUT/TASK-trained/table.md; an empty list leaves a
// part out. Needs `npm run build`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { kadapter, node, once, requireFlags } from "./experiment.js";

const text = { type: "string" };
const { values } = parseArgs({
  options: {
    ...{ backbone: text, data: text, out: text, cache: text, device: text, threads: text, "max-steps": text },
    seeds: { ...text, default: "1,2,3" },
    tasks: { ...text, default: "semeval,redocred,openentity,cosmosqa,xquad" },
    rows: { ...text, default: "none,taps,random,copies,random+copies,F,L,F+L" },
    "trained-tasks": { ...text, default: "semeval,openentity" },
    "trained-rows": { ...text, default: "none,random,F+L,multitask" },
    "trained-epochs": { ...text, default: "3" },
    sentences: { ...text, default: "20000" },
    layers: { ...text, default: "0,3,6" },
    "adapter-size": { ...text, default: "384" },
    epochs: { ...text, default: "1" },
    "head-epochs": { ...text, default: "5" },
    "max-length": { ...text, default: "256" },
  },
});
requireFlags("scripts/downstream-experiment.js", values, ["backbone", "data", "out"]);
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const listed = (name) => values[name].split(",").filter((one) => one !== "");
const seeds = listed("seeds").map(Number);
const rows = listed("rows");
const trainedRows = listed("trained-tasks").length > 0 ? listed("trained-rows") : [];
const from = (...names) => join(values.data, ...names);
const at = (...names) => join(values.out, ...names);
/** Options that are handed on as they were given. */
const passed = (...names) => names.filter((name) => values[name] !== undefined);
const flags = (...names) => passed(...names).flatMap((name) => [`--${name}`, values[name]]);
mkdirSync(at("data"), { recursive: true });

const sample = (inputs, name, more) =>
  once(at("data", name), (part) =>
    console.error(node([fileURLToPath(new URL("./sample-relations.js", import.meta.url)), ...inputs, part, ...more])),
  );
const semevalTrain = from("semeval2010-8", "train.tacred.json.gz");
const tests = [from("redocred-tacred", "test.json"), from("semeval2010-8", "test.tacred.json")];
const clean = ["--ids", from("fewrel", "pid2name.json"), ...tests.flatMap((file) => ["--without", file])];
const relations = (part) => ["trex-rc", "fewrel", "wiki80"].map((set) => from(set, part[set]));
const facts = {
  train: sample(
    relations({ "trex-rc": "train.json.gz", fewrel: "train.json", wiki80: "train.jsonl" }),
    "facts-train.jsonl",
    [...clean, "--limit", values.sentences],
  ),
  dev: sample(relations({ "trex-rc": "dev.json", fewrel: "dev.json", wiki80: "dev.jsonl" }), "facts-dev.jsonl", [
    ...clean,
    ...["--limit", 1000],
  ]),
};

const shape = ["--layers", values.layers, "--adapter-size", values["adapter-size"]];

function pretrain(name, kind, files, seed, more = []) {
  const out = at("adapters", `${name}-${seed}`);
  if (existsSync(join(out, "adapter_config.json"))) return;
  const data = ["--backbone", values.backbone, "--train", files.train, "--dev", files.dev, "--out", out];
  const how = [...shape, "--epochs", values.epochs, "--seed", seed, "--resume"];
  kadapter(["pretrain", kind, ...data, ...how, ...flags("cache", "device", "threads", "max-steps"), ...more]);
}

const untrained = (name, init, seed) =>
  pretrain(name, "factual", facts, seed, ["--freeze-adapter", "--init", init, "--max-steps", 1]);

const trees = { train: from("ud", "en_ewt-ud-train.conllu.gz"), dev: from("ud", "en_ewt-ud-dev.conllu") };
const used = (name) => [...rows, ...trainedRows].some((row) => row.split("+").includes(name));
for (const seed of seeds) {
  if (used("random")) untrained("random", "0.02", seed);
  if (used("copies")) untrained("copies", "backbone", seed);
  // As in the paper, whose tables these are set beside.
  if (used("F")) pretrain("F", "factual", facts, seed, ["--objective", "classification"]);
  if (used("L")) pretrain("L", "linguistic", trees, seed);
  if (used("multitask")) pretrainMultitask(seed);
}

function pretrainMultitask(seed) {
  const out = at("multitask", String(seed));
  if (existsSync(join(out, "config.json"))) return;
  const learn = [`factual=${facts.train},${facts.dev}`, `linguistic=${trees.train},${trees.dev}`];
  const how = ["--epochs", values.epochs, "--seed", seed, "--resume", ...flags("device", "threads", "max-steps")];
  kadapter(["pretrain", "multitask", "--backbone", values.backbone, "--learn", ...learn, "--out", out, ...how]);
}

const adapter = (name) => `${name}=${at("adapters", `${name}-{seed}`)}`;
const without = {
  none: {},
  taps: { taps: values.layers.split(",").map(Number) },
  multitask: { backbone: at("multitask", "{seed}") },
};
/** A row without an adapter of its own, or adapters joined by +. */
const settings = (row) => without[row] ?? { adapter: row.split("+").map(adapter) };

/** A few sentences of the other files have relations that no training sentence has; a classifier has no class for them. */
function redocred() {
  const train = from("redocred-tacred", "train.json");
  const known = new Set(read(train).map(({ relation }) => relation));
  const others = ["dev", "test"].map((part) => {
    const all = read(from("redocred-tacred", `${part}.json`));
    const kept = all.filter(({ relation }) => known.has(relation));
    console.error(`redocred, ${part}: ${all.length - kept.length} of ${all.length} have a relation that is not learnt`);
    return [part, once(at("data", `redocred-${part}.json`), (file) => writeFileSync(file, JSON.stringify(kept)))];
  });
  return { train, ...Object.fromEntries(others) };
}

/** What is trained, on what, and the scores that are told. */
const tasks = {
  semeval: () => ({
    run: "finetune relations",
    files: {
      train: sample([semevalTrain], "semeval-train.jsonl", ["--part", "train", "--shares", "90,10"]),
      dev: sample([semevalTrain], "semeval-dev.jsonl", ["--part", "dev", "--shares", "90,10"]),
      test: tests[1],
    },
    metrics: ["test.officialMacroF1", "test.accuracy"],
  }),
  redocred: () => ({
    run: "finetune relations",
    files: redocred(),
    metrics: ["test.microF1", "test.accuracy"],
  }),
  openentity: () => ({
    run: "finetune entity-typing",
    files: Object.fromEntries(["train", "dev", "test"].map((part) => [part, from("openentity", `${part}.json`)])),
    metrics: ["test.microF1", "test.macroF1"],
  }),
  cosmosqa: () => ({
    run: "finetune multiple-choice",
    files: Object.fromEntries(["train", "dev", "test"].map((part) => [part, from("cosmosqa", `${part}.csv`)])),
    metrics: ["test.accuracy"],
  }),
  xquad: () => ({
    run: "finetune open-qa",
    files: Object.fromEntries(["train", "dev", "test"].map((part) => [part, from("openqa-xquad", `${part}.txt`)])),
    metrics: ["test.exactMatch", "test.f1"],
  }),
};

for (const name of listed("tasks")) table(name, name, rows, { epochs: Number(values["head-epochs"]) });
const trained = { trains: "backbone", "learning-rate": 5e-5, epochs: Number(values["trained-epochs"]) };
for (const name of trainedRows.length > 0 ? listed("trained-tasks") : []) {
  table(name, `${name}-trained`, trainedRows, trained);
}

/** Trains and tests a task's rows over all seeds. */
function table(name, folder, chosen, how) {
  const task = tasks[name]?.();
  if (!task) throw new Error(`${name} is none of ${Object.keys(tasks).join(", ")}`);
  const options = {
    ...{ backbone: values.backbone, ...task.files, ...how, "max-length": Number(values["max-length"]) },
    ...Object.fromEntries(passed("threads", "max-steps").map((name) => [name, Number(values[name])])),
    ...Object.fromEntries(passed("cache", "device").map((name) => [name, values[name]])),
  };
  const file = at(`${folder}.json`);
  const sweep = { run: task.run, out: at(folder), options, seeds, metrics: task.metrics };
  // JSON is YAML, too.
  writeFileSync(file, JSON.stringify({ ...sweep, rows: chosen.map((row) => ({ name: row, ...settings(row) })) }));
  kadapter(["sweep", file]);
  console.log(`${name}: ${at(folder, "table.md")}`);
}
