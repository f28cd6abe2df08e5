import { workerExecutor } from "../src/runtime/worker-executor.js";
import { attentionFlops, type EncoderShape, linearFlops, stepFlops } from "./flops.js";
import { floatPeak } from "./peaks.js";
import type { PretrainRequest } from "./request.js";

/** Mean length of a sentence ÷ the fixed length, as T-REx has it at 64 tokens; only the estimate leans on it. */
const fill = 0.66;
/** Share of the peak that both sides reach, about, and int8 products ÷ float32 ones. */
const share = 0.7;
const int8Speed = 2;
/** Seconds that a measuring process takes before and after its training: weights hashed, graphs loaded. */
const overhead = 20;

export interface Planned {
  readonly problem: Omit<PretrainRequest, "scratch" | "precision">;
  readonly shape: EncoderShape;
  readonly precisions: readonly PretrainRequest["precision"][];
  readonly peer: { readonly epochs: number; readonly loraBatches: number } | null;
}

/** Minutes of one repetition, from the machine's peak, which is measured first, and the operations of both sides. */
export async function estimatedMinutes({ problem, shape, precisions, peer }: Planned): Promise<number> {
  const { adapter, sentences, maxLength, batch, epochs, threads } = problem;
  const executor = await workerExecutor({ device: "cpu", threads });
  const peak = await floatPeak(executor, adapter.size, adapter.intermediateSize);
  await executor.close();
  const gflop = (width: number, positions: number | null) => {
    const tokens = { batch: 1, width };
    const { forward, backward } = stepFlops(adapter, shape.hiddenSize, 1, tokens, positions);
    const backbone = linearFlops(shape, tokens, positions) + attentionFlops(shape, tokens, positions);
    return { backbone: backbone / 1e9, step: (forward + backward) / 1e9 };
  };
  const ours = gflop(fill * maxLength, 2);
  const theirs = gflop(maxLength, null);
  let seconds = 0;
  for (const precision of precisions) {
    const backbone = ours.backbone / (precision === "int8" ? int8Speed : 1);
    seconds += overhead + (sentences * (backbone + epochs * ours.step)) / peak / share;
  }
  if (peer) {
    // One batch more is for warming up; LoRA goes through the backbone and back.
    const official = (peer.epochs * sentences + batch) * (theirs.backbone + theirs.step);
    const lora = peer.loraBatches > 0 ? (peer.loraBatches + 1) * Math.min(batch, sentences) * 2 * theirs.backbone : 0;
    seconds += overhead + (official + lora) / peak / share;
  }
  return seconds / 60;
}
