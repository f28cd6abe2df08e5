/**
 * Messages of Triton's own calls, as far as this server fills them. Names and numbers are those of
 * https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto and grpc_service.proto beside it.
 * @module
 */
import { all, message } from "./message.js";

const asked = { name: ["string", 1], version: ["string", 2] } as const;
const duration = "StatisticDuration";

export const tritonMessages = {
  ModelConfigRequest: message(asked),
  ModelConfigResponse: message({ config: ["ModelConfig", 1] }),
  ModelConfig: message({
    name: ["string", 1],
    platform: ["string", 2],
    version_policy: ["ModelVersionPolicy", 3],
    max_batch_size: ["int32", 4],
    input: all("ModelInput", 5),
    output: all("ModelOutput", 6),
    backend: ["string", 17],
  }),
  ModelVersionPolicy: message({ latest: ["Latest", 1] }, {}, { Latest: message({ num_versions: ["uint32", 1] }) }),
  ModelInput: message({ name: ["string", 1], data_type: ["DataType", 2], dims: all("int64", 4) }),
  ModelOutput: message({ name: ["string", 1], data_type: ["DataType", 2], dims: all("int64", 3) }),
  DataType: { values: { TYPE_INVALID: 0, TYPE_FP32: 11, TYPE_STRING: 13 } },
  ModelStatisticsRequest: message(asked),
  ModelStatisticsResponse: message({ model_stats: all("ModelStatistics", 1) }),
  ModelStatistics: message({
    ...asked,
    last_inference: ["uint64", 3],
    inference_count: ["uint64", 4],
    execution_count: ["uint64", 5],
    inference_stats: ["InferStatistics", 6],
    batch_stats: all("InferBatchStatistics", 7),
  }),
  InferStatistics: message({
    success: [duration, 1],
    fail: [duration, 2],
    queue: [duration, 3],
    compute_input: [duration, 4],
    compute_infer: [duration, 5],
    compute_output: [duration, 6],
    cache_hit: [duration, 7],
    cache_miss: [duration, 8],
  }),
  InferBatchStatistics: message({
    batch_size: ["uint64", 1],
    compute_input: [duration, 2],
    compute_infer: [duration, 3],
    compute_output: [duration, 4],
  }),
  StatisticDuration: message({ count: ["uint64", 1], ns: ["uint64", 2] }),
};
