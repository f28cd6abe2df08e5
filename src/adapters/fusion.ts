/**
 * Several adapters together: one feature from the backbone's last hidden state and the outputs of any number of
 * adapters.
 * @module
 */
import { z } from "zod";
import { add, concat, matmul, mul, type Parameter, reduceSum, slice, softmax, type Value } from "../graph/index.js";
import { identity, type Linear, type ParamScope, type Pass, type RandomInit, randomLinear } from "../nn/index.js";

/**
 * How adapters are joined. `concat` and `add` are the released code's (`run_finetune_*_adapter.py`), `attention` is
 * AdapterFusion's idea (arXiv 2005.00247).
 */
export const fusionKinds = ["concat", "add", "attention"] as const;
export type FusionKind = (typeof fusionKinds)[number];

export const fusionConfigSchema = z
  .object({
    kind: z.enum(fusionKinds),
    /**
     * The CosmosQA script's own way, for its checkpoints: each adapter's output goes through one more dense layer
     * (`concat`), or has the last hidden state added (`add`), before it is fused.
     */
    adapterDense: z.boolean().default(false),
    /** Without adapters: the hidden states that are read side by side, a baseline; the last one where it is left out. */
    taps: z.array(z.number().int().nonnegative().max(9999)).min(1).max(256).optional(),
  })
  .strict();
export type FusionConfig = Readonly<z.infer<typeof fusionConfigSchema>>;

/** Of a model without adapters. */
export const noFusion: FusionConfig = { kind: "concat", adapterDense: false };

export interface FusionOptions extends FusionConfig {
  /** Names of the adapters, in the order of their outputs; they name the parameters. */
  readonly names: readonly string[];
  /** The backbone's (H). */
  readonly hiddenSize: number;
  readonly init: RandomInit;
}

/** Fuses `h[L]` and adapter outputs, all `[…, hidden]`, to `[…, hidden]`. */
export interface Fusion {
  readonly parameters: readonly Parameter[];
  /** Those that belong to the adapters, see {@link FusionConfig.adapterDense}: frozen with them. */
  readonly adapterParameters: readonly Parameter[];
  /** @param outputs the adapters', or the hidden states of {@link FusionConfig.taps} */
  forward(pass: Pass, last: Value, outputs: readonly Value[]): Value;
}

/** Makes a fusion. Without adapters every kind is `F = h[L]`, or `F = W·[h[t_1]; …; h[t_n]] + b` where taps are read. */
export function makeFusion(scope: ParamScope, options: FusionOptions): Fusion {
  if (new Set(options.names).size !== options.names.length) throw new Error("two adapters have the same name");
  if (options.taps) return tapsFusion(scope, options, options.taps);
  const before = scope.all.length;
  const own = ownDense(scope, options);
  const between = scope.all.length;
  const join = joins[options.kind](scope, options);
  return {
    parameters: scope.all.slice(between),
    adapterParameters: scope.all.slice(before, between),
    forward: (pass, last, outputs) => {
      if (outputs.length !== options.names.length) {
        throw new Error(`${options.names.length} adapters are fused, ${outputs.length} outputs were given`);
      }
      return outputs.length === 0 ? last : pass.g.scoped("fusion", () => join(pass, last, own(pass, last, outputs)));
    },
  };
}

/** Without adapters: hidden states instead of their outputs. */
function tapsFusion(scope: ParamScope, options: FusionOptions, taps: readonly number[]): Fusion {
  if (options.names.length > 0) throw new Error("taps are read without adapters only");
  const joined = dense(scope.at("task_dense_taps"), taps.length * options.hiddenSize, options);
  return {
    parameters: [joined.weight, joined.bias],
    adapterParameters: [],
    forward: (pass, _last, states) => pass.g.scoped("fusion", () => joined.forward(pass, concat(pass.g, states, -1))),
  };
}

type Join = (pass: Pass, last: Value, outputs: readonly Value[]) => Value;

