// K-Adapter's LAMA experiment without contamination: what a model says alone, beside random adapters and beside factual ones.
//
//   node scripts/lama-experiment.js --backbone DIR --lama DIR --relations FILE --relations-dev FILE \
//     --text FILE [--text …] --text-dev FILE --out DIR [--seeds 1,2,3] [--seen 1] [--sentences 8000] [--texts 800] \
//     [--own-head] \
//     [-- further options of `kadapter pretrain factual`]
//
// A fixed fifth of the subjects is asked; the adapters `facts` are pre-trained without any sentence that names one of
// them, `seen` (for the seeds of --seen) as the paper did, without that care. Heads of one seed are trained on the same
// masked text. --own-head asks the backbone's own head, too, where its weights hold one.
// What is finished is not done again; what was stopped goes on. Needs `npm run build`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deviation, kadapter, mean, node, once, requireFlags } from "./experiment.js";

const text = { type: "string" };
const { values, positionals } = parseArgs({
  options: {
    backbone: text,
    lama: text,
    relations: text,
    "relations-dev": text,
    text: { ...text, multiple: true },
    "text-dev": text,
    out: text,
    cache: text,
    seeds: { ...text, default: "1,2,3" },
    seen: { ...text, default: "1,2,3" },
    sentences: { ...text, default: "8000" },
    texts: { ...text, default: "800" },
    "mask-rate": { ...text, default: "0.15" },
    "mask-draws": text,
    "head-epochs": { ...text, default: "3" },
    "head-batch": { ...text, default: "8" },
    "head-rate": { ...text, default: "3e-3" },
    "own-head": { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const needed = ["backbone", "lama", "relations", "relations-dev", "text", "text-dev", "out"];
requireFlags("scripts/lama-experiment.js", values, needed);
const seeds = values.seeds.split(",");
const seen = values.seen === "" ? [] : values.seen.split(",");
const at = (...names) => join(values.out, ...names);
const cache = values.cache === undefined ? [] : ["--cache", values.cache];
mkdirSync(at("data"), { recursive: true });

function data() {
  const filter = (from, to) =>
    kadapter(["probe", "filter", "--data", values.lama, "--in", from, "--out", to, "--overwrite"]);
  const sample = (from, to, limit) =>
    node([fileURLToPath(new URL("./sample-relations.js", import.meta.url)), from, to, "--limit", String(limit)]);
  /** Sampled records are written in another form, so they are asked once more whom they name. */
  const clean = (name, from, limit) => {
    const all = once(at("data", `${name}-all.json.gz`), (part) => filter(from, part));
    const some = once(at("data", `${name}-sample.jsonl`), (part) => sample(all, part, limit));
    return once(at("data", `${name}.jsonl`), (part) => filter(some, part));
  };
  return {
    facts: clean("facts", values.relations, Number(values.sentences)),
    dev: clean("dev", values["relations-dev"], 500),
    seen: once(at("data", "seen.jsonl"), (part) => sample(values.relations, part, Number(values.sentences))),
  };
}

function pretrain(name, train, dev, seed, more = []) {
  const out = at("adapters", `${name}-${seed}`);
  if (existsSync(join(out, "adapter_config.json"))) return;
  const files = ["--backbone", values.backbone, "--train", train, "--dev", dev, "--out", out];
  kadapter(["pretrain", "factual", ...files, "--seed", seed, "--resume", ...cache, ...positionals, ...more]);
}

/** Every head reads some of these adapters; all are named to all trainings, so that what they say is computed once. */
const adapters = seeds.flatMap((seed) => [
  `random-${seed}`,
  `facts-${seed}`,
  ...(seen.includes(seed) ? [`seen-${seed}`] : []),
]);
const setsOf = (seed) => ["none", ...adapters.filter((name) => name.endsWith(`-${seed}`))];

function trainHeads(seed) {
  const named = adapters.map((name) => `${name}=${at("adapters", name)}`);
  const files = ["--backbone", values.backbone, "--train", ...values.text, "--dev", values["text-dev"]];
  const sizes = ["--max-texts", values.texts, "--dev-texts", 200, "--epochs", values["head-epochs"]];
  const steps = ["--batch-size", values["head-batch"], "--learning-rate", values["head-rate"]];
  const draws = values["mask-draws"] === undefined ? [] : ["--mask-draws", values["mask-draws"]];
  const masks = ["--mask-seed", 0, "--mask-rate", values["mask-rate"], ...draws];
  const which = ["--adapter", ...named, "--sets", setsOf(seed).join(","), "--seed", seed];
  const out = at("heads", seed);
  const call = [
    "probe",
    "train-head",
    ...files,
    "--out",
    out,
    ...sizes,
    ...steps,
    ...masks,
    ...which,
    ...cache,
    "--resume",
  ];
  return once(`${out}.json`, (part) => {
    mkdirSync(at("heads"), { recursive: true });
    writeFileSync(part, JSON.stringify(kadapter(call)));
  });
}

/** The probes: their options, and the parts of LAMA that they ask. */
const probes = {
  fifth: ["--subjects", "fifth"],
  "fifth-typed": ["--subjects", "fifth", "--answers", "objects"],
  "fifth-uhn": ["--subjects", "fifth", "--uhn", "full"],
  rest: ["--subjects", "rest"],
};

function ask(who, name, model) {
  const vocabulary = join(values.lama, "common_vocab_cased.txt");
  const asked = ["--data", values.lama, "--from", "trex,google-re", "--vocabulary", vocabulary];
  const file = once(at("probes", `${who}-${name}.json`), (part) => {
    mkdirSync(at("probes"), { recursive: true });
    writeFileSync(part, JSON.stringify(kadapter(["probe", "lama", ...asked, ...model, ...probes[name]])));
  });
  return JSON.parse(readFileSync(file, "utf8"));
}

const probe = (seed, name) => ask(seed, name, ["--heads", at("heads", seed), "--sets", setsOf(seed).join(",")]);
const askOwnHead = (name) => (values["own-head"] ? ask("own-head", name, ["--backbone", values.backbone]) : null);

const show = (rates, scale = 100, digits = 1) => {
  const scaled = rates.map((rate) => scale * rate);
  const spread = rates.length > 1 ? ` ± ${deviation(scaled).toFixed(digits)}` : "";
  return mean(scaled).toFixed(digits) + spread;
};

/** Results of one kind of set (none, random, facts, seen) over the seeds. */
const over = (reports, kind, pick) =>
  Object.entries(reports).flatMap(([seed, report]) => {
    const set = kind === "none" ? "none" : `${kind}-${seed}`;
    return pick(report, set) ?? [];
  });
const kinds = ["none", "random", "facts", ...(seen.length > 0 ? ["seen"] : [])];
const macro = (part) => (report, set) => report[part]?.macro[set];

const cells = (scores) => ["p1", "p10", "p100"].map((key) => show(scores.map((one) => one[key])));
const macroRow = (kind, scores) =>
  `| ${[
    kind,
    ...cells(scores),
    show(
      scores.map(({ mrr }) => mrr),
      1,
      3,
    ),
    scores.length,
  ].join(" | ")} |`;

function totals(reports, own, part, title) {
  const first = Object.values(reports)[0][part];
  const { questions } = Object.values(first.macro)[0];
  const left = Object.entries(first.skipped).map(([reason, count]) => `${reason} ${count}`);
  const rows = kinds.map((kind) => macroRow(kind, over(reports, kind, macro(part))));
  if (own?.[part]) rows.unshift(macroRow("own head", Object.values(own[part].macro)));
  const head = "| set | P@1 | P@10 | P@100 | MRR | seeds |\n| --- | --- | --- | --- | --- | --- |";
  return `${title}: ${questions} of ${first.facts} facts asked (${left.join(", ")})\n\n${head}\n${rows.join("\n")}\n`;
}

function relations(reports, part, title) {
  const names = Object.values(reports)[0][part].relations.filter(({ scores }) => scores.none.questions > 0);
  const rows = names.map(({ relation, scores }) => {
    const of = (kind) =>
      show(
        over(
          reports,
          kind,
          (report, set) => report[part].relations.find((one) => one.relation === relation)?.scores[set]?.p1,
        ),
      );
    return `| ${relation} | ${scores.none.questions} | ${kinds.map(of).join(" | ")} |`;
  });
  const head = `| relation | facts | ${kinds.join(" | ")} |\n| --- | --- |${" --- |".repeat(kinds.length)}`;
  return `P@1 by relation, ${title}\n\n${head}\n${rows.join("\n")}\n`;
}

function headQuality() {
  const reports = Object.fromEntries(seeds.map((seed) => [seed, JSON.parse(readFileSync(trainHeads(seed), "utf8"))]));
  const rows = kinds.map((kind) => {
    const pick = (key) => over(reports, kind, (report, set) => report.sets[set]?.[key]);
    return `| ${kind} | ${show(pick("perplexity"), 1)} | ${show(pick("accuracy"))} |`;
  });
  const { trainTexts, devTexts } = reports[seeds[0]];
  return `Heads: ${trainTexts} texts, tested on ${devTexts}\n\n| set | perplexity | masked accuracy |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}

const files = data();
for (const seed of seeds) {
  pretrain("random", files.facts, files.dev, seed, ["--freeze-adapter", "--max-steps", "1"]);
  pretrain("facts", files.facts, files.dev, seed);
  if (seen.includes(seed)) pretrain("seen", files.seen, files.dev, seed);
}
for (const seed of seeds) trainHeads(seed);
const tables = [headQuality()];
for (const name of Object.keys(probes)) {
  const reports = Object.fromEntries(seeds.map((seed) => [seed, probe(seed, name)]));
  const own = askOwnHead(name);
  for (const part of ["trex", "google-re"]) tables.push(totals(reports, own, part, `${part}, ${name}`));
  if (!name.startsWith("fifth") || name.endsWith("uhn")) continue;
  for (const part of ["trex", "google-re"]) tables.push(relations(reports, part, `${part}, ${name}`));
}
writeFileSync(at("tables.md"), tables.join("\n"));
console.log(tables.join("\n"));
