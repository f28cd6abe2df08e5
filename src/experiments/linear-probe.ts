import type { Executor } from "../engine/executor.js";
import { inScope } from "../engine/scopes.js";
import type { Parameter, Value } from "../graph/index.js";
import { constant, Linear, ParamScope, type Pass } from "../nn/index.js";
import { RandomStream } from "../random.js";
import { argmax } from "../tasks/classification-scores.js";
import { crossEntropy } from "../tasks/losses.js";
import { float32Tensor, floatsOf, int32Tensor } from "../tensor.js";
import { adamWDefaults, rateFeeds } from "../training/adamw.js";
import { ParameterState } from "../training/parameter-state.js";
import { fusedStep, stepSource } from "../training/step.js";

export interface ProbeOptions {
  readonly classes: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Decides the order of the examples. */
  readonly seed: number;
}

/** How a probe is trained unless it is said otherwise: the same for all features. */
export const probeDefaults = { steps: 400, batchSize: 256, learningRate: 2e-3, weightDecay: 0.01 } as const;

/** Vectors and their classes. */
export interface ProbeData {
  readonly vectors: readonly Float32Array[];
  readonly labels: readonly number[];
}

/**
 * Accuracy of a linear classifier over frozen vectors. The vectors are brought to mean 0 and deviation 1 by the training
 * data's; the classifier starts at zero and is trained by AdamW with a linearly falling rate.
 */
export async function probeAccuracy(
  executor: Executor,
  train: ProbeData,
  test: ProbeData,
  options: ProbeOptions,
): Promise<number> {
  const scale = standardiser(train.vectors);
  const { weight, bias } = await trainLinear(executor, train.vectors.map(scale), train.labels, options);
  const hits = test.vectors.filter((vector, i) => {
    const x = scale(vector);
    const logits = bias.map((b, c) => {
      let sum = b;
      for (let d = 0; d < x.length; d++) sum += x[d]! * weight[c * x.length + d]!;
      return sum;
    });
    return argmax(logits) === test.labels[i];
  });
  return test.vectors.length === 0 ? 0 : hits.length / test.vectors.length;
}

function standardiser(vectors: readonly Float32Array[]): (vector: Float32Array) => Float32Array {
  const size = vectors[0]?.length ?? 0;
  const [mean, deviation] = [new Float64Array(size), new Float64Array(size)];
  for (const vector of vectors) for (let d = 0; d < size; d++) mean[d] = mean[d]! + vector[d]! / vectors.length;
  for (const vector of vectors)
    for (let d = 0; d < size; d++) deviation[d] = deviation[d]! + (vector[d]! - mean[d]!) ** 2;
  const factor = deviation.map((sum) => 1 / Math.sqrt(sum / vectors.length + 1e-6));
  return (vector) => vector.map((x, d) => (x - mean[d]!) * factor[d]!);
}

function trainLinear(
  executor: Executor,
  vectors: readonly Float32Array[],
  labels: readonly number[],
  options: ProbeOptions,
): Promise<{ readonly weight: Float32Array; readonly bias: Float32Array }> {
  return inScope(executor, (scope) => trainLinearIn(scope, vectors, labels, options));
}

async function trainLinearIn(
  executor: Executor,
  vectors: readonly Float32Array[],
  labels: readonly number[],
  { classes, steps, batchSize, learningRate, weightDecay, seed }: ProbeOptions,
): Promise<{ readonly weight: Float32Array; readonly bias: Float32Array }> {
  const size = vectors[0]?.length ?? 0;
  const scope = ParamScope.root();
  const layer = new Linear(scope.at("probe"), size, classes, { weight: constant(0), bias: constant(0) });
  const parameters: readonly Parameter[] = [layer.weight, layer.bias];
  const optimizer = { ...adamWDefaults, weightDecay };
  const loss = (pass: Pass): Value => {
    const logits = layer.forward(pass, pass.g.input("x", "float32", ["batch", size]));
    return crossEntropy(pass.g, logits, pass.g.input("labels", "int32", ["batch"]));
  };
  const { updatesInPlace: inPlace } = executor;
  const graph = fusedStep({ loss, trainable: parameters, optimizer, dropout: false, inPlace });
  const loaded = await executor.load(stepSource(graph));
  await new ParameterState(executor, parameters, parameters).initialise(seed);
  const batches = endless(vectors.length, Math.min(batchSize, vectors.length), seed);
  for (let step = 1; step <= steps; step++) {
    const indices = batches.next().value;
    const rate = learningRate * (1 - (step - 1) / steps);
    const x = new Float32Array(indices.length * size);
    indices.forEach((i, row) => {
      x.set(vectors[i] as Float32Array, row * size);
    });
    await loaded.run(
      {
        x: float32Tensor([indices.length, size], x),
        labels: int32Tensor(
          [indices.length],
          Int32Array.from(indices, (i) => labels[i] as number),
        ),
        ...rateFeeds(rate, step, optimizer),
      },
      graph.fetch,
    );
  }
  const state = await executor.getState(parameters.map(({ name }) => name));
  return { weight: floatsOf(state, layer.weight.name), bias: floatsOf(state, layer.bias.name) };
}

/** Batches of indices without end; each passage over the data is in another order. */
function* endless(count: number, size: number, seed: number): Generator<number[], never> {
  for (let epoch = 0; ; epoch++) {
    const order = new RandomStream(seed, "probe", epoch).shuffle(Array.from({ length: count }, (_, i) => i));
    for (let start = 0; start + size <= count; start += size) yield order.slice(start, start + size);
  }
}
