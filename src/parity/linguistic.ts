import type { KAdapterConfig } from "../adapters/config.js";
import { KAdapter } from "../adapters/k-adapter.js";
import type { Tensors } from "../engine/executor.js";
import type { Parameter, Value } from "../graph/index.js";
import { attentionMask, ParamScope, type Pass } from "../nn/index.js";
import { NarrowedHead } from "../tasks/narrowed-head.js";
import { ReleasedHeadPredictionHead } from "../tasks/trees/released-head.js";
import { type HostTensor, int32Tensor } from "../tensor.js";
import type { Fixture } from "./fixture.js";
import {
  comparePretraining,
  cutBatches,
  lossOf,
  type PretrainingScript,
  type ReleasedModel,
  textBatches,
} from "./pretraining.js";

/** Adapter and head as `lin-adapter.py` has them. */
class LinguisticModel implements ReleasedModel {
  readonly adapter: KAdapter;
  readonly head: NarrowedHead<ReleasedHeadPredictionHead>;
  readonly parameters: readonly Parameter[];

  constructor(
    readonly config: KAdapterConfig,
    hiddenSize: number,
    classes: number,
  ) {
    const scope = ParamScope.root();
    this.adapter = new KAdapter(scope, config, hiddenSize);
    const sizes = { featureSize: 2 * hiddenSize, hiddenSize };
    const options = { classes, loss: "cross-entropy", everyPosition: true, dropout: 0, init: "official" } as const;
    const head = (own: ParamScope) => new ReleasedHeadPredictionHead(own, hiddenSize, options);
    this.head = new NarrowedHead(scope, sizes, options.init, head);
    this.parameters = scope.all;
  }

  forward(pass: Pass, states: readonly Value[]) {
    const { g } = pass;
    const tokens = g.input("attention_mask", "int32", ["batch", "sequence"]);
    const mask = attentionMask(g, tokens);
    const taps = this.config.layers.map((layer) => states[layer] as Value);
    const { output, trace } = this.adapter.forward(pass, taps, tokens);
    const com = this.head.combine(pass, [states.at(-1) as Value, output]);
    const { context, attention, logits } = this.head.head.classify(pass, com, mask);
    const loss = this.head.head.loss(g, logits, g.input("labels", "int32", ["batch", "sequence"]));
    const named = { hidden_last: output, com_features: com, context_layer: context, logits };
    return { trace, loss, named: { ...named, ...(attention ? { attention_probs: attention } : {}) } };
  }

  prunedLoss(pass: Pass, states: readonly Value[]): Value {
    return this.forward(pass, states).loss;
  }
}

/** Labels of every token that is no padding; the others count for nothing. */
function unpadded(labels: HostTensor, mask: HostTensor): HostTensor {
  const data = Int32Array.from(labels.data as Int32Array, (label, i) => (mask.data[i] ? label : -100));
  return int32Tensor(labels.shape, data);
}

const script: PretrainingScript = {
  model: (config, hiddenSize, classes) => new LinguisticModel(config, hiddenSize, classes),
  batches: (inputs) => {
    const labels = cutBatches(inputs, "labels");
    return textBatches(inputs).map(
      (text, i): Tensors => ({
        ...text,
        labels: unpadded(labels[i] as HostTensor, text["attention_mask"] as HostTensor),
      }),
    );
  },
  rowLoss: (logits, feeds, row, length) => {
    const { data, shape } = feeds["labels"] as HostTensor<"int32">;
    const sequence = shape[1] as number;
    const classes = logits.length / length;
    const losses = Array.from({ length }, (_, i) =>
      lossOf(logits.subarray(i * classes, (i + 1) * classes), data[row * sequence + i] as number),
    );
    return Float32Array.of(losses.reduce((sum, loss) => sum + loss, 0) / length);
  },
};

/** Compares the released linguistic pre-training model. */
export const compareLinguistic = (fixture: Fixture): Promise<void> => comparePretraining(fixture, script);
