import type { KAdapterConfig } from "../adapters/config.js";
import type { Parameters } from "../adapters/folder.js";
import { KAdapter } from "../adapters/k-adapter.js";
import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { loadWithParameters } from "../engine/fixed-parameters.js";
import { inferencePass } from "../engine/inference-pass.js";
import { cast, GraphBuilder } from "../graph/index.js";
import { stateInputs } from "../models/hidden-states.js";
import { ParamScope, selectInput } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";
import { tensorsOf } from "../weights/parameters.js";
import type { FeatureDType } from "./feature-cache.js";

export interface AdapterGraphOptions {
  readonly config: KAdapterConfig;
  readonly parameters: Parameters;
  /** The backbone's (H). */
  readonly hiddenSize: number;
  /** Element type of the hidden states that are fed; float32 inside. */
  readonly dtype: FeatureDType;
  /** Element type of the output. */
  readonly outputDtype: FeatureDType;
  /** Whether `select` is fed, rows that pick positions: `[batch, positions, sequence]`. */
  readonly selects: boolean;
}

/** Runs an adapter without dropout. */
export class AdapterGraph {
  private constructor(
    readonly graph: LoadedGraph,
    /** Names of what it reads. */
    readonly inputs: ReadonlySet<string>,
  ) {}

  static async load(executor: Executor, options: AdapterGraphOptions): Promise<AdapterGraph> {
    const { config, parameters, hiddenSize, dtype, outputDtype, selects } = options;
    const module = new KAdapter(ParamScope.root(), config, hiddenSize);
    const g = new GraphBuilder();
    const taps = config.layers.map(stateInputs(g, config.layers, hiddenSize, dtype));
    const tokens = g.input("attention_mask", "int32", ["batch", "sequence"]);
    const select = selects ? selectInput(g, "positions") : null;
    const { output } = module.forward(inferencePass(g, executor), taps, tokens, select);
    const graph = g.build({ output: cast(g, output, outputDtype) });
    const loaded = await loadWithParameters(executor, graph, tensorsOf(parameters));
    return new AdapterGraph(loaded, new Set(graph.inputs.map(({ name }) => name)));
  }

  /**
   * @param feeds hidden states by name, `attention_mask` and, where asked for, `select`; what the
   * adapter does not read is left out. Their buffers may be moved: do not use them afterwards.
   * @returns `[batch, sequence, hidden]`, or `[batch, positions, hidden]` where positions are selected
   */
  async run(feeds: Tensors): Promise<HostTensor> {
    const wanted = Object.entries(feeds).filter(([name]) => this.inputs.has(name));
    return (await this.graph.run(Object.fromEntries(wanted), ["output"]))["output"] as HostTensor;
  }

  close(): Promise<void> {
    return this.graph.close();
  }
}
