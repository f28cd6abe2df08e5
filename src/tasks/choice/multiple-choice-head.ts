import { gather, type Parameter, squeeze, type Value } from "../../graph/index.js";
import type { HeadInit } from "../../models/task-head.js";
import { drop, type Linear, type ParamScope, type Pass } from "../../nn/index.js";
import { headLinear } from "../relations/relation-head.js";

/**
 * Multiple choice (`COSMOSQAModel` of the released code, `RobertaForMultipleChoice`): every choice is a text of its
 * own; its score is `classifier(drop(F at the first token))`, and the scores of a question are its logits.
 */
export class MultipleChoiceHead {
  readonly parameters: readonly Parameter[];
  private readonly classifier: Linear;

  constructor(
    scope: ParamScope,
    hiddenSize: number,
    private readonly dropout: number,
    init: HeadInit,
  ) {
    const before = scope.all.length;
    this.classifier = headLinear(scope.at("classifier"), hiddenSize, 1, init);
    this.parameters = scope.all.slice(before);
  }

  /**
   * @param x the first tokens' vectors, `[batch, hidden]`, one row a choice
   * @param choices int32 `[questions, choices]`: the rows of each question
   * @returns logits, `[questions, choices]`
   */
  forward(pass: Pass, x: Value, choices: Value): Value {
    const scores = this.classifier.forward(pass, drop(pass, x, this.dropout));
    return squeeze(pass.g, gather(pass.g, scores, choices), 2);
  }
}
