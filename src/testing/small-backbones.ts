/**
 * Small models that tests share.
 * @module
 */
import { expect } from "vitest";
import { type BackboneDefinition, backboneInputs } from "../backbones/index.js";
import { GraphBuilder, type Value } from "../graph/index.js";
import { initialValue, type Pass, selectInput } from "../nn/index.js";
import { selectRows } from "../tasks/select.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { runGraph } from "./run-graph.js";

const encoderJson = (modelType: string) => ({
  model_type: modelType,
  vocab_size: 30,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 16,
  type_vocab_size: 2,
  pad_token_id: modelType === "roberta" ? 1 : 0,
  initializer_range: 0.3,
});

export const gpt2Json = {
  model_type: "gpt2",
  vocab_size: 30,
  n_embd: 16,
  n_layer: 2,
  n_head: 2,
  n_inner: 24,
  n_positions: 16,
  eos_token_id: 29,
  initializer_range: 0.3,
};

export const xlnetJson = {
  model_type: "xlnet",
  vocab_size: 30,
  d_model: 16,
  n_layer: 2,
  n_head: 2,
  d_inner: 24,
  pad_token_id: 5,
  initializer_range: 0.3,
};

const distilbertJson = {
  model_type: "distilbert",
  vocab_size: 30,
  dim: 16,
  n_layers: 2,
  n_heads: 2,
  hidden_dim: 24,
  max_position_embeddings: 16,
  initializer_range: 0.3,
};

const otherJson = new Map<string, Readonly<Record<string, unknown>>>([
  ["gpt2", gpt2Json],
  ["xlnet", xlnetJson],
  ["distilbert", distilbertJson],
  ["electra", { ...encoderJson("electra"), embedding_size: 12 }],
]);

/** The config.json of a small model of each kind. */
export const smallConfig = (kind: string): Readonly<Record<string, unknown>> =>
  otherJson.get(kind) ?? encoderJson(kind);

const lengths = [6, 4];

/** The inputs and weights of a small model: two sentences of 6 and 4 tokens, padded to `width`. */
export function feedsFor(
  definition: BackboneDefinition,
  width: number,
  given = smallConfig(definition.kind),
): Record<string, HostTensor> {
  const config = definition.parseConfig(given, "config.json");
  const ids = Int32Array.from({ length: 2 * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return column < (lengths[row] as number) ? 5 + ((7 * row + 3 * column) % 20) : config.padTokenId;
  });
  const mask = ids.map((_, i) => (i % width < (lengths[Math.floor(i / width)] as number) ? 1 : 0));
  const [inputIds, attentionMask] = [int32Tensor([2, width], ids), int32Tensor([2, width], mask)];
  const feeds: Record<string, HostTensor> = {
    input_ids: inputIds,
    attention_mask: attentionMask,
    position_ids: definition.positionIds(inputIds, attentionMask, config),
    token_type_ids: int32Tensor([2, width], new Int32Array(2 * width)),
  };
  const backbone = definition.build(config);
  for (const parameter of [...backbone.parameters, ...backbone.headParameters]) {
    feeds[parameter.name] = float32Tensor(parameter.shape, initialValue(parameter, 1));
  }
  return feeds;
}

interface Run {
  readonly fused: boolean;
  readonly contribAttention?: boolean;
  readonly width: number;
  /** Settings of config.json that differ. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Tokens that differ: position in the first sentence, and id. */
  readonly tokens?: readonly (readonly [number, number])[];
  /** Padding on the left. */
  readonly left?: boolean;
  readonly types?: Int32Array;
  /** Positions of both sentences that alone are computed in the last layer. */
  readonly at?: readonly (readonly number[])[];
  /** Stops after this layer. */
  readonly upTo?: number;
}

/** Moves the padding of both rows to the left. */
function turned(tensor: HostTensor<"int32">, width: number): HostTensor<"int32"> {
  const data = tensor.data.map((_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return tensor.data[row * width + ((column + (lengths[row] as number)) % width)] as number;
  });
  return { ...tensor, data };
}

/** The last hidden states of a small model, row after row. */
export async function hidden(
  definition: BackboneDefinition,
  { fused, contribAttention = false, width, change = {}, tokens = [], left = false, types, at, upTo }: Run,
): Promise<Float32Array> {
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused, contribAttention };
  const given = { ...smallConfig(definition.kind), ...change };
  const backbone = definition.build(definition.parseConfig(given, "config.json"));
  const select = at ? selectInput(g, (at[0] as readonly number[]).length) : null;
  const { hiddenStates } = backbone.forward(pass, backboneInputs(g), { select, ...(upTo ? { upTo } : {}) });
  const feeds = feedsFor(definition, width, given);
  if (at) feeds["select"] = selectRows(at, (at[0] as readonly number[]).length, width);
  for (const [position, id] of tokens) (feeds["input_ids"] as HostTensor<"int32">).data[position] = id;
  if (left) {
    for (const name of ["input_ids", "attention_mask"]) feeds[name] = turned(feeds[name] as HostTensor<"int32">, width);
  }
  if (types) feeds["token_type_ids"] = int32Tensor([2, width], types);
  return floatsOf(await runGraph(g, { last: hiddenStates.at(-1) as Value }, feeds), "last");
}

/** The vectors of real tokens, row after row. */
export const realTokens = (states: Float32Array, width: number) => [
  ...states.subarray(0, 6 * 16),
  ...states.subarray(width * 16, (width + 4) * 16),
];

export function expectClose(a: ArrayLike<number>, b: ArrayLike<number>): void {
  expect(a.length).toBe(b.length);
  Array.from(a).forEach((x, i) => {
    expect(Math.abs(x - (b[i] as number))).toBeLessThan(2e-5);
  });
}

/** Fails unless some element differs visibly. */
export function expectDifferent(a: ArrayLike<number>, b: ArrayLike<number>): void {
  expect(Array.from(a).some((x, i) => Math.abs(x - (b[i] as number)) > 1e-3)).toBe(true);
}
