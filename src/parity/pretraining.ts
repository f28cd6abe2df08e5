/**
 * What the comparisons with the released pre-training scripts share.
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { KAdapterConfig } from "../adapters/config.js";
import type { AdapterLayerTrace } from "../adapters/k-adapter.js";
import { backboneDefinition, backboneInputs } from "../backbones/index.js";
import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { backward, GraphBuilder, type Parameter, toOnnx, type Value } from "../graph/index.js";
import type { Pass } from "../nn/index.js";
import { localExecutor } from "../runtime/local.js";
import { float32Scalar, float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { adamWDefaults, rateFeeds } from "../training/adamw.js";
import { ParameterState } from "../training/parameter-state.js";
import { warmupStableDecay } from "../training/schedule.js";
import { fusedStep, stepSource } from "../training/step.js";
import { openSafetensors } from "../weights/safetensors.js";
import type { WeightSource } from "../weights/source.js";
import { strictLoad } from "../weights/strict-load.js";
import { openTorchBin } from "../weights/torch-bin.js";
import { asInt32 } from "./backbone.js";
import { Fixture, nearestWith, readJson } from "./fixture.js";

type Weights = ReadonlyMap<string, Float32Array>;

/** The fixture's adapter, from the words of its meta.json. */
function adapterConfig(meta: Record<string, unknown>): KAdapterConfig {
  const entries = Object.entries((meta["adapter_config"] ?? {}) as Record<string, unknown>);
  const find = (start: string): unknown => entries.find(([key]) => key === start || key.startsWith(`${start} `))?.[1];
  const number = (start: string, fallback?: number): number => {
    const value = find(start) ?? fallback;
    if (typeof value !== "number") throw new Error(`meta.json: adapter_config has no ${start}`);
    return value;
  };
  return {
    layers: find("adapter_list") as number[],
    size: number("adapter_size"),
    transformerLayers: number("adapter_transformer_layers"),
    heads: number("num_attention_heads"),
    intermediateSize: number("intermediate_size"),
    input: "sum",
    attention: "bidirectional",
    maskPadding: false,
    skip: number("adapter_skip_layers", 0),
    layerNormEps: number("layer_norm_eps", 1e-5),
    dropout: 0,
    init: "official",
  };
}

/** Adapter and head as a released AdapterModel holds them. */
export interface ReleasedModel {
  readonly config: KAdapterConfig;
  readonly parameters: readonly Parameter[];
  /** Everything the released model computes; `named` by the fixtures' names. */
  forward(
    pass: Pass,
    states: readonly Value[],
  ): {
    readonly trace: readonly AdapterLayerTrace[];
    readonly loss: Value;
    readonly named: Readonly<Record<string, Value>>;
  };
  /** The same loss with the work that nobody reads left out: what training runs. */
  prunedLoss(pass: Pass, states: readonly Value[]): Value;
}

/** One of the released pre-training scripts. */
export interface PretrainingScript {
  /** @param classes rows of out_proj */
  model(config: KAdapterConfig, hiddenSize: number, classes: number): ReleasedModel;
  /** What is fed besides hidden states, for each of the fixture's batches. */
  batches(inputs: ReadonlyMap<string, HostTensor>): readonly Tensors[];
  /**
   * A row's loss when it stands alone.
   *
   * @param length tokens that are no padding
   */
  rowLoss(logits: Float32Array, feeds: Tensors, row: number, length: number): Float32Array;
}

/** Cuts `[batches, …]` into its batches, integers as int32. */
export function cutBatches(inputs: ReadonlyMap<string, HostTensor>, name: string): HostTensor[] {
  const tensor = inputs.get(name) as HostTensor;
  const [count, ...shape] = tensor.shape as [number, ...number[]];
  const size = tensor.data.length / count;
  const isFloat = tensor.dtype === "float32";
  return Array.from({ length: count }, (_, i) => {
    const part = Array.from(tensor.data.slice(i * size, (i + 1) * size) as ArrayLike<number | bigint>, Number);
    return isFloat ? float32Tensor(shape, Float32Array.from(part)) : int32Tensor(shape, Int32Array.from(part));
  });
}

