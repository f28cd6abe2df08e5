import { type GraphBuilder, type Parameter, reshape, type Value } from "../../graph/index.js";
import type { TaskHead } from "../../models/task-head.js";
import { type ParamScope, type Pass, selectInput } from "../../nn/index.js";
import { binaryCrossEntropy } from "../losses.js";
import { type HeadOptions, ProjectionHead } from "../projection-head.js";

/** Entity typing: from the mention's marker, `[batch, 1, hidden]`; `labels` float32 `[batch, classes]`, several ones. */
export class TypingHead implements TaskHead {
  private readonly head: ProjectionHead;

  constructor(
    scope: ParamScope,
    private readonly classes: number,
    private readonly options: HeadOptions,
  ) {
    this.head = new ProjectionHead(scope, options.hiddenSize, classes, options);
  }

  get parameters(): readonly Parameter[] {
    return this.head.parameters;
  }

  select(g: GraphBuilder): Value {
    return selectInput(g, 1);
  }

  forward(pass: Pass, [features]: readonly Value[]): { logits: Value; loss: Value } {
    const { g } = pass;
    const logits = this.head.forward(pass, reshape(g, features as Value, 0, this.options.hiddenSize));
    return { logits, loss: binaryCrossEntropy(g, logits, g.input("labels", "float32", ["batch", this.classes])) };
  }
}
