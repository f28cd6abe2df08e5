import type { Backbone } from "../backbones/index.js";
import { backboneInputs } from "../backbones/index.js";
import { gather, type Parameter, reshape, type Value } from "../graph/index.js";
import type { Pass } from "../nn/index.js";
import { crossEntropy } from "../tasks/losses.js";

/**
 * A whole language model that learns: a backbone, and a head over its vocabulary that reads only the positions whose
 * words are predicted. Beside the backbone's inputs it is fed `picked`, int32 `[rows]`, indices into all positions of the
 * batch in a row, and `labels`, int32 `[rows]`, the words that stand there.
 */
export class LanguageModel {
  readonly parameters: readonly Parameter[];

  constructor(private readonly backbone: Backbone) {
    this.parameters = [...backbone.parameters, ...backbone.headParameters];
  }

  /** @returns logits `[rows, vocab]` and their mean loss */
  forward(pass: Pass): { readonly logits: Value; readonly labels: Value; readonly loss: Value } {
    const { g } = pass;
    const { last } = this.backbone.forward(pass, backboneInputs(g));
    const picked = g.input("picked", "int32", ["rows"]);
    const labels = g.input("labels", "int32", ["rows"]);
    const rows = gather(g, reshape(g, last, -1, this.backbone.config.hiddenSize), picked);
    const logits = this.backbone.lmLogits(pass, rows);
    return { logits, labels, loss: crossEntropy(g, logits, labels) };
  }
}
