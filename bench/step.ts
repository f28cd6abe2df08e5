/**
 * `npm run bench:step`: seconds, GFLOP/s and memory of one full-size training step, beside the same step in PyTorch.
 * @module
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { userError } from "../src/errors.js";
import { randomBackboneFolder } from "./backbone-folder.js";
import { command, row as tableRow, whole } from "./command.js";
import type { Measured, MeasureRequest } from "./measure.js";
import { lastLine, peerAdvice, peerPython, runPeer } from "./peer.js";
import { type BatchShape, full, type Sizes, tiny } from "./sizes.js";

const usage = `npm run bench:step -- [options]
  --batch N         sentences in a batch (16)
  --length N        longest sentence in tokens (64)
  --lengths KIND    fixed: all of that length; real: as in T-REx, padded to the batch's longest (fixed)
  --repetitions N   rounds that count, after two of warm-up (7)
  --device NAME     cpu, cuda or webgpu; PyTorch has no webgpu (cpu)
  --threads N       threads of both sides (one a core)
  --tiny            sizes of a toy: only to see that the benchmark works
  --no-peer         without PyTorch
  --json            the last line is one JSON object`;

interface Peer {
  readonly torch: string;
  readonly threads: number;
  readonly seconds: Readonly<Record<"backbone" | "forward" | "backward" | "update" | "step", number>>;
  readonly peakMemory: number;
}

function options() {
  const { values } = parseArgs({
    options: {
      batch: { type: "string", default: "16" },
      length: { type: "string", default: "64" },
      lengths: { type: "string", default: "fixed" },
      repetitions: { type: "string", default: "7" },
      device: { type: "string", default: "cpu" },
      threads: { type: "string", default: String(availableParallelism()) },
      tiny: { type: "boolean", default: false },
      "no-peer": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.lengths !== "fixed" && values.lengths !== "real")
    throw userError({ where: "--lengths", what: values.lengths, expected: "fixed or real" });
  if (values.device !== "cpu" && values.device !== "cuda" && values.device !== "webgpu")
    throw userError({ where: "--device", what: values.device, expected: "cpu, cuda or webgpu" });
  const device: MeasureRequest["device"] = values.device;
  const batch: BatchShape = { batch: whole(values, "batch"), length: whole(values, "length"), lengths: values.lengths };
  const peerless = values["no-peer"] || device === "webgpu";
  return {
    ...values,
    device,
    peerless,
    batch,
    repetitions: whole(values, "repetitions"),
    threads: whole(values, "threads"),
  };
}

type Settings = ReturnType<typeof options>;

async function measureOurs(settings: Settings, sizes: Sizes, backbone: string): Promise<Measured> {
  const { batch, device, threads, repetitions } = settings;
  const request: MeasureRequest = {
    sizes: sizes.name as "full" | "tiny",
    backbone,
    batch,
    device,
    threads,
    repetitions,
    seed: 1,
  };
  const script = fileURLToPath(new URL("./measure.js", import.meta.url));
  return JSON.parse(await lastLine(process.execPath, [script, JSON.stringify(request)])) as Measured;
}

function measurePeer({ batch, device, repetitions, threads }: Settings, sizes: Sizes, python: string, modern: boolean) {
  const { backbone, adapter, labels } = sizes;
  const numbers = {
    batch: batch.batch,
    // The released code pads every batch to the same length.
    length: batch.length,
    repetitions,
    labels,
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
  const args = Object.entries({ ...numbers, device }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return runPeer<Peer>(python, "step.py", modern ? [...args, "--modern"] : args, threads);
}

const fixed = (value: number, digits = 2) => value.toFixed(digits);
const row = (...cells: readonly string[]) => tableRow(30, ...cells);

function printOurs(m: Measured, { batch, device, threads }: Settings): void {
  console.log(
    `\n${batch.batch} sentences padded to ${m.width} tokens (${m.tokens} of ${batch.batch * m.width} are real); ` +
      `${fixed(m.parameters / 1e6, 1)} M trained parameters; ` +
      (device === "cpu" ? `${threads} threads` : device),
  );
  console.log(`GEMM peak of this device and engine, measured between the steps: ${fixed(m.peak, 0)} GFLOP/s\n`);
  console.log(row("", "seconds", "GFLOP", "GFLOP/s", "of peak"));
  const line = (label: string, name: keyof Measured["share"]) => {
    const gflop = m.needed[name];
    const speed = gflop / m.seconds[name];
    console.log(
      row(label, fixed(m.seconds[name], 3), fixed(gflop, 1), fixed(speed, 0), `${fixed(100 * m.share[name], 1)} %`),
    );
  };
  line("backbone, forward", "backbone");
  line("adapter, forward", "forward");
  line("adapter, forward + backward", "gradients");
  console.log(row("clipping + AdamW alone", fixed(m.seconds.update, 3)));
  line("adapter, whole step", "step");
  console.log(
    `\nGFLOP are those that are needed; the step's graph runs ${fixed(m.executed.step, 1)}. ` +
      `Every position of the last adapter layer would take ${fixed(m.unpruned, 1)}.`,
  );
  const { stepPeak, trainingPeak, loaded } = m.memory;
  console.log(
    `Resident memory at its peak: ${fixed(trainingPeak)} GiB training, ${fixed(stepPeak)} GiB with hidden states from a cache; ` +
      `${fixed(loaded)} GiB after loading.`,
  );
  console.log(
    `Loading the backbone: ${fixed(m.load.open, 1)} s to check and hash, ${fixed(m.load.session, 1)} s to load.`,
  );
}

function printPeer(title: string, ours: Measured, peer: Peer): void {
  const { backbone, forward, backward, update, step } = peer.seconds;
  console.log(`\n${title} (torch ${peer.torch}, ${peer.threads} threads, ${fixed(peer.peakMemory)} GiB at the peak)`);
  console.log(row("", "PyTorch", "ours", "ratio"));
  const line = (label: string, theirs: number, mine: number) =>
    console.log(row(label, fixed(theirs, 3), fixed(mine, 3), fixed(theirs / mine)));
  const { seconds } = ours;
  line("backbone, forward", backbone, seconds.backbone);
  line("adapter, forward", forward, seconds.forward);
  line("adapter, forward + backward", forward + backward, seconds.gradients);
  line("clipping + AdamW", update, seconds.update);
  line("adapter, whole step", step, seconds.step);
  line("backbone + step", backbone + step, seconds.backbone + seconds.step);
}

async function main(): Promise<void> {
  const settings = options();
  if (settings.help) {
    console.log(usage);
    return;
  }
  const sizes = settings.tiny ? tiny : full;
  const python = settings.peerless ? null : await peerPython();
  const backbone = await randomBackboneFolder(".cache/bench", sizes, 1);
  console.log(`Random-weight RoBERTa: ${backbone} (kept for the next run)`);
  const ours = await measureOurs(settings, sizes, backbone);
  printOurs(ours, settings);
  const peers: Record<string, Peer> = {};
  if (python) {
    peers["official"] = await measurePeer(settings, sizes, python, false);
    printPeer("PyTorch as the released code does it", ours, peers["official"]);
    peers["modern"] = await measurePeer(settings, sizes, python, true);
    printPeer("PyTorch with its fused attention and fused AdamW", ours, peers["modern"]);
  } else if (!settings.peerless) console.log(`\n${peerAdvice}`);
  if (settings.json) console.log(JSON.stringify({ settings: settings.batch, threads: settings.threads, ours, peers }));
}

await command(main);
