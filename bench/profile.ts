/**
 * `node bench/dist/bench/profile.js` (after `npm run bench:step` has compiled it): which operators a training step's
 * time goes to, by ONNX Runtime's own profiler. `--by shape` tells operators of different shapes apart,
 * `--by name` shows single ones.
 *
 * AdamW in place is no operator and not in it.
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Tensors } from "../src/engine/executor.js";
import { inRowBlocks, toOnnx } from "../src/graph/index.js";
import { sessionOptions } from "../src/runtime/devices.js";
import type { HostTensor } from "../src/tensor.js";
import { makeBatch } from "./batch.js";
import { freshState, gradientSlots, relationModel, stageFeeds, stepStages } from "./graphs.js";
import { full, mini, type Sizes } from "./sizes.js";

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
    readonly output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

const runs = 7;

/** What is profiled: one shape of batch. */
interface Request {
  readonly sizes: Sizes;
  readonly size: number;
  readonly length: number;
  readonly threads: number;
}

const toOrt = ({ dtype, data, shape }: HostTensor) => new Tensor(dtype as "float32", data as Float32Array, shape);
const toOrtAll = (tensors: Tensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));

/** Runs the fused step a few times under the profiler; the first run, which allocates, is left out. */
async function profiledEvents(folder: string, { sizes, size, length, threads }: Request) {
  const batch = makeBatch(sizes, { batch: size, length, lengths: "fixed" }, 1);
  const model = relationModel(sizes);
  const { graph, updates } = stepStages(model, true).step;
  const session = await InferenceSession.create(toOnnx(inRowBlocks(graph)), {
    ...sessionOptions("cpu", threads),
    enableProfiling: true,
    profileFilePrefix: join(folder, "step"),
  });
  const dims = { batch: size, sequence: batch.width };
  const shape = [size, batch.width, sizes.backbone.hidden_size];
  const elements = shape.reduce((product, dim) => product * dim, 1);
  const states = Object.fromEntries(
    model.neededLayers.map((layer) => [
      `hidden_states.${layer}`,
      { dtype: "float32" as const, shape, data: Float32Array.from({ length: elements }, (_, i) => Math.sin(i * i)) },
    ]),
  );
  const inputs = graph.inputs.map(({ name }) => name);
  const wanted = new Set([...inputs, ...[...graph.parameters.keys()].map(({ name }) => name)]);
  const state = { ...freshState(model, 1), ...gradientSlots(model) };
  const next = toOrtAll(
    Object.fromEntries(
      Object.entries(updates).map(([output, slot]) => {
        const tensor = state[slot] as HostTensor;
        return [output, { ...tensor, data: tensor.data.slice() } as HostTensor];
      }),
    ),
  );
  const current = toOrtAll(Object.fromEntries(Object.entries(state).filter(([name]) => wanted.has(name))));
  const started: number[] = [];
  for (let i = 1; i <= 1 + runs; i++) {
    const feeds = toOrtAll(stageFeeds(inputs, { ...batch.adapterFeeds, ...states }, dims, i));
    started.push(performance.now());
    await session.run({ ...current, ...feeds }, { loss: null, grad_norm: null, ...next });
    console.log(`run ${i}: ${((performance.now() - (started.at(-1) as number)) / 1000).toFixed(3)} s`);
  }
  session.endProfiling();
  await session.release();
  const file = readdirSync(folder).find((name) => name.endsWith(".json"));
  const events = JSON.parse(readFileSync(join(folder, file as string), "utf8")) as ProfileEvent[];
  const kernels = events.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"));
  return fastest(kernels.slice(kernels.length / (1 + runs)));
}

/** Of each node its fastest run: other work on the machine lengthens runs, nothing shortens them. */
function fastest(events: readonly ProfileEvent[]): readonly ProfileEvent[] {
  const best = new Map<string, ProfileEvent>();
  for (const event of events) {
    const before = best.get(event.name);
    if (!before || event.dur < before.dur) best.set(event.name, event);
  }
  return [...best.values()];
}

function phaseOf(name: string): string {
  if (name.includes("backward/")) return "backward";
  return name.startsWith("adamw") || name.includes("/adamw") || name.includes("next.") ? "adamw" : "forward";
}

const shapes = (of: ProfileEvent["args"]["input_type_shape"]) =>
  (of ?? []).map((one) => `[${Object.values(one)[0]?.join("x") ?? ""}]`).join(" ");

function keyOf({ name, args }: ProfileEvent, by: string): string {
  const key = `${phaseOf(name).padEnd(9)} ${args.op_name}`;
  if (by === "shape") return `${key} ${shapes(args.input_type_shape)} -> ${shapes(args.output_type_shape)}`;
  return by === "name" ? `${key} ${name.replace(/_kernel_time$/, "")}` : key;
}

function print(events: readonly ProfileEvent[], by: string, top: number): void {
  const sums = new Map<string, { milliseconds: number; count: number }>();
  for (const event of events) {
    for (const key of [keyOf(event, by), phaseOf(event.name).toUpperCase(), "ALL"]) {
      const sum = sums.get(key) ?? { milliseconds: 0, count: 0 };
      sums.set(key, { milliseconds: sum.milliseconds + event.dur / 1000, count: sum.count + 1 });
    }
  }
  const rows = [...sums].sort(([, a], [, b]) => b.milliseconds - a.milliseconds).slice(0, top);
  for (const [key, { milliseconds, count }] of rows) {
    console.log(`${milliseconds.toFixed(1).padStart(9)} ms ${count.toFixed(0).padStart(6)} ×  ${key}`);
  }
}

const { values } = parseArgs({
  options: {
    by: { type: "string", default: "op" },
    mini: { type: "boolean", default: false },
    batch: { type: "string", default: "16" },
    length: { type: "string", default: "64" },
    top: { type: "string", default: "40" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const folder = mkdtempSync(join(tmpdir(), "kadapter-profile-"));
try {
  const [size, length, threads] = [values.batch, values.length, values.threads].map(Number) as [number, number, number];
  const request = { sizes: values.mini ? mini : full, size, length, threads };
  print(await profiledEvents(folder, request), values.by, Number(values.top));
} finally {
  rmSync(folder, { recursive: true });
}
