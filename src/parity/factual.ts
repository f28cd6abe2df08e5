import { join } from "node:path";
import { KAdapter, type KAdapterConfig } from "../adapters/index.js";
import { backboneDefinition, backboneInputs } from "../backbones/index.js";
import { backward, GraphBuilder, matmul, type Parameter, toOnnx, type Value } from "../graph/index.js";
import { attentionMask, ParamScope, type Pass } from "../nn/index.js";
import { localExecutor } from "../runtime/index.js";
import { crossEntropy, RelationHead } from "../tasks/index.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { adamWDefaults, stepSize } from "../training/adamw.js";
import type { Executor, LoadedGraph, Tensors } from "../training/executor.js";
import { warmupLinear } from "../training/schedule.js";
import { fusedStep, slotNames } from "../training/step.js";
import { openSafetensors, openTorchBin, strictLoad, type WeightSource } from "../weights/index.js";
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
    maskPadding: false,
    skip: number("adapter_skip_layers", 0),
    layerNormEps: number("layer_norm_eps", 1e-5),
    dropout: 0,
    init: "official",
  };
}

/** Adapter and head as the released AdapterModel holds them. */
class FactualModel {
  readonly adapter: KAdapter;
  readonly head: RelationHead;
  readonly parameters: readonly Parameter[];

  constructor(
    readonly config: KAdapterConfig,
    readonly hiddenSize: number,
    labels: number,
  ) {
    const scope = ParamScope.root();
    this.adapter = new KAdapter(scope, config, hiddenSize);
    this.head = new RelationHead(scope, 2 * hiddenSize, hiddenSize, labels, 0, "official");
    this.parameters = scope.all;
  }

  /** Everything the released model computes, at every position. */
  forward(pass: Pass, states: readonly Value[]) {
    const { g } = pass;
    const taps = this.config.layers.map((layer) => states[layer] as Value);
    const mask = this.config.maskPadding
      ? attentionMask(g, g.input("attention_mask", "int32", ["batch", "sequence"]))
      : null;
    const { output, trace } = this.adapter.forward(pass, taps, mask);
    const com = this.head.combine(pass, [states.at(-1) as Value, output]);
    const logits = this.head.classify(pass, matmul(g, g.input("select", "float32", ["batch", 2, "sequence"]), com));
    return { output, trace, com, logits, loss: crossEntropy(g, logits, g.input("labels", "int32", ["batch"])) };
  }

  /** The same with the work that nobody reads left out: what training runs. */
  prunedLoss(pass: Pass, states: readonly Value[]): Value {
    const { g } = pass;
    const taps = this.config.layers.map((layer) => states[layer] as Value);
    const select = g.input("select", "float32", ["batch", 2, "sequence"]);
    const { output } = this.adapter.forward(pass, taps, null, select);
    const com = this.head.combine(pass, [matmul(g, select, states.at(-1) as Value), output]);
    return crossEntropy(g, this.head.classify(pass, com), g.input("labels", "int32", ["batch"]));
  }
}

interface Batches {
  readonly feeds: readonly Tensors[];
  readonly mask: HostTensor<"int32">;
}

