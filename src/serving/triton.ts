/**
 * What Triton's clients ask beside the Open Inference Protocol: a model's configuration, and its statistics.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
 * @module
 */
import type { Timed } from "./model-meter.js";
import { tensorsOfModel } from "./open-inference.js";
import type { RegisteredModel } from "./registry.js";
import type { Service } from "./service.js";

/** Triton's names of the types of tensors. */
const dataTypes: Readonly<Record<string, string>> = { BYTES: "TYPE_STRING", FP32: "TYPE_FP32" };

/** A model's configuration. Shapes have the axis of questions in them, so no axis stands before them (`max_batch_size` 0). */
export function tritonConfig(model: Pick<RegisteredModel, "name" | "task">) {
  const { inputs, outputs } = tensorsOfModel(model);
  const described = ({ name, datatype, shape }: { name: string; datatype: string; shape: readonly number[] }) => ({
    ...{ name, data_type: dataTypes[datatype] as string, dims: shape },
  });
  return {
    ...{ name: model.name, platform: "kadapter", backend: "kadapter", max_batch_size: 0 },
    version_policy: { latest: { num_versions: 1 } },
    input: inputs.map(described),
    output: outputs.map(described),
  };
}

const none: Timed = { count: 0, seconds: 0 };

/** Triton counts nanoseconds. */
const duration = ({ count, seconds }: Timed) => ({ count, ns: Math.round(seconds * 1e9) });

/** What a model was asked since it was loaded; `compute_infer` is the time of its batches, the backbone's pass included. */
export function tritonStatistics({ name, version, meter }: Pick<RegisteredModel, "name" | "version" | "meter">) {
  const { success, fail, queue, prepare, compute, batches } = meter;
  const [unmeasured, unknown] = [duration(none), { compute_input: duration(none), compute_output: duration(none) }];
  return {
    ...{ name, version, last_inference: meter.lastRequest },
    ...{ inference_count: meter.inferences, execution_count: compute.count },
    inference_stats: {
      ...{ success: duration(success), fail: duration(fail), queue: duration(queue) },
      ...{ compute_input: duration(prepare), compute_infer: duration(compute), compute_output: unmeasured },
      ...{ cache_hit: unmeasured, cache_miss: unmeasured },
    },
    batch_stats: [...batches]
      .sort(([a], [b]) => a - b)
      .map(([size, taken]) => ({ batch_size: size, ...unknown, compute_infer: duration(taken) })),
    memory_usage: [],
  };
}

/**
 * Statistics of a model, or of all where none is named.
 *
 * @throws ServingError where there is no such model or version
 */
export function allStatistics({ registry }: Service, name?: string, version?: string) {
  const models = name === undefined ? registry.models : [registry.current(name, version)];
  return { model_stats: models.map(tritonStatistics) };
}
