/**
 * One rank of `bench:ranks`: sums as many gradients as the measured adapter has, or trains it. The first rank prints one
 * JSON line.
 * @module
 */
import type { Tensors } from "../src/engine/executor.js";
import { alone, type Ranks, TreeSum } from "../src/ranks/index.js";
import { Mpi } from "../src/ranks/mpi/binding.js";
import { MpiExchange } from "../src/ranks/mpi/exchange.js";
import { openMpiRanks } from "../src/ranks/mpi/mpi-ranks.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { totalElements } from "../src/tensor.js";
import { adamWDefaults, rateFeeds } from "../src/training/adamw.js";
import { LeafStep } from "../src/training/leaf-step.js";
import { copied, makeBatch } from "./batch.js";
import { freshState, gradientSlots, relationModel, stageFeeds } from "./graphs.js";
import { full, tiny } from "./sizes.js";
import { seconds } from "./stats.js";

/** What a rank is told, as JSON in its one argument. */
export interface RankRequest {
  readonly what: "sums" | "steps";
  readonly sizes: "full" | "tiny";
  readonly repetitions: number;
  readonly threads: number;
  /** Sentences of one leaf, of 64 tokens each. */
  readonly batch: number;
  /** Leaves of one rank in a step. */
  readonly rounds: number;
}

/** Seconds of each repetition by what was done. */
export interface RankMeasured {
  readonly library: string;
  readonly ranks: number;
  readonly floats: number;
  readonly seconds: Readonly<Record<string, readonly number[]>>;
}

const megabytes4 = 2 ** 20;

async function sums({ repetitions }: RankRequest, floats: number): Promise<RankMeasured> {
  const mpi = new Mpi();
  mpi.init();
  const { rank, size } = mpi;
  const tree = new TreeSum(new MpiExchange(mpi, rank, size));
  const [own, other] = [new Float32Array(floats), new Float32Array(floats)];
  const refill = () => {
    for (let i = 0; i < floats; i++) own[i] = ((i * (rank + 3)) % 1000) / 1000;
  };
  const inPieces = (use: (piece: Float32Array, start: number) => void) => {
    for (let at = 0; at < floats; at += megabytes4) use(own.subarray(at, at + megabytes4), at);
  };
  const work: Readonly<Record<string, () => Promise<void> | void>> = {
    memcpy: () => other.set(own),
    MPI_Reduce_local: () => mpi.add(other, own),
    "MPI_Allreduce, whole": () => mpi.allReduce(own),
    "MPI_Allreduce, 4 MiB at once": () => inPieces((piece) => mpi.allReduce(piece)),
    tree: () => tree.add([own], { index: 0, present: size, last: true }),
  };
  const found: Record<string, number[]> = {};
  for (let i = -1; i < repetitions; i++) {
    for (const [name, act] of Object.entries(work)) {
      refill();
      await mpi.arrive("step");
      const took = await seconds(async () => act());
      // A rank that was kept from its core is the one that all wait for.
      const all = mpi
        .gatherBytes(Buffer.from(String(took)), size)
        .map((bytes) => Number(Buffer.from(bytes).toString()));
      if (i >= 0) found[name] = [...(found[name] ?? []), Math.max(...all)];
    }
  }
  const library = mpi.version();
  mpi.finalize();
  return { library, ranks: size, floats, seconds: found };
}

/** The same steps with the sum and without, in turn: what the sum adds to a step. */
async function steps(request: RankRequest): Promise<RankMeasured> {
  const sizes = request.sizes === "full" ? full : tiny;
  const model = relationModel(sizes);
  const ranks = await openMpiRanks({ timeout: 3600, about: {} });
  const still = Promise.resolve();
  const apart: Ranks = {
    ...alone(),
    ...{ rank: ranks.rank, size: ranks.size, about: {} },
    sum: () => ({ taken: still, done: still }),
    gather: async (text) => [text],
    gatherFloats: async (own) => [own],
    close: async () => undefined,
  };
  const executor = await workerExecutor({ device: "cpu", threads: request.threads });
  await executor.setState({ ...freshState(model, 3), ...gradientSlots(model) });
  const step = (who: Ranks) =>
    LeafStep.open(
      executor,
      {
        inPlace: executor.updatesInPlace,
        loss: (pass) => model.forward(pass).loss,
        trainable: model.parameters,
        optimizer: adamWDefaults,
        dropout: true,
      },
      who,
    );
  const kinds = { "step with the sum": await step(ranks), "step without it": await step(apart) };
  const batch = makeBatch(sizes, { batch: request.batch, length: 64, lengths: "fixed" }, 1);
  const shape = [request.batch, batch.width, sizes.backbone.hidden_size];
  const elements = shape.reduce((product, dim) => product * dim, 1);
  const states: Tensors = Object.fromEntries(
    model.neededLayers.map((layer) => [
      `hidden_states.${layer}`,
      { dtype: "float32" as const, shape, data: Float32Array.from({ length: elements }, (_, i) => Math.sin(i)) },
    ]),
  );
  const leaves = ranks.size * request.rounds;
  const found: Record<string, number[]> = {};
  for (let i = -1; i < request.repetitions; i++) {
    for (const [name, leafStep] of Object.entries(kinds)) {
      const feedsOf = async () => {
        const inputs = [...leafStep.leaf.inputs.keys()].filter((input) => input !== "leaf_weight");
        const dims = { batch: request.batch, sequence: batch.width };
        return { feeds: stageFeeds(inputs, copied({ ...batch.adapterFeeds, ...states }), dims, 2), share: 1 / leaves };
      };
      await ranks.gather("");
      const took = await seconds(() => leafStep.run(leaves, rateFeeds(1e-6, i + 2, adamWDefaults), feedsOf));
      const all = (await ranks.gather(String(took))).map(Number);
      if (i >= 0) found[name] = [...(found[name] ?? []), Math.max(...all)];
    }
  }
  await executor.close();
  await ranks.close();
  const { version: library } = ranks.opened;
  return { library, ranks: ranks.size, floats: totalElements(model.trainable), seconds: found };
}

const request = JSON.parse(process.argv[2] ?? "{}") as RankRequest;
const floats = totalElements(relationModel(request.sizes === "full" ? full : tiny).trainable);
const measured = request.what === "sums" ? await sums(request, floats) : await steps(request);
const isFirst = (process.env["OMPI_COMM_WORLD_RANK"] ?? process.env["PMI_RANK"] ?? "0") === "0";
if (isFirst) console.log(JSON.stringify(measured));
