/**
 * The messages and the service of the Open Inference Protocol over gRPC, with Triton's own calls, as
 * protobuf's JSON form, so that no file has to be found when the server starts. Names and numbers are those of
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
 * and https://github.com/triton-inference-server/common/blob/main/protobuf/grpc_service.proto
 * @module
 */
import { all, message } from "./message.js";
import { tritonMessages } from "./triton-messages.js";

const named = { name: ["string", 1], version: ["string", 2] } as const;
const tensor = { name: ["string", 1], datatype: ["string", 2], shape: all("int64", 3) } as const;
const answeredTensor = { ...tensor, contents: ["InferTensorContents", 5] } as const;

const methods = [
  "ServerLive",
  "ServerReady",
  "ModelReady",
  "ServerMetadata",
  "ModelMetadata",
  "ModelInfer",
  "RepositoryIndex",
  "RepositoryModelLoad",
  "RepositoryModelUnload",
  "ModelConfig",
  "ModelStatistics",
] as const;
/** A call of the service. */
export type Method = (typeof methods)[number];

const parameter = {
  oneofs: {
    parameter_choice: { oneof: ["bool_param", "int64_param", "string_param", "double_param", "uint64_param"] },
  },
  ...message({
    bool_param: ["bool", 1],
    int64_param: ["int64", 2],
    string_param: ["string", 3],
    double_param: ["double", 4],
    uint64_param: ["uint64", 5],
  }),
};

const repositoryParameter = {
  oneofs: { parameter_choice: { oneof: ["bool_param", "int64_param", "string_param", "bytes_param"] } },
  ...message({
    bool_param: ["bool", 1],
    int64_param: ["int64", 2],
    string_param: ["string", 3],
    bytes_param: ["bytes", 4],
  }),
};

const requestFields = {
  model_name: ["string", 1],
  model_version: ["string", 2],
  id: ["string", 3],
  inputs: all("InferInputTensor", 5),
  outputs: all("InferRequestedOutputTensor", 6),
  raw_input_contents: all("bytes", 7),
} as const;
const responseFields = {
  model_name: ["string", 1],
  model_version: ["string", 2],
  id: ["string", 3],
  outputs: all("InferOutputTensor", 5),
  raw_output_contents: all("bytes", 6),
} as const;
const indexed = { ...named, state: ["string", 3], reason: ["string", 4] } as const;
const repositoryModel = { repository_name: ["string", 1], model_name: ["string", 2] } as const;
const withRepositoryParameters = {
  fields: {
    ...message(repositoryModel).fields,
    parameters: { keyType: "string", type: "ModelRepositoryParameter", id: 3 },
  },
};

/** The package `inference`. */
export const inferencePackage = {
  nested: {
    inference: {
      nested: {
        GRPCInferenceService: {
          methods: Object.fromEntries(
            methods.map((name) => [name, { requestType: `${name}Request`, responseType: `${name}Response` }]),
          ),
        },
        ServerLiveRequest: message({}),
        ServerLiveResponse: message({ live: ["bool", 1] }),
        ServerReadyRequest: message({}),
        ServerReadyResponse: message({ ready: ["bool", 1] }),
        ModelReadyRequest: message(named),
        ModelReadyResponse: message({ ready: ["bool", 1] }),
        ServerMetadataRequest: message({}),
        ServerMetadataResponse: message({ ...named, extensions: all("string", 3) }),
        ModelMetadataRequest: message(named),
        ModelMetadataResponse: message(
          {
            name: ["string", 1],
            versions: all("string", 2),
            platform: ["string", 3],
            inputs: all("TensorMetadata", 4),
            outputs: all("TensorMetadata", 5),
          },
          {},
          { TensorMetadata: message(tensor) },
        ),
        ModelInferRequest: message(
          requestFields,
          { parameters: 4 },
          {
            InferInputTensor: message(answeredTensor, { parameters: 4 }),
            InferRequestedOutputTensor: message({ name: ["string", 1] }, { parameters: 2 }),
          },
        ),
        ModelInferResponse: message(
          responseFields,
          { parameters: 4 },
          { InferOutputTensor: message(answeredTensor, { parameters: 4 }) },
        ),
        InferParameter: parameter,
        InferTensorContents: message({
          bool_contents: all("bool", 1),
          int_contents: all("int32", 2),
          int64_contents: all("int64", 3),
          uint_contents: all("uint32", 4),
          uint64_contents: all("uint64", 5),
          fp32_contents: all("float", 6),
          fp64_contents: all("double", 7),
          bytes_contents: all("bytes", 8),
        }),
        ModelRepositoryParameter: repositoryParameter,
        RepositoryIndexRequest: message({ repository_name: ["string", 1], ready: ["bool", 2] }),
        RepositoryIndexResponse: message({ models: all("ModelIndex", 1) }, {}, { ModelIndex: message(indexed) }),
        RepositoryModelLoadRequest: withRepositoryParameters,
        RepositoryModelLoadResponse: message({}),
        RepositoryModelUnloadRequest: withRepositoryParameters,
        RepositoryModelUnloadResponse: message({}),
        ...tritonMessages,
      },
    },
  },
};
