/**
 * `npm run bench:curve`: the same learning as PyTorch's. Padded as the released code does, without dropout and from the
 * same weights, the losses of both sides must agree step by step.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolveAdapterConfig } from "../src/adapters/config.js";
import { userError } from "../src/errors.js";
import { published } from "../src/testing/published.js";
import { peerBackboneConfig, randomBackboneFolder } from "./backbone-folder.js";
import { command, fixed, row, whole } from "./command.js";
import { measureOurs, measurePeer } from "./epochs.js";
import { peerAdvice, peerPython } from "./peer.js";
import type { PretrainRequest } from "./request.js";
import { tiny } from "./sizes.js";

const usage = `npm run bench:curve -- [options]
  --backbone DIR    folder of a BERT or RoBERTa (a RoBERTa of 4 layers with random weights)
  --data FILE       relations (data/trex-rc/dev.json in the folder KADAPTER_DATA, or else the project's own)
  --steps N         (30)
  --batch N         sentences in a batch (16)
  --rate R          learning rate (3e-4)
  --threads N       threads of both sides (one a core)
  --json            the last line is one JSON object`;

/** The largest difference of a step's losses. */
const tolerance = 1e-3;
/** The released code's fixed length. */
const maxLength = 64;
/** Sentences come back in other batches: what was learnt of them shows. */
const epochs = 3;

function options() {
  const { values } = parseArgs({
    options: {
      backbone: { type: "string" },
      data: { type: "string", default: published("data", "trex-rc", "dev.json") },
      steps: { type: "string", default: "30" },
      batch: { type: "string", default: "16" },
      rate: { type: "string", default: "3e-4" },
      threads: { type: "string", default: String(availableParallelism()) },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values;
}

async function requestOf(values: ReturnType<typeof options>, scratch: string): Promise<PretrainRequest> {
  const [steps, batch, rate] = [whole(values, "steps"), whole(values, "batch"), Number(values.rate)];
  if (!(rate > 0)) throw userError({ where: "--rate", what: values.rate, expected: "a number above 0" });
  const backbone = values.backbone ?? (await randomBackboneFolder(".cache/bench", tiny, 1));
  const { hiddenSize, layers } = await peerBackboneConfig(backbone);
  return {
    backbone,
    data: values.data || null,
    // A few more, for those whose entities stand too far apart.
    sentences: batch * (Math.ceil(steps / epochs) + 2),
    adapter: resolveAdapterConfig({ hiddenSize, layers }, "official", {
      layers: [0, Math.floor(layers / 2), layers],
      size: Math.min(384, hiddenSize),
      maskPadding: false,
      dropout: 0,
    }),
    fixedWidth: true,
    batch,
    maxLength,
    epochs,
    maxSteps: steps,
    rate,
    seed: 1,
    threads: whole(values, "threads"),
    precision: "float32",
    dtype: "float32",
    scratch,
  };
}

async function main(): Promise<void> {
  const values = options();
  if (values.help) {
    console.log(usage);
    return;
  }
  const python = await peerPython();
  if (!python) throw userError({ what: peerAdvice });
  const scratch = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const request = await requestOf(values, scratch);
    const ours = (await measureOurs(request)).losses;
    const peer = await measurePeer(python, request, { epochs, loraBatches: 0 });
    const theirs = peer.official.losses.slice(0, ours.length);
    console.log(`${row(6, "step", "kadapter", "PyTorch", "difference")}`);
    const differences = ours.map((loss, i) => Math.abs(loss - (theirs[i] ?? Number.NaN)));
    for (const [i, loss] of ours.entries()) {
      const cells = [fixed(loss, 6), fixed(theirs[i] ?? Number.NaN, 6), (differences[i] as number).toExponential(1)];
      console.log(row(6, String(i + 1), ...cells));
    }
    const largest = Math.max(...differences);
    const ok = largest <= tolerance;
    console.log(`\nLargest difference ${largest.toExponential(2)}; ${ok ? "within" : "FAILED: above"} ${tolerance}.`);
    if (!ok) process.exitCode = 1;
    if (values.json) console.log(JSON.stringify({ benchmark: "curve", ours, peer: theirs, largest, ok }));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await command(main);
