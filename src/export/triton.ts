/**
 * A model repository as Triton Inference Server reads it.
 * @module
 */
import { join } from "node:path";
import { writeFileAtomically } from "../files/atomic.js";
import { type Described, tensorsOf } from "./description.js";
import type { ExportGraph } from "./export-graph.js";

/** Texts that the server may put into one batch. */
const maxBatchSize = 32;
/** How long it waits for others that could share a batch. */
const queueMicroseconds = 1000;

/** Writes `NAME/config.pbtxt`; the graph belongs at {@link tritonModel}. */
export async function writeRepository(folder: string, name: string, exported: ExportGraph): Promise<void> {
  await writeFileAtomically(join(folder, name, "config.pbtxt"), tritonConfig(name, exported));
}

/** Where the graph stands in a repository. */
export const tritonModel = (folder: string, name: string): string => join(folder, name, "1", "model.onnx");

/**
 * A model's configuration: inputs and outputs without their first dimension, which is the batch.
 *
 * @see https://github.com/triton-inference-server/server/blob/v2.51.0/docs/user_guide/model_configuration.md
 */
export function tritonConfig(name: string, exported: Pick<ExportGraph, "graph">): string {
  const { inputs, outputs } = tensorsOf(exported);
  return [
    `name: "${name}"`,
    'backend: "onnxruntime"',
    `max_batch_size: ${maxBatchSize}`,
    "dynamic_batching {",
    `  max_queue_delay_microseconds: ${queueMicroseconds}`,
    "}",
    ...inputs.map((one) => tensor("input", one)),
    ...outputs.map((one) => tensor("output", one)),
    "",
  ].join("\n");
}

const types = { int64: "TYPE_INT64", float32: "TYPE_FP32" } as const;

function tensor(kind: "input" | "output", { name, dtype, shape }: Described): string {
  const dims = shape.slice(1).map((dim) => (typeof dim === "number" ? dim : -1));
  return [`${kind} {`, `  name: "${name}"`, `  data_type: ${types[dtype]}`, `  dims: [ ${dims.join(", ")} ]`, "}"].join(
    "\n",
  );
}
