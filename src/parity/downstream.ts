import { join } from "node:path";
import type { Executor, Tensors } from "../engine/executor.js";
import { backward, GraphBuilder, matmul, type Parameter, toOnnx, type Value } from "../graph/index.js";
import type { DownstreamModel } from "../models/downstream-model.js";
import type { Pass } from "../nn/index.js";
import { localExecutor } from "../runtime/local.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { adamWDefaults, rateFeeds } from "../training/adamw.js";
import { slotNames } from "../training/optimizer.js";
import { ParameterState } from "../training/parameter-state.js";
import { warmupStableDecay } from "../training/schedule.js";
import { accumulationFeeds, type StepGraph, splitStep, stepSource } from "../training/step.js";
import { openSafetensors } from "../weights/safetensors.js";
import { openTorchBin } from "../weights/torch-bin.js";
import { adapterNames, DownstreamFixture, type Variant } from "./downstream-model.js";
import { type Fixture, readJson } from "./fixture.js";

/**
 * The released downstream models (TACRED, OpenEntity, FIGER, CosmosQA): features, logits, loss and gradients of every
 * way of fusing, and a training with the backbone.
 */
export async function compareDownstream(fixture: Fixture): Promise<void> {
  const downstream = await DownstreamFixture.open(fixture);
  const executor = await localExecutor({ device: "cpu" });
  for (const variant of downstream.variants) await compareVariant(downstream, variant, executor);
  await compareTraining(downstream, executor);
  await executor.close();
}

/** The parts that the downstream fixtures share: both files of each adapter must hold the same bits. */
export async function compareSharedParts(fixture: Fixture): Promise<void> {
  for (const file of fixture.files) await fixture.read(file);
  for (const name of await adapterNames(fixture.folder)) {
    const folder = join(fixture.folder, `${name}-adapter`);
    const [tensors, bin] = [
      await openSafetensors(join(folder, "model.safetensors")),
      await openTorchBin(join(folder, "pytorch_model.bin")),
    ];
    let different = 0;
    for (const key of tensors.keys()) {
      const [a, b] = [(await tensors.read(key)).data as Float32Array, (await bin.read(key)).data as Float32Array];
      different += a.reduce((count, x, i) => count + (Object.is(x, b[i]) ? 0 : 1), 0);
    }
    fixture.record(`${name}-adapter/pytorch_model.bin (elements that differ)`, different, 0.5);
    await tensors.close();
    await bin.close();
  }
}

/** The fixture's name of a trainable parameter. */
function nameOf(model: DownstreamModel, { library }: Pick<Variant, "library">, parameter: Parameter): string {
  if (model.backboneParameters.includes(parameter)) return `backbone.${parameter.name}`;
  const fusion = library && model.fusion.parameters.includes(parameter);
  return `${fusion ? "fusion" : "head"}.${parameter.name}`;
}

async function compareVariant(downstream: DownstreamFixture, variant: Variant, executor: Executor): Promise<void> {
  const { fixture } = downstream;
  const model = downstream.model(variant);
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused: false };
  const select = model.head.select(g) as Value;
  const { features, mask } = model.features(pass, null);
  const picked = matmul(g, select, features);
  const { logits, loss } = model.head.forward(pass, [picked], select, mask);
  const outputs: Record<string, Value> = { task_features: features, head_input: picked, logits, loss };
  for (const [parameter, grad] of backward(g, loss, model.trainable)) {
    outputs[`grad.${nameOf(model, variant, parameter)}`] = grad;
  }
  const graph = await executor.load({ model: toOnnx(g.build(outputs)) });
  const feeds = { ...downstream.feeds(downstream.inputs), ...downstream.start(model.parameters) };
  const results = await graph.run(feeds, Object.keys(outputs));
  await graph.close();
  const file = "expected.safetensors";
  for (const [name, target] of await fixture.read(file)) {
    const own = name.slice(variant.name.length + 1);
    if (name.startsWith(`${variant.name}/`) && results[own]) {
      fixture.compare(file, name, target, floatsOf(results, own));
    }
  }
}

interface TrainingMeta {
  readonly variant: string;
  readonly learning_rate: number;
  readonly weight_decay: number;
  readonly adam_epsilon: number;
  readonly warmup_steps: number;
  readonly t_total: number;
  readonly max_grad_norm: number | null;
  readonly gradient_accumulation_steps: number;
  readonly order: string;
}

/** What train.json tells of a micro-batch. */
interface TrainRow {
  readonly loss: number;
  readonly grad_norm_backbone: number;
  readonly grad_norm_task_model: number;
  readonly update: boolean;
  readonly lr?: number;
}

/** Of train.json, for which meta.json gives no tolerance. */
const scalarTolerance = 1e-4;