/** The fixture's five batches. */
function readBatches(inputs: ReadonlyMap<string, HostTensor>): Batches {
  const ids = asInt32(inputs.get("input_ids"), "input_ids");
  const [count, batch, sequence] = ids.shape as [number, number, number];
  const cut = (name: string, shape: readonly number[]): HostTensor[] => {
    const tensor = inputs.get(name) as HostTensor;
    const size = tensor.data.length / count;
    const isFloat = tensor.dtype === "float32";
    return Array.from({ length: count }, (_, i) => {
      const part = Array.from(tensor.data.slice(i * size, (i + 1) * size) as ArrayLike<number | bigint>, Number);
      return isFloat ? float32Tensor(shape, Float32Array.from(part)) : int32Tensor(shape, Int32Array.from(part));
    });
  };
  const names = { input_ids: [batch, sequence], attention_mask: [batch, sequence], labels: [batch] };
  const parts = Object.fromEntries(Object.entries(names).map(([name, shape]) => [name, cut(name, shape)]));
  const subject = cut("subj_special_start_id", [batch, sequence]);
  const object = cut("obj_special_start_id", [batch, sequence]);
  const feeds = Array.from({ length: count }, (_, i) => {
    const select = new Float32Array(batch * 2 * sequence);
    for (let row = 0; row < batch; row++) {
      select.set(
        (subject[i] as HostTensor<"float32">).data.subarray(row * sequence, (row + 1) * sequence),
        2 * row * sequence,
      );
      select.set(
        (object[i] as HostTensor<"float32">).data.subarray(row * sequence, (row + 1) * sequence),
        (2 * row + 1) * sequence,
      );
    }
    return {
      input_ids: parts["input_ids"]?.[i] as HostTensor,
      attention_mask: parts["attention_mask"]?.[i] as HostTensor,
      labels: parts["labels"]?.[i] as HostTensor,
      position_ids: asInt32(inputs.get("position_ids"), "position_ids"),
      token_type_ids: int32Tensor([batch, sequence], new Int32Array(batch * sequence)),
      select: float32Tensor([batch, 2, sequence], select),
    };
  });
  return { feeds, mask: parts["attention_mask"]?.[0] as HostTensor<"int32"> };
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

const stateInputs = (g: GraphBuilder, names: readonly string[], hidden: number): Value[] =>
  names.map((name) => g.input(name, "float32", ["batch", "sequence", hidden]));

/**
 * The released factual pre-training model: every intermediate tensor, loss, gradients, padded and unpadded, the
 * five-step trajectories, both `.bin` formats; variants with fewer layers and with skips.
 */
export async function compareFactual(fixture: Fixture): Promise<void> {
  const base = await nearestWith(fixture.folder, "inputs.safetensors");
  const parent = base === fixture.folder ? fixture : await Fixture.open(base);
  const config = adapterConfig(fixture.meta);
  const { feeds } = readBatches(await parent.read("inputs.safetensors"));
  if (fixture === parent) await fixture.read("model.safetensors");
  const executor = await localExecutor({ device: "cpu" });
  const backbone = await loadBackbone(executor, base);
  const weightFile = fixture.files.includes("adapter.safetensors")
    ? join(fixture.folder, "adapter.safetensors")
    : join(base, "adapter", "model.safetensors");
  const source = await openSafetensors(weightFile);
  const labels = source.info("out_proj.bias")?.shape[0] as number;
  const model = new FactualModel(config, backbone.hiddenSize, labels);
  const weights = await readWeights(source, model.parameters);
  for (const name of weights.keys()) {
    fixture.used("adapter.safetensors", name);
    fixture.used("adapter/model.safetensors", name);
  }
  const states = await backbone.graph.run(backboneFeeds(feeds[0] as Tensors), backbone.names);
  await compareForward(fixture, executor, model, weights, { ...feeds[0], ...states }, backbone.names);
  if (fixture.files.includes("expected-unpadded.safetensors")) {
    await compareUnpadded(fixture, executor, model, weights, feeds[0] as Tensors, backbone);
  }
  for (const file of fixture.files.filter((name) => name.startsWith("trajectory"))) {
    await compareTrajectory(fixture, file, executor, model, weights, feeds, backbone);
  }
  if (fixture === parent) await compareBins(fixture, model, weights);
  await executor.close();
}

async function compareForward(
  fixture: Fixture,
  executor: Executor,
  model: FactualModel,
  weights: Weights,
  feeds: Tensors,
  stateNames: readonly string[],
): Promise<void> {
  const expected = await fixture.read("expected.safetensors");
  const results = await runFull(executor, model, weights, feeds, stateNames);
  for (const [name, target] of expected) {
    const mine = results[name] ?? feeds[name];
    if (mine) fixture.compare("expected.safetensors", name, target, mine.data as Float32Array);
  }
}

/** Runs the whole model and returns its tensors under the fixtures' names. */
async function runFull(
  executor: Executor,
  model: FactualModel,
  weights: Weights,
  feeds: Tensors,
  stateNames: readonly string[],
): Promise<Tensors> {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused: false };
  const { output, trace, com, logits, loss } = model.forward(pass, stateInputs(g, stateNames, model.hiddenSize));
  const outputs: Record<string, Value> = { hidden_last: output, com_features: com, logits, loss };
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
  const own = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [name, float32Tensor(shape, weights.get(name) as Float32Array)]),
  );
  const results = await graph.run({ ...feeds, ...own }, Object.keys(outputs));
  await graph.close();
  let square = 0;
  for (const { name } of model.parameters) {
    for (const x of floatsOf(results, `grad.${name}`)) square += x * x;
  }
  return { ...results, grad_norm: float32Tensor([], Float32Array.of(Math.sqrt(square))) };
}

