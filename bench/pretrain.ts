/**
 * `npm run bench:pretrain`: epochs of factual pre-training at full size, beside PyTorch doing what the released code
 * does and beside LoRA.
 * @module
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { BackbonePrecision } from "../src/training/frozen-backbone.js";
import { randomBackboneFolder } from "./backbone-folder.js";
import { lastLine, peerAdvice, peerPython, runPeer } from "./peer.js";
import type { PretrainMeasured, PretrainRequest } from "./pretrain-measure.js";
import { full, type Sizes, tiny } from "./sizes.js";

const usage = `npm run bench:pretrain -- [options]
  --sentences N     sentences (256)
  --batch N         sentences in a batch (64)
  --threads N       threads of both sides (one a core)
  --lora-batches N  batches of LoRA that are timed, 0: none (1)
  --tiny            sizes of a toy: only to see that the benchmark works
  --no-peer         without PyTorch
  --json            the last line is one JSON object`;

/** The released code's fixed length. */
const maxLength = 64;
const countedEpochs = 5;
const shared = { data: "../shared/data/trex-rc/dev.json", tokenizer: "../shared/tokenizers/roberta" };

interface PeerEpoch {
  readonly epoch: number;
  readonly losses: readonly number[];
}

interface Peer {
  readonly torch: string;
  readonly threads: number;
  readonly official: PeerEpoch;
  readonly lora?: PeerEpoch & { readonly batches: number };
}

function options() {
  const { values } = parseArgs({
    options: {
      sentences: { type: "string", default: "256" },
      batch: { type: "string", default: "64" },
      threads: { type: "string", default: String(availableParallelism()) },
      "lora-batches": { type: "string", default: "1" },
      tiny: { type: "boolean", default: false },
      "no-peer": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const count = (name: "sentences" | "batch" | "threads" | "lora-batches", least = 1): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least)
      throw new Error(`--${name}: a number from ${least}, not ${values[name]}`);
    return value;
  };
  return {
    ...values,
    sentences: count("sentences"),
    batch: count("batch"),
    threads: count("threads"),
    loraBatches: count("lora-batches", 0),
  };
}

type Settings = ReturnType<typeof options>;

async function measureOurs(request: PretrainRequest): Promise<PretrainMeasured> {
  const script = fileURLToPath(new URL("./pretrain-measure.js", import.meta.url));
  return JSON.parse(await lastLine(process.execPath, [script, JSON.stringify(request)])) as PretrainMeasured;
}

function measurePeer(settings: Settings, { backbone, adapter }: Sizes, labels: number, data: string, python: string) {
  const numbers = {
    data,
    batch: settings.batch,
    length: maxLength,
    labels,
    "lora-batches": settings.loraBatches,
    vocabulary: backbone.vocab_size,
    hidden: backbone.hidden_size,
    layers: backbone.num_hidden_layers,
    heads: backbone.num_attention_heads,
    inner: backbone.intermediate_size,
    adapter: adapter.size,
    "adapter-heads": adapter.heads,
    "adapter-inner": adapter.intermediateSize,
    "adapter-layers": adapter.transformerLayers,
    taps: adapter.layers.join(),
  };
  const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return runPeer<Peer>(python, "pretrain.py", args, settings.threads);
}

const fixed = (value: number, digits = 1) => value.toFixed(digits);
const row = (...cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(44) : cell.padStart(11))).join("");

/** Seconds of our epochs: the first has the backbone in it. */
function epochsOf({ backbone, epochs }: PretrainMeasured) {
  const later = epochs[1] as number;
  const first = backbone + (epochs[0] as number);
  return { first, later, all: first + (countedEpochs - 1) * later };
}

/** The same at the machine's GEMM peak, if nothing but needed products took time. */
function limitsOf({ needed, peak }: PretrainMeasured) {
  const later = needed.epoch / peak;
  const first = needed.backbone / peak + later;
  return { first, later, all: first + (countedEpochs - 1) * later };
}

