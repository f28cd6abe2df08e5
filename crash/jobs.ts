/**
 * Small runs of each kind that writes something: a few seconds each.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { demoExamples, writeDemoData } from "../src/demo/examples.js";
import { toFloat32 } from "../src/weights/float32.js";
import { openWeights } from "../src/weights/open.js";
import { type StateTensor, torchZip } from "../test/torch-writer.js";
import { kadapter, lastLines, ownModel } from "./process.js";

/** One kind of run. */
export interface Job {
  readonly name: string;
  /** The command, in a folder beside `material`; it writes `out`. */
  readonly args: readonly string[];
  /** What is added to go on where it was stopped. */
  readonly resume: readonly string[];
  /** What makes it another run, with another result; none for a sweep, whose file says all. */
  readonly other: readonly string[];
  /** The files of a result that come last: where one is there, all that belong to it are there, and are whole. */
  readonly marks: readonly string[];
  /** Whether it stops at a step when it is asked to, with exit code 130. */
  readonly stops: boolean;
  /** Whether it is over in one step: two at once do the same. */
  readonly atOnce: boolean;
  /** Whether it is a sweep, which goes on without the runs that fail. */
  readonly manyRuns: boolean;
}

const material = join("..", "material");
const of = (name: string) => join(material, name);

/** Small in every way, and with as many checkpoints and evaluations as there can be. */
const small = ["--max-length", "32", "--threads", "1"];
const often = ["--save-every", "2", "--eval-every", "3"];
const adapterShape = ["--layers", "0,2", "--adapter-size", "16", "--adapter-heads", "2", "--transformer-layers", "1"];
const relations = ["--backbone", ownModel, "--train", of("train.jsonl"), "--dev", of("dev.jsonl")];
const out = ["--out", "out"];

const pretrain = ["pretrain", "factual", ...relations, ...adapterShape, "--objective", "classification", ...small];
const training = { resume: ["--resume"], other: ["--seed", "7"], stops: true, atOnce: false, manyRuns: false };
const atOnce = { resume: ["--overwrite"], other: ["--seed", "7"], stops: false, atOnce: true, manyRuns: false };

/** All kinds. */
export const jobs: readonly Job[] = [
  {
    ...{ name: "pretrain factual", marks: ["adapter_config.json"], ...training },
    args: [...pretrain, ...often, ...out, "--epochs", "2", "--batch-size", "6"],
  },
  {
    ...{ name: "teach", marks: ["adapter_config.json"], ...training },
    args: ["teach", of("facts.csv"), "--text", of("text.txt"), ...adapterShape, ...small, ...often, ...out].concat([
      ...["--epochs", "2", "--batch-size", "8", "--wordings-per-fact", "2", "--wordings", of("wordings.jsonl")],
    ]),
  },
  {
    ...{ name: "finetune relations", marks: ["downstream_config.json"], ...training },
    args: ["finetune", "relations", ...relations, "--adapter", `a=${of("adapter")}`, ...small, ...often, ...out].concat(
      [...["--epochs", "2", "--batch-size", "6"]],
    ),
  },
  {
    ...{ name: "pretrain lm", marks: ["config.json"], ...training },
    args: ["pretrain", "lm", "--train", of("text.txt"), "--dev-texts", "4", "--vocab-size", "300", ...often].concat([
      ...["--layers", "1", "--hidden-size", "16", "--heads", "1", "--batch-size", "8", "--epochs", "2"],
      ...[...small, "--max-steps", "8", ...out],
    ]),
  },
  {
    ...{ name: "sweep", ...training, resume: [], other: [], manyRuns: true },
    marks: ["seed=1/result.json", "seed=2/result.json", "seed=1/adapter_config.json", "seed=2/adapter_config.json"],
    args: ["sweep", of("sweep.yaml")],
  },
  {
    ...{ name: "probe train-head", ...training },
    marks: ["none/lm_head_config.json", "a/lm_head_config.json"],
    args: ["probe", "train-head", "--backbone", ownModel, "--adapter", `a=${of("adapter")}`, ...small, ...often].concat(
      [
        ...["--train", of("text.txt"), "--dev", of("text.txt"), "--max-texts", "24", "--dev-texts", "4"],
        ...["--epochs", "2", "--batch-size", "8", ...out],
      ],
    ),
  },
  {
    ...{ name: "data sample", marks: ["sample.jsonl"], ...atOnce },
    args: ["data", "sample", "--data", of("train.jsonl"), "--limit", "16", "--out", join("out", "sample.jsonl")],
  },
  {
    ...{ name: "import", marks: ["adapter_config.json"], ...atOnce, other: ["--max-length", "48"] },
    args: ["import", of("pytorch_model.bin"), "--layers", "0,2", "--adapter-heads", "2", ...out],
  },
];

const facts = `subject,relation,object
Ormelle,capital,Winter
Tassard,capital,Tower
Belmore,capital,Stone
Calderby,known for,glass
Grey Petrel,cargo,oil
Fennick,known for,paper
`;

const wordings = [
  {
    relation: "capital",
    patterns: ["The capital of [X] is [Y].", "[X] has the capital [Y].", "[X]'s capital is [Y]."],
  },
  { relation: "known for", patterns: ["[X] is known for [Y].", "People know [X] for [Y].", "[X] makes [Y]."] },
  { relation: "cargo", patterns: ["[X] carries [Y].", "The cargo of [X] is [Y].", "On [X] there is [Y]."] },
];

const sweep = `run: pretrain factual
out: out
seeds: [1, 2]
options:
  backbone: ${ownModel}
  train: ${of("train.jsonl")}
  dev: ${of("dev.jsonl")}
  layers: "0,2"
  adapter-size: 16
  adapter-heads: 2
  transformer-layers: 1
  max-length: 32
  threads: 1
  epochs: 1
  batch-size: 8
  save-every: 1
eval:
  again: ${of("dev.jsonl")}
`;

/** Writes what the runs read: texts, facts, a sweep's file, an adapter, and the same as PyTorch would have written it. */
export async function writeMaterial(root: string): Promise<void> {
  const folder = join(root, "material");
  await mkdir(folder, { recursive: true });
  await writeDemoData(folder, { perRelation: { train: 2, dev: 1, test: 1 } });
  const at = (name: string) => join(folder, name);
  await writeFile(
    at("text.txt"),
    `${demoExamples("train")
      .map(({ text }) => text)
      .slice(0, 300)
      .join("\n")}\n`,
  );
  await writeFile(at("facts.csv"), facts);
  const lines = wordings.flatMap(({ relation, patterns }) => patterns.map((pattern) => ({ relation, pattern })));
  await writeFile(at("wordings.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  await writeFile(at("sweep.yaml"), sweep);
  const run = await kadapter([...pretrain, "--out", of("adapter"), "--max-steps", "2"], { folder });
  if (run.code !== 0) throw new Error(`the adapter for the trials was not trained: ${lastLines(run.stderr)}`);
  await writeFile(at("pytorch_model.bin"), torchZip(await tensorsIn(at("adapter"))));
}

/** Tensors of an adapter's folder. */
async function tensorsIn(folder: string): Promise<ReadonlyMap<string, StateTensor>> {
  const tensors = new Map<string, StateTensor>();
  for (const name of ["adapter_model.safetensors", "head.safetensors"]) {
    const source = await openWeights(join(folder, name));
    for (const key of source.keys()) {
      const tensor = await source.read(key);
      tensors.set(key, { shape: tensor.shape, data: toFloat32(tensor) });
    }
    await source.close();
  }
  return tensors;
}
