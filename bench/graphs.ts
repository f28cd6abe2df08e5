/**
 * The graphs that the step benchmark times.
 * @module
 */

import { type Executor, type LoadedGraph, rateNames, type Tensors } from "../src/engine/executor.js";
import { backward, type Graph, GraphBuilder, matmul, type Value } from "../src/graph/index.js";
import { AdaptedModel } from "../src/models/adapted-model.js";
import { pretrainingDesign } from "../src/models/design.js";
import { Dropout, dropoutFeeds, initialValue } from "../src/nn/index.js";
import { releasedRelationHead } from "../src/tasks/relations/relation-head.js";
import { float32Tensor, type HostTensor } from "../src/tensor.js";
import { adamWDefaults, rateFeeds } from "../src/training/adamw.js";
import { slotNames } from "../src/training/optimizer.js";
import { load } from "../src/training/session.js";
import { fusedStep, type StepGraph, type StepOptions, splitStep } from "../src/training/step.js";
import type { Sizes } from "./sizes.js";

/** Adapter and relation head of the measured sizes. */
export function relationModel({ backbone, adapter, labels }: Sizes): AdaptedModel {
  return new AdaptedModel({
    ...pretrainingDesign({ features: "adapter", adapter }),
    hiddenSize: backbone.hidden_size,
    backboneLayers: backbone.num_hidden_layers,
    makeHead: (scope, sizes) =>
      releasedRelationHead(scope, sizes, labels, { dropout: adapter.dropout, init: "official" }),
  });
}

/** The stages that are timed; each is a graph of its own, `step` is what training runs. */
export interface StepStages {
  readonly forward: StepGraph;
  /** Forward and backward; the gradients are kept in their slots. */
  readonly gradients: StepGraph;
  /** Clipping and AdamW alone, from the gradients' slots. */
  readonly update: StepGraph;
  readonly step: StepGraph;
}

export type StageName = keyof StepStages;

/** @param inPlace whether the executor does AdamW, as in training wherever it can */
export function stepStages(model: AdaptedModel, inPlace: boolean): StepStages {
  const options: StepOptions = {
    inPlace,
    loss: (pass) => model.forward(pass).loss,
    trainable: model.parameters,
    optimizer: adamWDefaults,
    dropout: true,
  };
  return {
    forward: forwardStage(options),
    gradients: gradientStage(options),
    update: splitStep(options).update,
    step: fusedStep(options),
  };
}

function lossOf(options: StepOptions): { readonly g: GraphBuilder; readonly loss: Value } {
  const g = new GraphBuilder();
  return { g, loss: options.loss({ g, dropout: new Dropout(g), fused: false }) };
}

function forwardStage(options: StepOptions): StepGraph {
  const { g, loss } = lossOf(options);
  return { graph: g.build({ loss }), updates: {}, fetch: ["loss"] };
}

function gradientStage(options: StepOptions): StepGraph {
  const { g, loss } = lossOf(options);
  const outputs: Record<string, Value> = { loss };
  const updates: Record<string, string> = {};
  for (const [{ name }, grad] of backward(g, loss, options.trainable)) {
    outputs[`next.${name}`] = grad;
    updates[`next.${name}`] = slotNames.gradient(name);
  }
  return { graph: g.build(outputs), updates, fetch: ["loss"] };
}

/** Picks and copies what a graph takes of `available`, and adds dropout's keys and the rates of one update. */
export function stageFeeds(
  inputs: readonly string[],
  available: Tensors,
  dims: Readonly<Record<string, number>>,
  update: number,
): Tensors {
  // Small: the same batch over and over would be learnt by heart, and gradients near 0 make numbers denormal and slow.
  const rate = 1e-6;
  const all: Tensors = { ...available, ...rateFeeds(rate, update, adamWDefaults) };
  const own = inputs.flatMap((name) => {
    const tensor = all[name];
    return tensor ? [[name, { ...tensor, data: tensor.data.slice() } as HostTensor] as const] : [];
  });
  return { ...Object.fromEntries(own), ...dropoutFeeds(inputs, ["bench", update], dims) };
}

/** A loaded stage with what it must be fed. */
export class Stage {
  private constructor(
    private readonly inputs: readonly string[],
    private readonly fetch: readonly string[],
    private readonly loaded: LoadedGraph,
  ) {}

  static async load(executor: Executor, step: StepGraph): Promise<Stage> {
    const loaded = await load(executor, step);
    const rates = step.adamW ? Object.values(rateNames) : [];
    return new Stage([...loaded.inputs.keys(), ...rates], loaded.fetch, loaded.graph);
  }

  /** See {@link stageFeeds}. */
  feeds(available: Tensors, dims: Readonly<Record<string, number>>, update: number): Tensors {
    return stageFeeds(this.inputs, available, dims, update);
  }

  run(feeds: Tensors): Promise<Tensors> {
    return this.loaded.run(feeds, this.fetch);
  }
}

/** Parameters and empty moments; with `gradients` also their slots. */
export function freshState(model: AdaptedModel, seed: number): Tensors {
  const state: Record<string, HostTensor> = {};
  for (const parameter of model.parameters) {
    const { name, shape } = parameter;
    const value = initialValue(parameter, seed);
    state[name] = float32Tensor(shape, value);
    state[slotNames.firstMoment(name)] = float32Tensor(shape, new Float32Array(value.length));
    state[slotNames.secondMoment(name)] = float32Tensor(shape, new Float32Array(value.length));
  }
  return state;
}

/** Slots that {@link StepStages.gradients} fills. */
export function gradientSlots(model: AdaptedModel): Tensors {
  return Object.fromEntries(
    model.parameters.map(({ name, shape }) => [
      slotNames.gradient(name),
      float32Tensor(shape, new Float32Array(shape.reduce((product, dim) => product * dim, 1))),
    ]),
  );
}

/** Products one after another, of which each feeds the next: `count` of `[rows, inner] · [inner, outer]` and back. */
export interface GemmChain {
  readonly graph: Graph;
  readonly updates: Readonly<Record<string, string>>;
  readonly state: Tensors;
}

/** The engine's matrix products at an adapter's sizes, with operands that are fed, as in training. */
export function gemmChain(rows: number, inner: number, outer: number, count: number): GemmChain {
  const g = new GraphBuilder();
  const wide = g.input("gemm.wide", "float32", [inner, outer]);
  const narrow = g.input("gemm.narrow", "float32", [outer, inner]);
  let x = g.input("gemm.x", "float32", [rows, inner]);
  for (let i = 0; i < count; i++) x = matmul(g, matmul(g, x, wide), narrow);
  // Entries of 1/√n times noise keep the chain's size about the same: neither overflow nor denormal numbers.
  const noise = (name: string, shape: readonly [number, number]): HostTensor =>
    float32Tensor(
      shape,
      initialValue({ name, shape, dtype: "float32", init: { kind: "normal", std: shape[0] ** -0.5 } }, 1),
    );
  return {
    graph: g.build({ "next.gemm.y": x }),
    updates: { "next.gemm.y": "gemm.y" },
    state: {
      "gemm.wide": noise("wide", [inner, outer]),
      "gemm.narrow": noise("narrow", [outer, inner]),
      "gemm.x": noise("x", [rows, inner]),
      "gemm.y": float32Tensor([rows, inner], new Float32Array(rows * inner)),
    },
  };
}
