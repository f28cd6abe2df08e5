import type { ConfiguredBackbone } from "../backbones/backbone.js";
import type { Tensors } from "../engine/executor.js";
import { type HostTensor, int32Tensor } from "../tensor.js";

/** Texts of one batch, padded to the same width. */
export interface TokenBatch {
  readonly inputIds: HostTensor<"int32">;
  readonly attentionMask: HostTensor<"int32">;
}

/** Pads token ids on the right. */
export function padBatch(texts: readonly (readonly number[])[], width: number, padTokenId: number): TokenBatch {
  const ids = new Int32Array(texts.length * width).fill(padTokenId);
  const mask = new Int32Array(texts.length * width);
  texts.forEach((text, row) => {
    ids.set(text, row * width);
    mask.fill(1, row * width, row * width + text.length);
  });
  const shape = [texts.length, width];
  return { inputIds: int32Tensor(shape, ids), attentionMask: int32Tensor(shape, mask) };
}

/** What the graph of a backbone is fed. */
export function tokenFeeds(
  { definition, config }: ConfiguredBackbone,
  { inputIds, attentionMask }: TokenBatch,
): Tensors {
  return {
    input_ids: inputIds,
    attention_mask: attentionMask,
    position_ids: definition.positionIds(inputIds, attentionMask, config),
    token_type_ids: int32Tensor(inputIds.shape, new Int32Array(inputIds.data.length)),
  };
}