async function compareTraining(downstream: DownstreamFixture, executor: Executor): Promise<void> {
  const { fixture } = downstream;
  const meta = fixture.meta["training"] as TrainingMeta;
  const rows = (await readJson(join(fixture.folder, "train.json"))) as readonly TrainRow[];
  const inputs = await fixture.read("train-inputs.safetensors");
  const chosen = meta.variant.split(",")[0];
  const variant = downstream.variants.find(({ name }) => name === chosen) as Variant;
  const model = downstream.model(variant);
  const training = await Training.open(executor, downstream, model, meta);
  for (const [i, row] of rows.entries()) {
    const batch = new Map(
      [...inputs].flatMap(([name, tensor]) =>
        name.startsWith(`batch${i}.`) ? [[name.slice(`batch${i}.`.length), tensor] as const] : [],
      ),
    );
    const mine = await training.microBatch(downstream.feeds(batch), row.update);
    for (const [key, value] of Object.entries(mine)) {
      const expected = (row as unknown as Record<string, number>)[key] as number;
      const allowed = key === "lr" ? 1e-12 : scalarTolerance * Math.max(1, Math.abs(expected));
      fixture.record(`train.json/batch${i}.${key}`, Math.abs(value - expected), allowed);
    }
  }
  const state = await executor.getState(model.trainable.map(({ name }) => name));
  const expected = await fixture.read("train-expected.safetensors");
  for (const parameter of model.trainable) {
    const name = nameOf(model, variant, parameter);
    fixture.compare("train-expected.safetensors", name, expected.get(name), floatsOf(state, parameter.name));
  }
}

/** The steps of the released script, by the graphs that this project trains with. */
class Training {
  private updates = 0;
  /** Micro-batches since the last update. */
  private pending = 0;

  private constructor(
    private readonly executor: Executor,
    private readonly model: DownstreamModel,
    private readonly meta: TrainingMeta,
    private readonly accumulate: Loaded,
    private readonly update: Loaded,
    private readonly optimizer: typeof adamWDefaults,
  ) {}

  static async open(
    executor: Executor,
    downstream: DownstreamFixture,
    model: DownstreamModel,
    meta: TrainingMeta,
  ): Promise<Training> {
    const optimizer = {
      ...adamWDefaults,
      epsilon: meta.adam_epsilon,
      weightDecay: meta.weight_decay,
      maxGradNorm: meta.max_grad_norm ?? 0,
    };
    const { trainable } = model;
    const steps = splitStep({
      loss: (pass) => model.forward(pass).loss,
      trainable,
      clipGroups: { backbone: model.backboneParameters, task_model: model.taskParameters },
      optimizer,
      dropout: false,
      inPlace: executor.updatesInPlace,
    });
    const load = async (step: StepGraph): Promise<Loaded> => ({
      graph: await executor.load(stepSource(step)),
      fetch: step.fetch,
    });
    const loaded = [await load(steps.accumulate), await load(steps.update)] as const;
    const start = async () => downstream.start(model.parameters);
    await new ParameterState(executor, model.parameters, trainable, start, true).initialise(0);
    return new Training(executor, model, meta, ...loaded, optimizer);
  }

  /** What train.json says of one micro-batch, computed here. */
  async microBatch(feeds: Tensors, update: boolean): Promise<Record<string, number>> {
    const weights = accumulationFeeds(this.pending === 0, 1 / this.meta.gradient_accumulation_steps);
    const results = await this.accumulate.graph.run({ ...feeds, ...weights }, this.accumulate.fetch);
    this.pending++;
    const { backboneParameters, taskParameters } = this.model;
    const mine = {
      loss: floatsOf(results, "loss")[0] as number,
      grad_norm_backbone: await this.norm(backboneParameters),
      grad_norm_task_model: await this.norm(taskParameters),
    };
    await this.clip(backboneParameters, mine.grad_norm_backbone);
    await this.clip(taskParameters, mine.grad_norm_task_model);
    if (!update) return mine;
    this.pending = 0;
    this.updates++;
    const lr = this.rate();
    await this.update.graph.run(rateFeeds(lr, this.updates, this.optimizer), this.update.fetch);
    return { ...mine, lr };
  }

  /** The released code clips what has been accumulated after every micro-batch, each group by itself. */
  private async clip(parameters: readonly Parameter[], norm: number): Promise<void> {
    const { max_grad_norm: most, gradient_accumulation_steps: passes } = this.meta;
    // Of one pass the update clips.
    if (!most || passes === 1) return;
    const factor = Math.min(1, most / (norm + 1e-6));
    const state = await this.executor.getState(parameters.map(({ name }) => slotNames.gradient(name)));
    const clipped = Object.entries(state).map(([slot, { shape }]) => {
      const data = floatsOf(state, slot).map((x) => x * factor);
      return [slot, float32Tensor(shape, data)] as const;
    });
    await this.executor.setState(Object.fromEntries(clipped));
  }

  /** Where the scheduler steps after the optimiser, the first update has the factor of step 0. */
  private rate(): number {
    const { order, learning_rate, warmup_steps, t_total } = this.meta;
    const before = order.indexOf("scheduler.step()") < order.indexOf("optimizer.step()");
    const update = before ? this.updates : this.updates - 1;
    return learning_rate * warmupStableDecay(update, warmup_steps, t_total, t_total);
  }

  /** Norm of the gradients that have been accumulated, in double precision. */
  private async norm(parameters: readonly Parameter[]): Promise<number> {
    const slots = parameters.map(({ name }) => slotNames.gradient(name));
    const state = await this.executor.getState(slots);
    return Math.sqrt(slots.reduce((sum, slot) => floatsOf(state, slot).reduce((s, x) => s + x * x, sum), 0));
  }
}

interface Loaded {
  readonly graph: Awaited<ReturnType<Executor["load"]>>;
  readonly fetch: readonly string[];
}
