/**
 * `npm run bench:small`: MiniLM with an adapter of its size over Wiki80, beside PyTorch doing what the released code does.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolveAdapterConfig } from "../src/adapters/config.js";
import { userError } from "../src/errors.js";
import { published } from "../src/testing/published.js";
import { peerBackboneConfig } from "./backbone-folder.js";
import { command, whole } from "./command.js";
import { compare, comparisonFlags, comparisonUsage, howLong } from "./comparison.js";

const usage = `npm run bench:small -- [options]
  --backbone DIR    folder of a BERT or RoBERTa, weights as safetensors (models/minilm-l6 in the folder
                    KADAPTER_DATA)
  --data FILE       relations (data/wiki80/train.jsonl in that folder)
  --sentences N     so many of them, drawn by a seed (1024)
  --batch N         sentences in a batch (32)
  --length N        PyTorch's fixed length, and the longest sentence here (64)
  --seed N          of sentences, batches and first weights (1)
${comparisonUsage}`;

/** The command line's default. */
const rate = 3e-4;

function options() {
  const { values } = parseArgs({
    options: {
      ...comparisonFlags,
      backbone: { type: "string", default: published("models", "minilm-l6") },
      data: { type: "string", default: published("data", "wiki80", "train.jsonl") },
      sentences: { type: "string", default: "1024" },
      batch: { type: "string", default: "32" },
      length: { type: "string", default: "64" },
      seed: { type: "string", default: "1" },
    },
  });
  return values;
}

/** The adapter of a model's own width that reads its bottom, middle and top. */
async function adapterFor(backbone: string) {
  const { hiddenSize, layers } = await peerBackboneConfig(backbone);
  const taps = [0, Math.floor(layers / 2), layers];
  return resolveAdapterConfig({ hiddenSize, layers }, "official", { size: hiddenSize, layers: taps });
}

function requireFile(flag: string, path: string, what: string): void {
  const fix = `name ${what}, or set KADAPTER_DATA to a folder that has models/minilm-l6 and data/wiki80`;
  if (!existsSync(path)) throw userError({ where: flag, what: path ? `${path}: no such file` : "is missing", fix });
}

async function main(): Promise<void> {
  const values = options();
  if (values.help) {
    console.log(usage);
    return;
  }
  const { backbone, data } = values;
  requireFile("--backbone DIR", backbone && join(backbone, "config.json"), "a model's folder");
  requireFile("--data FILE", data, "a file of relations");
  const count = (name: "sentences" | "batch" | "threads" | "length" | "seed") => whole(values, name);
  await compare(
    {
      benchmark: "small",
      problem: {
        backbone,
        data,
        rate,
        adapter: await adapterFor(backbone),
        epochs: 2,
        dtype: "float16",
        seed: count("seed"),
        sentences: count("sentences"),
        batch: count("batch"),
        threads: count("threads"),
        maxLength: count("length"),
      },
      precisions: ["float32"],
      peerEpochs: 2,
      loraBatches: 0,
      ratios: {
        first: { label: "first epoch, backbone and adapter", precision: "float32", part: "first" },
        later: { label: "later epochs", precision: "float32", part: "later" },
        epochs: { label: "5 epochs", precision: "float32", part: "all" },
      },
    },
    howLong(values),
  );
}

await command(main);
