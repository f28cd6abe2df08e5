import { AdapterSet } from "../adapters/adapter-set.js";
import { type Backbone, backboneInputs } from "../backbones/index.js";
import { cast, GraphBuilder, type Parameter, type Value } from "../graph/index.js";
import { type AttentionMask, atPositions, attentionMask, ParamScope, type Pass } from "../nn/index.js";
import { type AdaptedDesign, trainsAdapters, trainsBackbone } from "./design.js";
import { adapterOutputName, stateInputs } from "./hidden-states.js";
import { type Joiner, makeJoiner } from "./joiner.js";
import type { MakeHead, TaskHead, TrainableModel } from "./task-head.js";

export interface AdaptedModelOptions extends AdaptedDesign {
  /** Part of the graph where it is trained; null, or left out, where its hidden states are inputs. */
  readonly backbone?: Backbone | null;
  /** The backbone's hidden size (H) and number of layers. */
  readonly hiddenSize: number;
  readonly backboneLayers: number;
  /** Element type of the hidden states (and outputs) that are fed; float32 inside, and by default. */
  readonly featureDtype?: "float16" | "float32";
  readonly makeHead: MakeHead;
}

/**
 * A backbone (or its hidden states), any number of adapters (none included), how they are joined, and a task's head.
 * Parameters: the backbone's own; `adapter.…` of a single adapter, `NAME_adapter.…` of several; the joiner's; the head's.
 */
export class AdaptedModel implements TrainableModel {
  readonly adapters: AdapterSet;
  readonly joiner: Joiner;
  readonly head: TaskHead;

  constructor(readonly options: AdaptedModelOptions) {
    const { adapters, joined, hiddenSize, backbone = null, trains, backboneLayers: last } = options;
    if ((backbone !== null) !== trainsBackbone(trains)) {
      throw new Error("the backbone is part of the graph where it is trained, and only there");
    }
    const scope = ParamScope.root();
    this.adapters = new AdapterSet(scope, adapters, hiddenSize);
    this.joiner = makeJoiner(scope, joined, { names: this.adapters.names, hiddenSize, last });
    this.head = options.makeHead(scope, { featureSize: this.joiner.width * hiddenSize, hiddenSize });
  }

  /** All parameters, those of a backbone in the graph and those that its head reads included. */
  get parameters(): readonly Parameter[] {
    return [...this.storedParameters, ...this.frozenParameters];
  }

  /** Those that a folder of the model holds: what the head reads of a frozen backbone is the backbone's. */
  get storedParameters(): readonly Parameter[] {
    return [...this.backboneParameters, ...this.adapterParameters, ...this.taskParameters];
  }

  /** The frozen backbone's own that the head reads; see {@link TaskHead.frozen}. */
  get frozenParameters(): readonly Parameter[] {
    return this.head.frozen ?? [];
  }

  /** The backbone's parameters, where it is part of the graph. */
  get backboneParameters(): readonly Parameter[] {
    return this.options.backbone?.parameters ?? [];
  }

  get adapterParameters(): readonly Parameter[] {
    return [...this.adapters.parameters, ...this.joiner.adapterParameters];
  }

  /** Joiner and head: what every training trains. */
  get taskParameters(): readonly Parameter[] {
    return [...this.joiner.parameters, ...this.head.parameters];
  }

  /** The parameters that learn. */
  get trainable(): readonly Parameter[] {
    const adapters = trainsAdapters(this.options.trains) ? this.adapterParameters : [];
    return [...this.backboneParameters, ...adapters, ...this.taskParameters];
  }

  /** Hidden states that the adapters in the graph read, at every position. */
  private get tapped(): readonly number[] {
    return this.options.outputs === "fed" ? [] : this.adapters.layers;
  }

  /** Hidden states that are read, in ascending order. */
  get neededLayers(): readonly number[] {
    return [...new Set([...this.tapped, ...this.joiner.layers])].sort((a, b) => a - b);
  }

  /**
   * How many positions the head selects, if nothing else of the last hidden state is read. Null where their number
   * varies, where an adapter taps that state, or where nobody reads it.
   */
  get lastPositions(): number | null {
    const { backboneLayers: last } = this.options;
    if (!this.joiner.narrows || this.tapped.includes(last)) return null;
    const positions = this.head.select(new GraphBuilder())?.shape[1];
    return typeof positions === "number" ? positions : null;
  }

  /** Adds everything to a graph; see {@link AdaptedModel.features} for its inputs. */
  forward(pass: Pass): { readonly logits: Value; readonly loss: Value } {
    const select = this.head.select(pass.g);
    const { features, mask } = this.features(pass, select);
    return this.head.forward(pass, features, select, mask);
  }

  /**
   * What the head reads, `[batch, positions, hidden]` each, and which tokens are no padding. Declares `input_ids`,
   * `attention_mask`, `position_ids` and `token_type_ids` where the backbone is part of the graph, else
   * `hidden_states.N`, `attention_mask` and, where they are fed, the adapters' outputs ({@link adapterOutputName}).
   *
   * @param select rows that pick positions, `[batch, positions, sequence]`; null for all
   */
  features(
    pass: Pass,
    select: Value | null,
  ): { readonly features: readonly Value[]; readonly mask: () => AttentionMask } {
    const { g } = pass;
    const { states, tokens } = this.states(pass);
    let masked: AttentionMask | null = null;
    const mask = () => {
      masked ??= attentionMask(g, tokens);
      return masked;
    };
    const outputs = this.adapterOutputs(pass, states, tokens, select);
    const features = this.joiner.join(pass, (layer) => atPositions(g, states(layer), select), outputs);
    return { features, mask };
  }

  private adapterOutputs(
    pass: Pass,
    states: (layer: number) => Value,
    tokens: Value,
    select: Value | null,
  ): readonly Value[] {
    const { g } = pass;
    const { outputs: from, frozenDropout, trains, hiddenSize, featureDtype = "float32" } = this.options;
    if (from === "fed") {
      return this.adapters.names.map((name) => {
        const fed = g.input(adapterOutputName(name), featureDtype, ["batch", "sequence", hiddenSize]);
        return atPositions(g, cast(g, fed, "float32"), select);
      });
    }
    const drops = frozenDropout || trainsAdapters(trains);
    const outputs = this.adapters.forward(drops ? pass : { ...pass, dropout: null }, states, tokens, select);
    return from === "rounded" ? outputs.map((output) => cast(g, cast(g, output, featureDtype), "float32")) : outputs;
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