/** What the backbone takes of each batch. */
export function textBatches(inputs: ReadonlyMap<string, HostTensor>): Tensors[] {
  const masks = cutBatches(inputs, "attention_mask");
  return cutBatches(inputs, "input_ids").map((ids, i) => ({
    input_ids: ids,
    attention_mask: masks[i] as HostTensor,
    position_ids: asInt32(inputs.get("position_ids"), "position_ids"),
    token_type_ids: int32Tensor(ids.shape, new Int32Array(ids.data.length)),
  }));
}

/** −log softmax(logits)[label]. */
export function lossOf(logits: Float32Array, label: number): number {
  const top = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0);
  return Math.log(sum) + top - (logits[label] as number);
}

/** Loads the backbone with its weights inside; run it for all hidden states. */
async function loadBackbone(executor: Executor, folder: string) {
  const path = join(folder, "config.json");
  const json = await readJson(path);
  const definition = backboneDefinition(json, path);
  const backbone = definition.build(definition.parseConfig(json, path));
  const source = await openSafetensors(join(folder, "model.safetensors"));
  const loader = strictLoad(new Map(backbone.parameters.map(({ name, shape }) => [name, shape])), source, {
    canonicalKey: (key) => definition.canonicalKey(key, false),
  });
  const tensors = new Map<string, HostTensor>();
  for (const { name, shape } of backbone.parameters) tensors.set(name, float32Tensor(shape, await loader.read(name)));
  await source.close();
  const g = new GraphBuilder();
  const { hiddenStates } = backbone.forward({ g, dropout: null, fused: true }, backboneInputs(g));
  const graph = await executor.load({
    model: toOnnx(g.build(Object.fromEntries(hiddenStates.map((state, i) => [`hidden_states.${i}`, state]))), {
      parameter: ({ name }) => ({ kind: "inline", tensor: tensors.get(name) as HostTensor }),
    }),
  });
  const names = hiddenStates.map((_, i) => `hidden_states.${i}`);
  return { graph, names, hiddenSize: backbone.config.hiddenSize };
}

const backboneFeeds = (feeds: Tensors): Tensors => ({
  input_ids: feeds["input_ids"] as HostTensor,
  attention_mask: feeds["attention_mask"] as HostTensor,
  position_ids: feeds["position_ids"] as HostTensor,
  token_type_ids: feeds["token_type_ids"] as HostTensor,
});

async function readWeights(source: WeightSource, parameters: readonly Parameter[]): Promise<Weights> {
  const loader = strictLoad(new Map(parameters.map(({ name, shape }) => [name, shape])), source);
  const weights = new Map<string, Float32Array>();
  for (const { name } of parameters) weights.set(name, await loader.read(name));
  await source.close();
  return weights;
}

const stateInputs = (g: GraphBuilder, { names, hiddenSize }: Subject["backbone"]): Value[] =>
  names.map((name) => g.input(name, "float32", ["batch", "sequence", hiddenSize]));

/**
 * A released pre-training model: every intermediate tensor, loss, gradients, padded and unpadded, the five-step
 * trajectories, both `.bin` formats; variants with fewer layers and with skips.
 */