const joins: Readonly<Record<FusionKind, (scope: ParamScope, options: FusionOptions) => Join>> = {
  concat: concatJoin,
  add: () => addJoin,
  attention: attentionJoin,
};

function dense(scope: ParamScope, inputs: number, { hiddenSize, init }: FusionOptions): Linear {
  return randomLinear(scope, inputs, hiddenSize, init);
}

/**
 * The released code's `concat`, for any number of adapters; linear throughout (`TACREDModel.forward`):
 *
 *     g_a = task_dense_a([h[L] ; o_a]);   F = task_dense([g_1 ; … ; g_n])
 *
 * With one adapter F = g_1.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/examples/run_finetune_TACRED_adapter.py#L649 `TACREDModel`
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/pytorch_transformers/my_modeling_roberta.py#L844 `RobertaModelwithAdapter`
 */
function concatJoin(scope: ParamScope, options: FusionOptions): Join {
  const { names, hiddenSize } = options;
  const each = names.map((name) => dense(scope.at(`task_dense_${name}`), 2 * hiddenSize, options));
  const all = names.length > 1 ? dense(scope.at("task_dense"), names.length * hiddenSize, options) : null;
  return (pass, last, outputs) => {
    const parts = outputs.map((output, i) => each[i]!.forward(pass, concat(pass.g, [last, output], -1)));
    return all ? all.forward(pass, concat(pass.g, parts, -1)) : (parts[0] as Value);
  };
}

/** The released code's `add`: F = h[L] + Σ o_a. */
function addJoin({ g }: Pass, last: Value, outputs: readonly Value[]): Value {
  return outputs.reduce((sum, output) => add(g, sum, output), last);
}

/**
 * AdapterFusion (arXiv 2005.00247, section 3.2.1), token by token; here h[L] asks and stays in the result:
 *
 *     s = softmax_a((Q·h[L])ᵀ K·o_a);   F = h[L] + Σ s_a · V·o_a
 *
 * V starts at the identity, as there: untrained, the adapters' outputs are averaged.
 *
 * @see https://github.com/adapter-hub/adapters/blob/152992cf2e06587d52aabdb0a3fb0d489229941e/src/adapters/methods/modeling.py `BertFusion`
 */
function attentionJoin(scope: ParamScope, options: FusionOptions): Join {
  const { names, hiddenSize } = options;
  if (names.length === 0) return (_, last) => last;
  const query = dense(scope.at("fusion", "query"), hiddenSize, options);
  const key = dense(scope.at("fusion", "key"), hiddenSize, options);
  const value = scope.at("fusion", "value").param("weight", [hiddenSize, hiddenSize], identity);
  return (pass, last, outputs) => {
    const { g } = pass;
    const asked = query.forward(pass, last);
    const scores = outputs.map((output) => reduceSum(g, mul(g, asked, key.forward(pass, output)), [-1], true));
    const shares = softmax(g, concat(g, scores, -1));
    const weighted = outputs.map((output, i) => mul(g, output, slice(g, shares, -1, i, i + 1)));
    // V is linear: it is applied once, to the weighted sum.
    const mixed = weighted.reduce((sum, part) => add(g, sum, part));
    return add(g, last, matmul(g, mixed, g.use(value), { transB: true }));
  };
}

/** See {@link FusionConfig.adapterDense}; names as in the CosmosQA script's checkpoints. */
function ownDense(scope: ParamScope, options: FusionOptions): (...inputs: Parameters<Join>) => readonly Value[] {
  const { names, hiddenSize, kind, adapterDense } = options;
  if (!adapterDense) return (_pass, _last, outputs) => outputs;
  if (kind === "add") return ({ g }, last, outputs) => outputs.map((output) => add(g, last, output));
  const layers = names.map((name) => dense(scope.at(`${name}_adapter`, "task_dense"), 2 * hiddenSize, options));
  return (pass, last, outputs) =>
    outputs.map((output, i) => layers[i]!.forward(pass, concat(pass.g, [last, output], -1)));
}