/** Each row alone without padding, and the whole batch with padding masked inside the adapter: both must agree. */
async function compareUnpadded(
  fixture: Fixture,
  executor: Executor,
  model: FactualModel,
  weights: Weights,
  feeds: Tensors,
  backbone: { graph: LoadedGraph; names: readonly string[]; hiddenSize: number },
): Promise<void> {
  const file = "expected-unpadded.safetensors";
  const expected = await fixture.read(file);
  const masked = new FactualModel(
    { ...model.config, maskPadding: true },
    model.hiddenSize,
    weights.get("out_proj.bias")?.length as number,
  );
  const mask = feeds["attention_mask"] as HostTensor<"int32">;
  const [rows, sequence] = mask.shape as [number, number];
  const whole = await backbone.graph.run(backboneFeeds(feeds), backbone.names);
  const batch = await runFull(executor, masked, weights, { ...feeds, ...whole }, backbone.names);
  for (let row = 0; row < rows; row++) {
    const length = mask.data.subarray(row * sequence, (row + 1) * sequence).reduce((sum, one) => sum + one, 0);
    for (const [name, target] of expected) {
      const [owner, tensor] = [name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1)];
      if (owner !== `row${row}`) continue;
      const data = tensor === "loss" ? await rowLoss(batch, feeds, row) : rowOf(batch[tensor], row, length, sequence);
      fixture.compare(file, name, target, data);
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

async function rowLoss(results: Tensors, feeds: Tensors, row: number): Promise<Float32Array> {
  const logits = rowOf(results["logits"], row, 0, 1);
  const label = (feeds["labels"] as HostTensor<"int32">).data[row] as number;
  const top = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0);
  return Float32Array.of(Math.log(sum) + top - (logits[label] as number));
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
  executor: Executor,
  model: FactualModel,
  weights: Weights,
  batches: readonly Tensors[],
  backbone: { graph: LoadedGraph; names: readonly string[] },
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
    loss: (pass) => model.prunedLoss(pass, stateInputs(pass.g, backbone.names, model.hiddenSize)),
    trainable: model.parameters,
    optimizer,
    dropout: false,
  });
  const graph = await executor.load({ model: toOnnx(step.graph), updates: step.updates });
  await executor.setState(initialState(model, weights));
  for (const [i, batch] of batches.entries()) {
    const states = await backbone.graph.run(backboneFeeds(batch), backbone.names);
    const rate = meta.learning_rate * warmupLinear(i + 1, meta.warmup_steps, meta.t_total);
    const scalars = {
      learning_rate: float32Tensor([], Float32Array.of(rate)),
      step_size: float32Tensor([], Float32Array.of(stepSize(rate, i + 1, optimizer))),
    };
    const results = await graph.run({ ...batch, ...states, ...scalars }, step.fetch);
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

function initialState(model: FactualModel, weights: Weights): Tensors {
  return Object.fromEntries(
    model.parameters.flatMap(({ name, shape }) => {
      const start = weights.get(name) as Float32Array;
      return [
        [name, float32Tensor(shape, start.slice())],
        [slotNames.firstMoment(name), float32Tensor(shape, new Float32Array(start.length))],
        [slotNames.secondMoment(name), float32Tensor(shape, new Float32Array(start.length))],
      ];
    }),
  );
}

/** Both PyTorch formats must hold the very bits of the safetensors file. */
async function compareBins(fixture: Fixture, model: FactualModel, weights: Weights): Promise<void> {
  for (const file of ["pytorch_model.bin", "pytorch_model.legacy.bin"]) {
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
