import { join } from "node:path";
import { type Executor, rateNames } from "../engine/executor.js";
import { GraphBuilder, mul, type Parameter, toOnnx } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { float32Scalar, float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { type AdamWConfig, clipFactor, globalNorm, rateFeeds, uncorrectedStepSize } from "../training/adamw.js";
import { slotNames } from "../training/optimizer.js";
import { ParameterState } from "../training/parameter-state.js";
import { warmupStableDecay } from "../training/schedule.js";
import { stepSource, updateStep } from "../training/step.js";
import { type Fixture, readJson } from "./fixture.js";

/** Of meta.json's "|a − b| <= 2e-6 + 1e-5·|b|". */
const [atol, rtol] = [2e-6, 1e-5];

/** Nested numbers, as JSON writes a tensor. */
type Numbers = number | readonly Numbers[];
type ByName<T> = Readonly<Record<string, T>>;

interface Run {
  readonly learning_rate: number;
  readonly eps: number;
  readonly weight_decay: number;
  readonly correct_bias: boolean;
  readonly betas: readonly [number, number];
  readonly schedule: ({ readonly type: string; readonly order: string } & Arguments) | null;
  readonly max_grad_norm: number | null;
  readonly steps: readonly ({
    readonly lr: number;
    /** Before clipping, in runs that clip. */
    readonly grad_norm?: number;
    readonly param: ByName<Numbers>;
  } & Partial<Record<"exp_avg" | "exp_avg_sq", ByName<Numbers>>>)[];
}

interface Arguments {
  readonly warmup_steps?: number;
  readonly t_total?: number;
}

/** The optimiser's updates, its schedules and the clipping of gradients. */
export async function compareAdamW(fixture: Fixture): Promise<void> {
  const read = async <T>(name: string) => (await readJson(join(fixture.folder, name))) as T;
  const executor = await localExecutor({ device: "cpu" });
  const data = await read<{ initial: ByName<Numbers>; gradients: ByName<Numbers | null>[]; runs: Run[] }>("adamw.json");
  for (const [i, run] of data.runs.entries()) {
    await compareRun(fixture, executor, `run ${i}`, data.initial, data.gradients, run);
  }
  const { tables } = await read<{ tables: { name: string; arguments: Arguments; lambda: number[] }[] }>(
    "schedules.json",
  );
  for (const { name, arguments: given, lambda } of tables.filter(({ name }) => name in decays)) {
    lambda.forEach((factor, step) => {
      compareAll(fixture, `${name} ${JSON.stringify(given)} at ${step}`, [factorOf(name, given, step)], factor);
    });
  }
  for (const [i, one] of (await read<ClipCase[]>("clip.json")).entries()) await compareClip(fixture, executor, i, one);
  await executor.close();
}

/** The decay that makes the schedule that trains one of the released code's; its cosines are in none of its scripts. */
const decays: Readonly<Record<string, (total: number) => number>> = {
  WarmupLinearSchedule: (total) => total,
  WarmupConstantSchedule: () => 0,
  ConstantLRSchedule: () => 0,
};

function factorOf(name: string, { warmup_steps = 0, t_total: total = Infinity }: Arguments, step: number): number {
  const decay = decays[name];
  if (!decay) throw new Error(`no schedule is called ${name}`);
  return warmupStableDecay(step, warmup_steps, decay(total), total);
}

const flat = (values: Numbers): number[] => (typeof values === "number" ? [values] : values.flatMap(flat));

function compareAll(fixture: Fixture, label: string, mine: ArrayLike<number>, expected: Numbers): void {
  let [error, used] = [0, 0];
  flat(expected).forEach((target, i) => {
    const off = Math.abs((mine[i] as number) - target);
    error = Math.max(error, off);
    used = Math.max(used, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off / (atol + rtol * Math.abs(target)));
  });
  fixture.record(label, error, used === 0 ? 1 : error / used);
}

const tensorOf = (values: Numbers): HostTensor<"float32"> => {
  const data = Float32Array.from(flat(values));
  return float32Tensor([data.length], data);
};

function parametersOf(values: ByName<Numbers>): Parameter[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    shape: [flat(value).length],
    dtype: "float32",
    init: { kind: "constant", value: 0 },
  }));
}

async function compareRun(
  fixture: Fixture,
  executor: Executor,
  label: string,
  initial: ByName<Numbers>,
  gradients: readonly ByName<Numbers | null>[],
  run: Run,
): Promise<void> {
  const parameters = parametersOf(initial);
  // A parameter without a gradient is skipped, its own count of updates included.
  const updates = new Map(parameters.map(({ name }) => [name, 0]));
  const start = async () =>
    Object.fromEntries(parameters.map(({ name }) => [name, tensorOf(initial[name] as Numbers)]));
  await new ParameterState(executor, parameters, parameters, start).initialise(0);
  for (const [i, step] of run.steps.entries()) {
    const grads = gradients[i] as ByName<Numbers | null>;
    const rate = rateOf(run, i);
    compareAll(fixture, `${label}/step ${i}.lr`, [rate], step.lr);
    const norm = await update(
      executor,
      // A gradient may be the number 0.
      parameters.filter(({ name }) => (grads[name] ?? null) !== null),
      grads,
      rate,
      run,
      updates,
    );
    if (step.grad_norm !== undefined) compareAll(fixture, `${label}/step ${i}.grad_norm`, [norm], step.grad_norm);
    await compareState(fixture, executor, `${label}/step ${i}`, parameters, step, run.betas);
  }
}