function printOurs(precision: BackbonePrecision, ours: PretrainMeasured): void {
  const { first, later, all } = epochsOf(ours);
  const limit = limitsOf(ours);
  const line = (name: string, value: number, least: number) => console.log(row(name, fixed(value), fixed(least)));
  console.log(`\n${row(`${precision} backbone`, "seconds", "at peak")}`);
  line("first epoch (backbone and adapter)", first, limit.first);
  line("later epochs, each", later, limit.later);
  line(`${countedEpochs} epochs`, all, limit.all);
  console.log(`Memory at its peak ${fixed(ours.memory, 2)} GiB. ${ours.notes.join(". ")}`);
}

/** Peer's time ÷ ours, and ÷ what the machine's peak and the arithmetic allow. */
function compare(float32: PretrainMeasured, int8: PretrainMeasured, peer: Peer) {
  const theirs = peer.official.epoch;
  const ratio = {
    float32: (countedEpochs * theirs) / epochsOf(float32).all,
    int8: (countedEpochs * theirs) / epochsOf({ ...float32, backbone: int8.backbone }).all,
    later: theirs / epochsOf(float32).later,
  };
  const limit = {
    float32: (countedEpochs * theirs) / limitsOf(float32).all,
    later: theirs / limitsOf(float32).later,
  };
  console.log(`\nPyTorch ${peer.torch}, ${peer.threads} threads: ${fixed(theirs)} s each epoch, every sentence padded`);
  if (peer.lora) {
    const { epoch, batches } = peer.lora;
    console.log(`LoRA (rank 8, query and value): ${fixed(epoch)} s an epoch, from ${batches} timed batches`);
  }
  console.log(`\n${row("ratio to PyTorch as the released code does it", "ratio", "limit")}`);
  console.log(row(`${countedEpochs} epochs, float32`, fixed(ratio.float32, 2), fixed(limit.float32, 2)));
  console.log(row(`${countedEpochs} epochs, int8 backbone`, fixed(ratio.int8, 2)));
  console.log(row("later epochs, or another adapter on the cache", fixed(ratio.later, 2), fixed(limit.later, 2)));
  console.log(`\nlosses, ours   ${float32.losses.map((loss) => fixed(loss, 3)).join(" ")}`);
  console.log(`losses, theirs ${peer.official.losses.map((loss) => fixed(loss, 3)).join(" ")}`);
  const lora = peer.lora ? (countedEpochs * peer.lora.epoch) / epochsOf(float32).all : null;
  return { ratio: { ...ratio, lora }, limit };
}

async function main(): Promise<void> {
  const settings = options();
  if (settings.help) {
    console.log(usage);
    return;
  }
  const sizes = settings.tiny ? tiny : full;
  const python = settings["no-peer"] ? null : await peerPython();
  const data = existsSync(shared.data) && !settings.tiny ? shared.data : null;
  const backbone = await randomBackboneFolder(".cache/bench", sizes, 1, data ? shared.tokenizer : null);
  const scratch = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const { sentences, batch, threads } = settings;
    const tokens = join(scratch, "tokens.jsonl");
    const measured = async (precision: BackbonePrecision) => {
      const size = settings.tiny ? "tiny" : "full";
      const common = { sizes: size, backbone, data, sentences, batch, maxLength, threads, tokens } as const;
      const result = await measureOurs({ ...common, precision, scratch: join(scratch, precision) });
      printOurs(precision, result);
      return result;
    };
    const float32 = await measured("float32");
    console.log(
      `${float32.sentences} sentences of ${fixed(float32.meanTokens)} tokens on average (${data ?? "the project's own"}), ` +
        `${float32.steps} steps an epoch, ${threads} threads, GEMM peak ${fixed(float32.peak, 0)} GFLOP/s`,
    );
    const int8 = await measured("int8");
    if (!python && !settings["no-peer"]) console.log(`\n${peerAdvice}`);
    const peer = python ? await measurePeer(settings, sizes, float32.labels, tokens, python) : null;
    const compared = peer ? compare(float32, int8, peer) : {};
    if (settings.json) console.log(JSON.stringify({ ...compared, float32, int8, peer }));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
