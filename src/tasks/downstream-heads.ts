/**
 * The downstream heads with their inputs, losses included.
 * @module
 */
import { type GraphBuilder, type Parameter, reshape, type Value } from "../graph/index.js";
import type { HeadInit, TaskHead } from "../models/task-head.js";
import type { ParamScope, Pass } from "../nn/index.js";
import { MultipleChoiceHead } from "./choice/multiple-choice-head.js";
import { binaryCrossEntropy, crossEntropy } from "./losses.js";
import { ProjectionHead } from "./projection-head.js";

export interface DownstreamHeadOptions {
  readonly hiddenSize: number;
  readonly dropout: number;
  readonly init: HeadInit;
}

interface Scored {
  readonly logits: Value;
  readonly loss: Value;
}

/** Picks `positions` positions of each text, one row each; float32 `[batch, positions, sequence]`. */
function selectInput(g: GraphBuilder, positions: number): Value {
  return g.input("select", "float32", ["batch", positions, "sequence"]);
}

/** Relation classification: from the markers of subject and object, `[batch, 2, hidden]`; `labels` int32 `[batch]`. */
export class RelationPairHead implements TaskHead {
  private readonly head: ProjectionHead;

  constructor(
    scope: ParamScope,
    classes: number,
    private readonly options: DownstreamHeadOptions,
  ) {
    this.head = new ProjectionHead(scope, { ...options, inputs: 2 * options.hiddenSize, classes });
  }

  get parameters(): readonly Parameter[] {
    return this.head.parameters;
  }

  select(g: GraphBuilder): Value {
    return selectInput(g, 2);
  }

  forward(pass: Pass, [features]: readonly Value[]): Scored {
    const { g } = pass;
    const logits = this.head.forward(pass, reshape(g, features as Value, 0, 2 * this.options.hiddenSize));
    return { logits, loss: crossEntropy(g, logits, g.input("labels", "int32", ["batch"])) };
  }
}

/** Entity typing: from the mention's marker, `[batch, 1, hidden]`; `labels` float32 `[batch, classes]`, several ones. */
export class TypingHead implements TaskHead {
  private readonly head: ProjectionHead;

  constructor(
    scope: ParamScope,
    private readonly classes: number,
    private readonly options: DownstreamHeadOptions,
  ) {
    this.head = new ProjectionHead(scope, { ...options, inputs: options.hiddenSize, classes });
  }

  get parameters(): readonly Parameter[] {
    return this.head.parameters;
  }

  select(g: GraphBuilder): Value {
    return selectInput(g, 1);
  }

  forward(pass: Pass, [features]: readonly Value[]): Scored {
    const { g } = pass;
    const logits = this.head.forward(pass, reshape(g, features as Value, 0, this.options.hiddenSize));
    return { logits, loss: binaryCrossEntropy(g, logits, g.input("labels", "float32", ["batch", this.classes])) };
  }
}

/**
 * Multiple choice: from the first tokens, `[batch, 1, hidden]`, one row a choice; `choices` int32
 * `[questions, choices]` tells each question's rows, `labels` int32 `[questions]` the right choice.
 */
export class ChoiceHead implements TaskHead {
  private readonly head: MultipleChoiceHead;

  constructor(
    scope: ParamScope,
    private readonly choices: number,
    private readonly options: DownstreamHeadOptions,
  ) {
    this.head = new MultipleChoiceHead(scope, options.hiddenSize, options.dropout, options.init);
  }

  get parameters(): readonly Parameter[] {
    return this.head.parameters;
  }

  select(g: GraphBuilder): Value {
    return selectInput(g, 1);
  }

  forward(pass: Pass, [features]: readonly Value[]): Scored {
    const { g } = pass;
    const first = reshape(g, features as Value, 0, this.options.hiddenSize);
    const logits = this.head.forward(pass, first, g.input("choices", "int32", ["questions", this.choices]));
    return { logits, loss: crossEntropy(g, logits, g.input("labels", "int32", ["questions"])) };
  }
}