export async function comparePretraining(fixture: Fixture, script: PretrainingScript): Promise<void> {
  const base = await nearestWith(fixture.folder, "inputs.safetensors");
  const parent = base === fixture.folder ? fixture : await Fixture.open(base);
  const config = adapterConfig(fixture.meta);
  const feeds = script.batches(await parent.read("inputs.safetensors"));
  if (fixture === parent) await fixture.read("model.safetensors");
  const executor = await localExecutor({ device: "cpu" });
  const backbone = await loadBackbone(executor, base);
  const weightFile = fixture.files.includes("adapter.safetensors")
    ? join(fixture.folder, "adapter.safetensors")
    : join(base, "adapter", "model.safetensors");
  const source = await openSafetensors(weightFile);
  const classes = source.info("out_proj.bias")?.shape[0] as number;
  const make = (full: KAdapterConfig) => script.model(full, backbone.hiddenSize, classes);
  const model = make(config);
  const weights = await readWeights(source, model.parameters);
  for (const name of weights.keys()) {
    fixture.used("adapter.safetensors", name);
    fixture.used("adapter/model.safetensors", name);
  }
  const states = await backbone.graph.run(backboneFeeds(feeds[0] as Tensors), backbone.names);
  const subject = { executor, weights, backbone };
  await compareForward(fixture, subject, model, { ...feeds[0], ...states });
  if (fixture.files.includes("expected-unpadded.safetensors")) {
    const masked = make({ ...config, maskPadding: true });
    await compareUnpadded(fixture, subject, masked, feeds[0] as Tensors, script);
  }
  for (const file of fixture.files.filter((name) => name.startsWith("trajectory"))) {
    await compareTrajectory(fixture, file, subject, model, feeds);
  }
  if (fixture === parent) await compareBins(fixture, model, weights);
  await executor.close();
}

/** What a comparison runs with. */
interface Subject {
  readonly executor: Executor;
  readonly weights: Weights;
  readonly backbone: { readonly graph: LoadedGraph; readonly names: readonly string[]; readonly hiddenSize: number };
}

async function compareForward(fixture: Fixture, subject: Subject, model: ReleasedModel, feeds: Tensors): Promise<void> {
  const expected = await fixture.read("expected.safetensors");
  const results = await runFull(subject, model, feeds);
  for (const [name, target] of expected) {
    const mine = results[name] ?? feeds[name];
    if (mine) fixture.compare("expected.safetensors", name, target, mine.data as Float32Array);
  }
}

/** Runs the whole model and returns its tensors under the fixtures' names. */
async function runFull(
  { executor, weights, backbone }: Subject,
  model: ReleasedModel,
  feeds: Tensors,
): Promise<Tensors> {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused: false };
  const { trace, loss, named } = model.forward(pass, stateInputs(g, backbone));
  const outputs: Record<string, Value> = { ...named, loss };
  trace.forEach((layer, k) => {
    outputs[`adapter.${k}.input`] = layer.input;
    outputs[`adapter.${k}.down`] = layer.down;
    outputs[`adapter.${k}.up`] = layer.up;
    outputs[`adapter.${k}.output`] = layer.output;
    layer.layers.forEach((state, i) => {
      outputs[`adapter.${k}.layer.${i}`] = state;
    });
  });
  for (const [{ name }, grad] of backward(g, loss, model.parameters)) outputs[`grad.${name}`] = grad;
  const graph = await executor.load({ model: toOnnx(g.build(outputs)) });
  const results = await graph.run({ ...feeds, ...valuesOf(model, weights) }, Object.keys(outputs));
  await graph.close();
  let square = 0;
  for (const { name } of model.parameters) {
    for (const x of floatsOf(results, `grad.${name}`)) square += x * x;
  }
  return { ...results, grad_norm: float32Scalar(Math.sqrt(square)) };
}

/** Each row alone without padding, and the whole batch with padding masked inside the adapter: both must agree. */
async function compareUnpadded(
  fixture: Fixture,
  subject: Subject,
  masked: ReleasedModel,
  feeds: Tensors,
  { rowLoss }: PretrainingScript,
): Promise<void> {
  const file = "expected-unpadded.safetensors";
  const expected = await fixture.read(file);
  const mask = feeds["attention_mask"] as HostTensor<"int32">;
  const [rows, sequence] = mask.shape as [number, number];
  const { graph, names } = subject.backbone;
  const whole = await graph.run(backboneFeeds(feeds), names);
  const batch = await runFull(subject, masked, { ...feeds, ...whole });
  for (let row = 0; row < rows; row++) {
    const length = mask.data.subarray(row * sequence, (row + 1) * sequence).reduce((sum, one) => sum + one, 0);
    const of = (name: string) => rowOf(batch[name], row, length, sequence);
    for (const [name, target] of expected) {
      const [owner, tensor] = [name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1)];
      if (owner !== `row${row}`) continue;
      fixture.compare(file, name, target, tensor === "loss" ? rowLoss(of("logits"), feeds, row, length) : of(tensor));
    }
  }
}