function rateOf({ learning_rate, schedule }: Run, step: number): number {
  if (schedule === null) return learning_rate;
  return learning_rate * factorOf(schedule.type, schedule, schedule.order === "scheduler first" ? step + 1 : step);
}

/**
 * One update of the parameters that have gradients. Each has its own step size where their counts differ; the gradients
 * are clipped together first, which is done here by the graph of all.
 *
 * @returns the gradients' norm before clipping
 */
async function update(
  executor: Executor,
  present: readonly Parameter[],
  grads: ByName<Numbers | null>,
  rate: number,
  run: Run,
  updates: Map<string, number>,
): Promise<number> {
  if (present.length === 0) return 0;
  const config: AdamWConfig = {
    beta1: run.betas[0],
    beta2: run.betas[1],
    epsilon: run.eps,
    weightDecay: run.weight_decay,
    maxGradNorm: 0,
  };
  const clipped = await clip(executor, present, grads, run.max_grad_norm ?? 0);
  for (const parameter of present) {
    const count = (updates.get(parameter.name) as number) + 1;
    updates.set(parameter.name, count);
    const { updatesInPlace: inPlace } = executor;
    const graph = updateStep({ trainable: [parameter], optimizer: config, inPlace });
    const loaded = await executor.load(stepSource(graph));
    await executor.setState({
      [slotNames.gradient(parameter.name)]: clipped.gradients[parameter.name] as HostTensor,
    });
    const corrected = rateFeeds(rate, count, config);
    await loaded.run(
      run.correct_bias
        ? corrected
        : { ...corrected, [rateNames.stepSize]: float32Scalar(uncorrectedStepSize(rate, config)) },
      graph.fetch,
    );
    await loaded.close();
  }
  return clipped.norm;
}

/** Gradients scaled to a global norm, as the training step does it; 0 is off. */
async function clip(
  executor: Executor,
  parameters: readonly Parameter[],
  grads: ByName<Numbers | null>,
  maxNorm: number,
): Promise<{ readonly gradients: ByName<HostTensor>; readonly norm: number }> {
  const g = new GraphBuilder();
  const inputs = parameters.map(({ name, shape }) => g.input(name, "float32", shape));
  const norm = globalNorm(g, inputs);
  const factor = maxNorm > 0 ? clipFactor(g, norm, maxNorm) : g.scalar(1);
  const outputs = Object.fromEntries(inputs.map((input) => [`clipped.${input.name}`, mul(g, input, factor)]));
  const graph = await executor.load({ model: toOnnx(g.build({ norm, ...outputs })) });
  const feeds = Object.fromEntries(parameters.map(({ name }) => [name, tensorOf(grads[name] as Numbers)]));
  const results = await graph.run(feeds, ["norm", ...Object.keys(outputs)]);
  await graph.close();
  return {
    gradients: Object.fromEntries(parameters.map(({ name }) => [name, results[`clipped.${name}`] as HostTensor])),
    norm: floatsOf(results, "norm")[0] as number,
  };
}

async function compareState(
  fixture: Fixture,
  executor: Executor,
  label: string,
  parameters: readonly Parameter[],
  step: Run["steps"][number],
  [beta1, beta2]: Run["betas"],
): Promise<void> {
  // The moments are kept scaled, see adamWUpdate.
  const slots = [
    ["param", (name: string) => name, 1],
    ["exp_avg", slotNames.firstMoment, 1 - beta1],
    ["exp_avg_sq", slotNames.secondMoment, 1 - beta2],
  ] as const;
  for (const [kind, slotOf, scale] of slots) {
    const expected = step[kind];
    if (!expected) continue;
    const names = parameters.map(({ name }) => name).filter((name) => name in expected);
    const state = await executor.getState(names.map(slotOf));
    for (const name of names) {
      const mine = floatsOf(state, slotOf(name)).map((value) => value * scale);
      compareAll(fixture, `${label}.${kind}.${name}`, mine, expected[name] as Numbers);
    }
  }
}

interface ClipCase {
  readonly gradients: ByName<Numbers>;
  readonly max_norm: number;
  readonly total_norm: number;
  readonly clipped: ByName<Numbers>;
}

async function compareClip(fixture: Fixture, executor: Executor, index: number, one: ClipCase): Promise<void> {
  const { gradients, norm } = await clip(executor, parametersOf(one.gradients), one.gradients, one.max_norm);
  compareAll(fixture, `clip ${index}.total_norm`, [norm], one.total_norm);
  for (const [name, expected] of Object.entries(one.clipped)) {
    compareAll(fixture, `clip ${index}.${name}`, (gradients[name] as HostTensor<"float32">).data, expected);
  }
}
