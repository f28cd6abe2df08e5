import { AdapterSet, type NamedAdapter } from "../adapters/adapter-set.js";
import type { TrainedParts } from "../adapters/downstream-folder.js";
import { type Fusion, type FusionConfig, makeFusion } from "../adapters/fusion.js";
import { type Backbone, backboneInputs } from "../backbones/index.js";
import { cast, type Parameter, type Value } from "../graph/index.js";
import { type AttentionMask, atPositions, attentionMask, ParamScope, type Pass } from "../nn/index.js";
import type { HeadInit, HeadSizes, TaskHead } from "../tasks/task.js";
import { stateInputs } from "./knowledge-model.js";

export interface DownstreamModelOptions {
  /** Part of the graph where it is trained; null where its hidden states are inputs. */
  readonly backbone: Backbone | null;
  readonly hiddenSize: number;
  readonly backboneLayers: number;
  readonly adapters: readonly NamedAdapter[];
  readonly fusion: FusionConfig;
  readonly headInit: HeadInit;
  /**
   * What learns besides fusion and head. `backbone` is the paper's way (adapters frozen); `none` needs the backbone's
   * hidden states only, which can be cached.
   */
  readonly trains: TrainedParts;
  /** Whether adapters drop what their configurations say although they are frozen, as the released code's do. */
  readonly frozenDropout: boolean;
  /**
   * Whether the adapters' outputs are inputs instead of being computed: they are the same in every epoch where neither
   * backbone nor adapters learn or drop anything.
   */
  readonly fedOutputs?: boolean;
  /** Element type of the hidden states (and outputs) that are fed; float32 inside. */
  readonly featureDtype?: "float16" | "float32";
  makeHead(scope: ParamScope, sizes: HeadSizes): TaskHead;
}

/** Under which an adapter's output is fed, see {@link DownstreamModelOptions.fedOutputs}. */
export const adapterOutputName = (adapter: string): string => `adapter_output.${adapter}`;

/** A backbone (or its hidden states), any number of adapters, their fusion and a task's head (K-Adapter §3.5). */
export class DownstreamModel {
  readonly adapters: AdapterSet;
  readonly fusion: Fusion;
  readonly head: TaskHead;

  constructor(readonly options: DownstreamModelOptions) {
    const { adapters, fusion, hiddenSize, headInit, backbone, trains } = options;
    if (options.fedOutputs && (trains !== "none" || options.frozenDropout || fusion.taps)) {
      throw new Error("only outputs that never change can be fed");
    }
    if ((backbone !== null) !== (trains === "backbone" || trains === "all")) {
      throw new Error("the backbone is part of the graph where it is trained, and only there");
    }
    const scope = ParamScope.root();
    this.adapters = new AdapterSet(scope, adapters, hiddenSize);
    const names = this.adapters.names;
    this.fusion = makeFusion(scope, { ...fusion, names, hiddenSize, init: headInit });
    this.head = options.makeHead(scope, { featureSize: hiddenSize, hiddenSize });
  }

  /** All parameters, those of a backbone in the graph included. */
  get parameters(): readonly Parameter[] {
    return [...this.backboneParameters, ...this.adapterParameters, ...this.taskParameters];
  }

  /** Those of the adapters, under `NAME_adapter.`. */
  get adapterParameters(): readonly Parameter[] {
    return [...this.adapters.parameters, ...this.fusion.adapterParameters];
  }

  /** Fusion and head: what every downstream training trains. */
  get taskParameters(): readonly Parameter[] {
    return [...this.fusion.parameters, ...this.head.parameters];
  }

  /** The backbone's parameters where it is part of the graph. */
  get backboneParameters(): readonly Parameter[] {
    return this.options.backbone?.parameters ?? [];
  }

  /** The parameters that learn. */
  get trainable(): readonly Parameter[] {
    const adapters = this.trainsAdapters ? this.adapterParameters : [];
    return [...this.backboneParameters, ...adapters, ...this.taskParameters];
  }

  private get trainsAdapters(): boolean {
    return this.options.trains === "adapters" || this.options.trains === "all";
  }

  /** Hidden states that are read, in ascending order. */
  get neededLayers(): readonly number[] {
    const { fusion, fedOutputs, backboneLayers } = this.options;
    const read = fusion.taps ?? [...(fedOutputs ? [] : this.adapters.layers), backboneLayers];
    return [...new Set(read)].sort((a, b) => a - b);
  }

  /** Adds everything to a graph; see {@link DownstreamModel.features} for its inputs. */
  forward(pass: Pass): { readonly logits: Value; readonly loss: Value } {
    const select = this.head.select(pass.g);
    const { features, mask } = this.features(pass, select);
    return this.head.forward(pass, [features], select, mask);
  }

  /**
   * F, the fused features, `[batch, positions, hidden]`, and which tokens are no padding. Declares `input_ids`,
   * `attention_mask`, `position_ids` and `token_type_ids` where the backbone is part of the graph, else
   * `hidden_states.N`, `attention_mask` and, where they are fed, the adapters' outputs ({@link adapterOutputName}).
   *
   * @param select rows that pick positions, `[batch, positions, sequence]`; null for all
   */
  features(pass: Pass, select: Value | null): { readonly features: Value; readonly mask: () => AttentionMask } {
    const { g } = pass;
    const { options } = this;
    const { states, tokens } = this.states(pass);
    let masked: AttentionMask | null = null;
    const mask = () => {
      masked ??= attentionMask(g, tokens);
      return masked;
    };
    const picked = (layer: number) => atPositions(g, states(layer), select);
    const { taps } = options.fusion;
    const outputs = taps?.map(picked) ?? this.adapterOutputs(pass, states, tokens, select);
    const last = picked(taps?.at(-1) ?? options.backboneLayers);
    return { features: this.fusion.forward(pass, last, outputs), mask };
  }

  private adapterOutputs(
    pass: Pass,
    states: (layer: number) => Value,
    tokens: Value,
    select: Value | null,
  ): readonly Value[] {
    const { g } = pass;
    const { fedOutputs, frozenDropout, trains, hiddenSize, featureDtype = "float32" } = this.options;
    if (fedOutputs) {
      return this.adapters.names.map((name) => {
        const fed = g.input(adapterOutputName(name), featureDtype, ["batch", "sequence", hiddenSize]);
        return atPositions(g, cast(g, fed, "float32"), select);
      });
    }
    const drops = frozenDropout || this.trainsAdapters;
    const outputs = this.adapters.forward(drops ? pass : { ...pass, dropout: null }, states, tokens, select);
    // Rounded as where they are fed, so that a model says the same however it is run.
    const rounds = trains === "none" && !frozenDropout;
    return rounds ? outputs.map((output) => cast(g, cast(g, output, featureDtype), "float32")) : outputs;
  }

  private states(pass: Pass): { readonly states: (layer: number) => Value; readonly tokens: Value } {
    const { g } = pass;
    const { backbone, hiddenSize, featureDtype } = this.options;
    if (!backbone) {
      const states = stateInputs(g, this.neededLayers, hiddenSize, featureDtype);
      return { states, tokens: g.input("attention_mask", "int32", ["batch", "sequence"]) };
    }
    const inputs = backboneInputs(g);
    const { hiddenStates } = backbone.forward(pass, inputs);
    return { states: (layer) => hiddenStates[layer] as Value, tokens: inputs.attentionMask };
  }
}