/** The first `length` positions of a row of `[batch, sequence, …]`, or a row of `[batch, …]`. */
function rowOf(tensor: HostTensor | undefined, row: number, length: number, sequence: number): Float32Array {
  if (!tensor) return new Float32Array(0);
  const size = tensor.data.length / (tensor.shape[0] as number);
  const kept = tensor.shape.length === 3 ? (size / sequence) * length : size;
  return (tensor.data as Float32Array).slice(row * size, row * size + kept);
}

interface TrainingMeta {
  readonly learning_rate: number;
  readonly adam_epsilon: number;
  readonly warmup_steps: number;
  readonly t_total: number;
  readonly max_grad_norm: number;
  readonly betas: readonly [number, number];
}

/** Runs the training step that the trainer runs, and compares loss, norm, rate and every parameter after every update. */
async function compareTrajectory(
  fixture: Fixture,
  file: string,
  { executor, weights, backbone }: Subject,
  model: ReleasedModel,
  batches: readonly Tensors[],
): Promise<void> {
  const expected = await fixture.read(file);
  const meta = fixture.meta["training"] as unknown as TrainingMeta;
  const optimizer = {
    ...adamWDefaults,
    beta1: meta.betas[0],
    beta2: meta.betas[1],
    epsilon: meta.adam_epsilon,
    maxGradNorm: meta.max_grad_norm,
    weightDecay: Number(/wd([\d.]+)\.safetensors$/.exec(file)?.[1] ?? 0),
  };
  const step = fusedStep({
    loss: (pass) => model.prunedLoss(pass, stateInputs(pass.g, backbone)),
    trainable: model.parameters,
    optimizer,
    dropout: false,
    inPlace: executor.updatesInPlace,
  });
  const graph = await executor.load(stepSource(step));
  await new ParameterState(executor, model.parameters, model.parameters, async () =>
    valuesOf(model, weights),
  ).initialise(0);
  for (const [i, batch] of batches.entries()) {
    const states = await backbone.graph.run(backboneFeeds(batch), backbone.names);
    const rate = meta.learning_rate * warmupStableDecay(i + 1, meta.warmup_steps, meta.t_total, meta.t_total);
    const rates = rateFeeds(rate, i + 1, optimizer);
    const results = await graph.run({ ...batch, ...states, ...rates }, step.fetch);
    const compare = (name: string, data: ArrayLike<number>) =>
      fixture.compare(file, `step${i + 1}.${name}`, expected.get(`step${i + 1}.${name}`), data);
    compare("loss", floatsOf(results, "loss"));
    compare("grad_norm", floatsOf(results, "grad_norm"));
    compare("lr", [rate]);
    const state = await executor.getState(model.parameters.map(({ name }) => name));
    for (const { name } of model.parameters) compare(`param.${name}`, floatsOf(state, name));
  }
  await graph.close();
}

const valuesOf = (model: ReleasedModel, weights: Weights): Tensors =>
  Object.fromEntries(
    model.parameters.map(({ name, shape }) => [
      name,
      float32Tensor(shape, (weights.get(name) as Float32Array).slice()),
    ]),
  );

/** Every PyTorch file beside the safetensors file must hold its very bits. */
async function compareBins(fixture: Fixture, model: ReleasedModel, weights: Weights): Promise<void> {
  const files = (await readdir(join(fixture.folder, "adapter"))).filter((name) => name.endsWith(".bin"));
  for (const file of files.sort()) {
    const path = join(fixture.folder, "adapter", file);
    const read = await readWeights(await openTorchBin(path), model.parameters);
    let different = 0;
    for (const [name, data] of weights) {
      const other = read.get(name) as Float32Array;
      different += data.reduce((count, x, i) => count + (Object.is(x, other[i]) ? 0 : 1), 0);
    }
    fixture.record(`adapter/${file} (elements that differ)`, different, 0.5);
  }
}
