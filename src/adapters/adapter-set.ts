import type { Parameter, Value } from "../graph/index.js";
import type { ParamScope, Pass } from "../nn/index.js";
import type { KAdapterConfig } from "./config.js";
import { KAdapter } from "./k-adapter.js";

/** An adapter and its place among the parameters. */
export interface AdapterPlace {
  /** Null: its parameters have no prefix, as in an adapter's own folder. */
  readonly name: string | null;
  readonly config: KAdapterConfig;
}

/** An adapter among several; the name is the user's and stands in parameter names. */
export interface NamedAdapter extends AdapterPlace {
  readonly name: string;
}

/**
 * Any number of adapters beside one backbone, each with its own size and taps. Parameters are called
 * `NAME_adapter.adapter.…`, as in the released downstream checkpoints (`fac_adapter`, `lin_adapter`), or `adapter.…`
 * without a name.
 */
export class AdapterSet {
  readonly parameters: readonly Parameter[];
  private readonly adapters: readonly { readonly name: string; readonly adapter: KAdapter }[];

  /** @param hiddenSize the backbone's (H) */
  constructor(scope: ParamScope, places: readonly AdapterPlace[], hiddenSize: number) {
    const before = scope.all.length;
    this.adapters = places.map(({ name, config }) => ({
      name: name ?? "",
      adapter: new KAdapter(name === null ? scope : scope.at(adapterScope(name)), config, hiddenSize),
    }));
    this.parameters = scope.all.slice(before);
  }

  /** Empty for one without a name. */
  get names(): readonly string[] {
    return this.adapters.map(({ name }) => name);
  }

  /** Hidden states that the adapters read, in ascending order. */
  get layers(): readonly number[] {
    return [...new Set(this.adapters.flatMap(({ adapter }) => adapter.config.layers))].sort((a, b) => a - b);
  }

  /** Whether some adapter attends to padding, so that hidden states at padding change its output. */
  get readsPadding(): boolean {
    return this.adapters.some(({ adapter }) => !adapter.config.maskPadding);
  }

  /**
   * The adapters' outputs, in their order.
   *
   * @param state the hidden state of a layer, `[batch, sequence, hidden]`
   * @param tokens see {@link KAdapter.forward}, as is `select`
   */
  forward(pass: Pass, state: (layer: number) => Value, tokens: Value | null, select: Value | null): Value[] {
    return this.adapters.map(({ name, adapter }) =>
      pass.g.scoped(name, () => adapter.forward(pass, adapter.config.layers.map(state), tokens, select).output),
    );
  }
}

/** Before the names of an adapter's parameters, where there are several. */
export const adapterScope = (name: string): string => `${name}_adapter`;
