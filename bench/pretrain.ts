/**
 * `npm run bench:pretrain`: epochs of factual pre-training at full size, beside PyTorch doing what the released code
 * does and beside LoRA.
 * @module
 */
import { parseArgs } from "node:util";
import { published } from "../src/testing/published.js";
import { randomBackboneFolder } from "./backbone-folder.js";
import { command, whole } from "./command.js";
import { compare, comparisonFlags, comparisonUsage, howLong } from "./comparison.js";
import { countedEpochs } from "./epochs.js";
import { full, tiny } from "./sizes.js";

const usage = `npm run bench:pretrain -- [options]
  --data FILE       relations (data/trex-rc/dev.json in the folder KADAPTER_DATA, or else the project's own)
  --tokenizer DIR   a RoBERTa's vocabulary (tokenizers/roberta in that folder, or else a small one of the project's own)
  --sentences N     sentences (256)
  --batch N         sentences in a batch (64)
  --lora-batches N  batches of LoRA that are timed, 0: none (1)
  --tiny            sizes of a toy: only to see that the benchmark works
${comparisonUsage}`;

/** The released code's fixed length. */
const maxLength = 64;
/** The released scripts' highest rate. */
const rate = 5e-5;

function options() {
  const { values } = parseArgs({
    options: {
      ...comparisonFlags,
      data: { type: "string" },
      tokenizer: { type: "string" },
      sentences: { type: "string", default: "256" },
      batch: { type: "string", default: "64" },
      "lora-batches": { type: "string", default: "1" },
      tiny: { type: "boolean", default: false },
    },
  });
  return values;
}

async function main(): Promise<void> {
  const values = options();
  if (values.help) {
    console.log(usage);
    return;
  }
  const sizes = values.tiny ? tiny : full;
  const count = (name: "sentences" | "batch" | "threads") => whole(values, name);
  const usual = (...names: readonly string[]) => (values.tiny ? "" : published(...names)) || null;
  const data = values.data ?? usual("data", "trex-rc", "dev.json");
  const tokenizer = values.tokenizer ?? usual("tokenizers", "roberta");
  const backbone = await randomBackboneFolder(".cache/bench", sizes, 1, tokenizer);
  await compare(
    {
      benchmark: "pretrain",
      problem: {
        backbone,
        data,
        rate,
        adapter: sizes.adapter,
        epochs: 3,
        dtype: "float16",
        seed: 1,
        sentences: count("sentences"),
        batch: count("batch"),
        threads: count("threads"),
        maxLength,
      },
      precisions: ["float32", "int8"],
      peerEpochs: 1,
      loraBatches: whole(values, "lora-batches", 0),
      ratios: {
        float32: { label: `${countedEpochs} epochs, float32`, precision: "float32", part: "all" },
        int8: { label: `${countedEpochs} epochs, int8 backbone`, precision: "int8", part: "all" },
        later: { label: "later epochs, or another adapter on the cache", precision: "float32", part: "later" },
      },
    },
    howLong(values),
  );
}

await command(main);
