import { type GraphBuilder, gather, type Parameter, reshape, squeeze, type Value } from "../../graph/index.js";
import type { TaskHead } from "../../models/task-head.js";
import { drop, type Linear, type ParamScope, type Pass, randomLinear, selectInput } from "../../nn/index.js";
import { crossEntropy } from "../losses.js";
import type { HeadOptions } from "../projection-head.js";

/**
 * Multiple choice: every choice is a text of its own; its score is `classifier(drop(F at the first token))`, and the
 * scores of a question are its logits. It reads the first tokens, `[batch, 1, hidden]`, one row a choice; `choices` int32
 * `[questions, choices]` tells each question's rows, `labels` int32 `[questions]` the right choice.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/examples/run_finetune_cosmosqa_adapter.py#L476 `COSMOSQAModel`
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/roberta/modeling_roberta.py `RobertaForMultipleChoice`
 */
export class ChoiceHead implements TaskHead {
  readonly parameters: readonly Parameter[];
  private readonly classifier: Linear;

  constructor(
    scope: ParamScope,
    private readonly choices: number,
    private readonly options: HeadOptions,
  ) {
    const before = scope.all.length;
    this.classifier = randomLinear(scope.at("classifier"), options.hiddenSize, 1, options.init);
    this.parameters = scope.all.slice(before);
  }

  select(g: GraphBuilder): Value {
    return selectInput(g, 1);
  }

  forward(pass: Pass, [features]: readonly Value[]): { logits: Value; loss: Value } {
    const { g } = pass;
    const { hiddenSize, dropout } = this.options;
    const first = reshape(g, features as Value, 0, hiddenSize);
    const choices = g.input("choices", "int32", ["questions", this.choices]);
    const scores = this.classifier.forward(pass, drop(pass, first, dropout));
    const logits = squeeze(g, gather(g, scores, choices), 2);
    return { logits, loss: crossEntropy(g, logits, g.input("labels", "int32", ["questions"])) };
  }
}
