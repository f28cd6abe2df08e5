/**
 * The measuring process of `bench:pretrain`, `bench:small` and `bench:curve`: epochs through the project's own training,
 * from a cold cache. Prints one JSON line.
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openBackbone } from "../src/features/backbone-handle.js";
import { writeFileAtomically } from "../src/files/atomic.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { attentionFlops, linearFlops, stepFlops } from "./flops.js";
import { floatPeak, int8Peak } from "./peaks.js";
import { type PretrainMeasured, type PretrainRequest, peerFiles } from "./request.js";
import { ownSentences, sentencesOf } from "./sentences.js";
import { resident } from "./stats.js";
import { type BenchTraining, benchTraining } from "./training.js";

/** Positions of a sentence that the head reads: subject and object. */
const read = 2;

async function measure(request: PretrainRequest): Promise<PretrainMeasured> {
  const { scratch, data, sentences, seed, adapter, precision, dtype } = request;
  const backbone = await openBackbone(request.backbone);
  const examples = data === null ? ownSentences(sentences, seed) : await sentencesOf(data, sentences, seed);
  const [cache, out] = [join(scratch, "cache"), join(scratch, "run")];
  const removeRun = () => Promise.all([cache, out].map((folder) => rm(folder, { recursive: true, force: true })));
  await removeRun();
  const training = benchTraining(backbone, examples, request, { cache, cacheLimit: 2 ** 40, dtype, precision });
  await writePeerFiles(scratch, training);

  const executor = await workerExecutor({ device: "cpu", threads: request.threads });
  const float32 = await floatPeak(executor, adapter.size, adapter.intermediateSize);
  const { hiddenSize, intermediateSize } = backbone.config;
  const backbonePeak = precision === "int8" ? await int8Peak(executor, hiddenSize, intermediateSize) : float32;
  const times = await training.run(executor, out);
  await executor.close();
  await removeRun();

  const { lengths } = training;
  const sum = (of: (width: number) => number) => lengths.reduce((all, width) => all + of(width), 0) / 1e9;
  return {
    ...times,
    sentences: lengths.length,
    meanTokens: lengths.reduce((all, length) => all + length, 0) / lengths.length,
    labels: training.labels,
    stepsPerEpoch: (training.epochs[0] ?? []).length,
    needed: {
      linear: sum((width) => linearFlops(backbone.config, { batch: 1, width }, read)),
      attention: sum((width) => attentionFlops(backbone.config, { batch: 1, width }, read)),
      epoch: sum((width) => {
        const { forward, backward } = stepFlops(adapter, hiddenSize, training.labels, { batch: 1, width }, read);
        return forward + backward;
      }),
    },
    peak: { float32, backbone: backbonePeak },
    memory: resident().peak,
  };
}

async function writePeerFiles(scratch: string, { encoded, labels, epochs, writeStart }: BenchTraining): Promise<void> {
  const files = peerFiles(scratch);
  const sentences = encoded().map(({ inputIds, subject, object, label }) => ({
    ids: [...inputIds],
    subject,
    object,
    label,
  }));
  await writeFileAtomically(files.taskData, JSON.stringify({ labels, sentences, epochs }));
  await writeStart(files.start);
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? "") as PretrainRequest)));
