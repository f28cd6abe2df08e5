/**
 * The measuring process of `bench:pretrain`: two epochs through the project's own training, from a cold cache.
 * Prints one JSON line.
 * @module
 */
import { rm } from "node:fs/promises";
import { type RelationExample, readRelations } from "../src/data/index.js";
import { demoExamples } from "../src/demo/examples.js";
import { writeFileAtomically } from "../src/files/atomic.js";
import { RandomStream } from "../src/random.js";
import { workerExecutor } from "../src/runtime/index.js";
import { type EncodedRelation, relationClassification } from "../src/tasks/index.js";
import type { TrainEvent } from "../src/training/events.js";
import type { BackbonePrecision } from "../src/training/frozen-backbone.js";
import { openBackbone } from "../src/training/frozen-backbone.js";
import { trainingPlan } from "../src/training/plan.js";
import { pretrain } from "../src/training/pretrain.js";
import { realLength } from "./batch.js";
import { backboneFlops, stepFlops } from "./flops.js";
import { gemmChain, Stage } from "./graphs.js";
import { full, tiny } from "./sizes.js";
import { resident, seconds } from "./stats.js";

export interface PretrainRequest {
  readonly sizes: "full" | "tiny";
  readonly backbone: string;
  /** A file of relations; null takes the project's own sentences, drawn out to the same lengths. */
  readonly data: string | null;
  readonly sentences: number;
  readonly batch: number;
  readonly maxLength: number;
  readonly threads: number;
  readonly precision: BackbonePrecision;
  /** Scratch folder: cache and run. */
  readonly scratch: string;
  /** Where the sentences' token ids are written for the peer. */
  readonly tokens: string;
}

export interface PretrainMeasured {
  readonly sentences: number;
  readonly meanTokens: number;
  readonly labels: number;
  readonly steps: number;
  /** Seconds: the backbone's pass over all sentences, then the adapter's epochs, evaluation and checkpoints left out. */
  readonly backbone: number;
  readonly epochs: readonly number[];
  readonly losses: readonly number[];
  /** GFLOP that backbone and one adapter epoch need, without any padding. */
  readonly needed: { readonly backbone: number; readonly epoch: number };
  readonly peak: number;
  readonly memory: number;
  readonly notes: readonly string[];
}

/** The released scripts' highest rate. */
const rate = 5e-5;

async function sentences({ data, sentences: count }: PretrainRequest): Promise<RelationExample[]> {
  if (data === null) return ownSentences(count);
  const examples: RelationExample[] = [];
  for await (const example of readRelations(data, {})) {
    examples.push(example);
    if (examples.length === count) break;
  }
  return examples;
}

/** The project's own sentences with others before them, until they are as long as those of T-REx. */
function ownSentences(count: number): RelationExample[] {
  const random = new RandomStream(1, "bench", "sentences");
  const own = demoExamples("train");
  return Array.from({ length: count }, (_, i) => {
    const example = own[i % own.length] as RelationExample;
    const target = realLength(random);
    let before = "";
    while ((before.length + example.text.length) / 4.5 < target - 8)
      before += `${own[random.below(own.length)]?.text} `;
    const moved = ({ start, end }: RelationExample["subject"]) => ({
      start: start + before.length,
      end: end + before.length,
    });
    return {
      ...example,
      text: before + example.text,
      subject: moved(example.subject),
      object: moved(example.object),
    };
  });
}

async function measure(request: PretrainRequest): Promise<PretrainMeasured> {
  const sizes = request.sizes === "full" ? full : tiny;
  const { maxLength, batch, scratch } = request;
  const backbone = await openBackbone(request.backbone);
  const examples = await sentences(request);
  const labels = [...new Set(examples.map(({ relation }) => relation))].sort();
  const settings = { labels, options: {} };
  const task = relationClassification.make(settings, { maxLength, dropout: 0.1, headInit: "official" });
  const encoded = examples.flatMap((example) => {
    const result = task.encode(example, backbone.tokenizer);
    return "skipped" in result ? [] : [result];
  });
  await writeTokens(request.tokens, encoded);

  const executor = await workerExecutor({ device: "cpu", threads: request.threads });
  const peak = await gemmPeak(executor, sizes.adapter.size, sizes.adapter.intermediateSize);
  const times = { backbone: 0, epochs: [0, 0] };
  const losses: number[] = [];
  const notes: string[] = [];
  const onEvent = (event: TrainEvent): void => {
    if (event.kind === "note") notes.push(event.text);
    if (event.kind === "prepare" && event.what === "train") times.backbone = event.seconds;
    if (event.kind !== "step") return;
    times.epochs[event.epoch] = (times.epochs[event.epoch] ?? 0) + event.seconds;
    losses.push(event.loss);
  };
  await rm(scratch, { recursive: true, force: true });
  const plan = trainingPlan(backbone, `${scratch}/run`, {
    architecture: sizes.adapter,
    headInit: "official",
    headLearningRate: rate,
    maxLength,
    featureOptions: { cache: `${scratch}/cache`, cacheLimit: 2 ** 40, dtype: "float16", precision: request.precision },
    settings: { learningRate: rate, warmup: 0, epochs: 2, batchSize: batch, saveEvery: 0, evalEvery: 1_000_000 },
  });
  const set = (some: readonly RelationExample[]) => ({ where: "bench", examples: some, skipped: {} });
  const lesson = { kind: relationClassification, settings, train: set(examples), dev: set(examples.slice(0, 2)) };
  await pretrain(executor, plan, lesson, onEvent);
  await executor.close();
  await rm(scratch, { recursive: true, force: true });

  const lengths = encoded.map(({ inputIds }) => inputIds.length);
  const { hidden_size: hidden, num_hidden_layers: layers } = sizes.backbone;
  const sum = (of: (width: number) => number) => lengths.reduce((all, width) => all + of(width), 0) / 1e9;
  return {
    sentences: encoded.length,
    meanTokens: lengths.reduce((all, length) => all + length, 0) / lengths.length,
    labels: labels.length,
    steps: losses.length / 2,
    ...times,
    losses,
    needed: {
      backbone: sum((width) => backboneFlops(sizes.backbone, layers, { batch: 1, width })),
      epoch: sum((width) => {
        const { forward, backward } = stepFlops(sizes.adapter, hidden, labels.length, { batch: 1, width }, 2);
        return forward + backward;
      }),
    },
    peak,
    memory: resident().peak,
    notes,
  };
}

async function writeTokens(path: string, encoded: readonly EncodedRelation[]): Promise<void> {
  const lines = encoded.map(({ inputIds: ids, subject, object, label }) =>
    JSON.stringify({ ids: [...ids], subject, object, label }),
  );
  await writeFileAtomically(path, `${lines.join("\n")}\n`);
}

/** GFLOP/s of products at the adapter's sizes, the best of several. */
async function gemmPeak(executor: Awaited<ReturnType<typeof workerExecutor>>, inner: number, outer: number) {
  const rows = 1024;
  const count = 6;
  const chain = gemmChain(rows, inner, outer, count);
  await executor.setState(chain.state);
  const stage = await Stage.load(executor, { graph: chain.graph, updates: chain.updates, fetch: [] });
  const runs: number[] = [];
  for (let i = 0; i < 6; i++) runs.push(await seconds(() => stage.run({})));
  return (count * 4 * rows * inner * outer) / 1e9 / Math.min(...runs);
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? "") as PretrainRequest)));
