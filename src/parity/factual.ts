import type { KAdapterConfig } from "../adapters/config.js";
import { KAdapter } from "../adapters/k-adapter.js";
import type { Tensors } from "../engine/executor.js";
import { matmul, type Parameter, type Value } from "../graph/index.js";
import { ParamScope, type Pass, selectInput } from "../nn/index.js";
import type { NarrowedHead } from "../tasks/narrowed-head.js";
import { type RelationHead, releasedRelationHead } from "../tasks/relations/relation-head.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import type { Fixture } from "./fixture.js";
import {
  comparePretraining,
  cutBatches,
  lossOf,
  type PretrainingScript,
  type ReleasedModel,
  textBatches,
} from "./pretraining.js";

/** Adapter and head as `fac-adapter.py` has them. */
class FactualModel implements ReleasedModel {
  readonly adapter: KAdapter;
  readonly head: NarrowedHead<RelationHead>;
  readonly parameters: readonly Parameter[];

  constructor(
    readonly config: KAdapterConfig,
    hiddenSize: number,
    labels: number,
  ) {
    const scope = ParamScope.root();
    this.adapter = new KAdapter(scope, config, hiddenSize);
    this.head = releasedRelationHead(scope, { featureSize: 2 * hiddenSize, hiddenSize }, labels, {
      dropout: 0,
      init: "official",
    });
    this.parameters = scope.all;
  }

  forward(pass: Pass, states: readonly Value[]) {
    const { g } = pass;
    const taps = this.config.layers.map((layer) => states[layer] as Value);
    const tokens = g.input("attention_mask", "int32", ["batch", "sequence"]);
    const { output, trace } = this.adapter.forward(pass, taps, tokens);
    const com = this.head.combine(pass, [states.at(-1) as Value, output]);
    const { logits, loss } = this.head.head.forward(pass, [matmul(g, selectInput(g, 2), com)]);
    return { trace, loss, named: { hidden_last: output, com_features: com, logits } };
  }

  prunedLoss(pass: Pass, states: readonly Value[]): Value {
    const { g } = pass;
    const taps = this.config.layers.map((layer) => states[layer] as Value);
    const select = selectInput(g, 2);
    const { output } = this.adapter.forward(pass, taps, null, select);
    const com = this.head.combine(pass, [matmul(g, select, states.at(-1) as Value), output]);
    return this.head.head.forward(pass, [com]).loss;
  }
}

/** Rows that pick the subject's and the object's marker. */
function markerRows(subject: HostTensor, object: HostTensor): HostTensor {
  const [batch, sequence] = subject.shape as [number, number];
  const select = new Float32Array(batch * 2 * sequence);
  for (let row = 0; row < batch; row++) {
    [subject, object].forEach(({ data }, i) => {
      select.set((data as Float32Array).subarray(row * sequence, (row + 1) * sequence), (2 * row + i) * sequence);
    });
  }
  return float32Tensor([batch, 2, sequence], select);
}

const script: PretrainingScript = {
  model: (config, hiddenSize, classes) => new FactualModel(config, hiddenSize, classes),
  batches: (inputs) => {
    const labels = cutBatches(inputs, "labels");
    const subjects = cutBatches(inputs, "subj_special_start_id");
    const objects = cutBatches(inputs, "obj_special_start_id");
    return textBatches(inputs).map(
      (text, i): Tensors => ({
        ...text,
        labels: labels[i] as HostTensor,
        select: markerRows(subjects[i] as HostTensor, objects[i] as HostTensor),
      }),
    );
  },
  rowLoss: (logits, feeds, row) =>
    Float32Array.of(lossOf(logits, (feeds["labels"] as HostTensor<"int32">).data[row] as number)),
};

/** Compares the released factual pre-training model. */
export const compareFactual = (fixture: Fixture): Promise<void> => comparePretraining(fixture, script);
