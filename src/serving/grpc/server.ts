/**
 * KServe's Open Inference Protocol over gRPC.
 * @module
 */
import {
  type handleUnaryCall,
  loadPackageDefinition,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { userError } from "../../errors.js";
import { bytesOfTensor, textsOfBytes } from "../binary-tensors.js";
import { textOf } from "../body.js";
import { type Loading, requireToken } from "../loading.js";
import { folderBelow } from "../models-root.js";
import { type AnsweredTensor, infer, type TextTensor, tensorsOfModel } from "../open-inference.js";
import type { Service } from "../service.js";
import { type Refusal, ServingError } from "../serving-error.js";
import { allStatistics, tritonConfig } from "../triton.js";
import { inferencePackage, type Method } from "./messages.js";

export interface GrpcOptions {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Bytes of a request. */
  readonly bodyLimit: number;
  /** How models may be loaded; null where they may not. */
  readonly loading: Loading | null;
}

/** A server that listens. */
export interface GrpcServer {
  readonly port: number;
  /** Ends what it has begun, and closes. */
  stop(): Promise<void>;
}

interface Named {
  readonly name: string;
  readonly version: string;
}

/** A value under the name of its type, which is told, too. */
type Parameter = { readonly parameter_choice: string } & Readonly<Record<string, unknown>>;

interface InferCall {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly contents: { readonly bytes_contents: readonly Uint8Array[] } | null;
  }[];
  readonly outputs: readonly { readonly name: string }[];
  readonly raw_input_contents: readonly Uint8Array[];
}

interface RepositoryCall {
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, { readonly string_param?: string }>>;
}

const statuses: Readonly<Record<Refusal, status>> = {
  "bad-request": status.INVALID_ARGUMENT,
  unauthorized: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  "not-found": status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  "too-large": status.RESOURCE_EXHAUSTED,
  invalid: status.INVALID_ARGUMENT,
  overloaded: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
  draining: status.UNAVAILABLE,
};

/** The service's definition, which clients need, too. */
export function inferenceService(): ServiceClientConstructor {
  const options = { keepCase: true, longs: Number, defaults: true, arrays: true, objects: true, oneofs: true };
  const { inference } = loadPackageDefinition(
    fromJSON(inferencePackage as Parameters<typeof fromJSON>[0], options),
  ) as never as {
    readonly inference: { readonly GRPCInferenceService: ServiceClientConstructor };
  };
  return inference.GRPCInferenceService;
}

/** @throws UserError where the address is taken */
export async function startGrpc(service: Service, options: GrpcOptions): Promise<GrpcServer> {
  const { host, port, bodyLimit, loading } = options;
  const server = new Server({ "grpc.max_receive_message_length": bodyLimit });
  server.addService(inferenceService().service, handlers(service, loading));
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, found) => {
      if (error) reject(userError({ where: address, what: "gRPC cannot listen there", fix: "choose another port" }));
      else resolve(found);
    });
  });
  const stop = async () => {
    await service.drain();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  };
  return { port: bound, stop };
}

type Answerer = (request: never, metadata: Metadata, signal: AbortSignal) => unknown;

function handlers(service: Service, loading: Loading | null): Record<string, handleUnaryCall<unknown, unknown>> {
  const model = ({ name, version }: Named) => service.registry.current(name, version || undefined);
  const allowed = (metadata: Metadata) => requireToken(loading, metadata.get("authorization")[0]?.toString());
  const answerers: Readonly<Record<Method, Answerer>> = {
    ServerLive: () => ({ live: true }),
    ServerReady: () => ({ ready: !service.admission.draining }),
    ModelReady: (request: Named) => ({ ready: !service.admission.draining && model(request) !== undefined }),
    ServerMetadata: () => ({
      name: "kadapter",
      version: "2",
      extensions: ["model_repository", "model_configuration", "statistics"],
    }),
    ModelMetadata: (request: Named) => {
      const found = model(request);
      return { name: found.name, versions: [found.version], platform: "kadapter", ...tensorsOfModel(found) };
    },
    ModelInfer: (request: InferCall, _metadata, signal) => inferred(service, request, signal),
    RepositoryIndex: () => ({
      models: service.registry.models.map(({ name, version }) => ({ name, version, state: "READY", reason: "" })),
    }),
    RepositoryModelLoad: async ({ model_name: name, parameters }: RepositoryCall, metadata) => {
      const { root } = allowed(metadata);
      await service.load(name, await folderBelow(root, parameters["folder"]?.string_param ?? name));
      return {};
    },
    ModelConfig: (request: Named) => ({ config: tritonConfig(model(request)) }),
    ModelStatistics: ({ name, version }: Named) => allStatistics(service, name || undefined, version || undefined),
    RepositoryModelUnload: async ({ model_name: name }: RepositoryCall, metadata) => {
      allowed(metadata);
      await service.unload(name);
      return {};
    },
  };
  return Object.fromEntries(Object.entries(answerers).map(([name, answer]) => [name, unary(answer)]));
}

/** A call that is answered once; errors become gRPC's. */
const unary =
  (answer: Answerer): handleUnaryCall<unknown, unknown> =>
  (call, callback) => {
    const left = new AbortController();
    call.on("cancelled", () => left.abort());
    Promise.resolve()
      .then(() => answer(call.request as never, call.metadata, left.signal))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(failure(error)),
      );
  };

function failure(error: unknown): Partial<ServiceError> {
  if (error instanceof ServingError) return { code: statuses[error.code], details: error.message };
  if (error instanceof Error && error.name === "AbortError") return { code: status.CANCELLED, details: "cancelled" };
  return { code: status.INTERNAL, details: "the server failed to answer" };
}

async function inferred(service: Service, request: InferCall, signal: AbortSignal) {
  const { model_name: name, model_version: version, id, parameters, outputs, raw_input_contents: raw } = request;
  const found = await infer(service, {
    ...{ name, version: version || undefined, tensors: textTensors(request), signal },
    top: parameters["top"] ? parameters["top"][parameters["top"].parameter_choice] : 1,
    outputs: outputs.map((one) => one.name),
  });
  const asRaw = raw.length > 0;
  return {
    ...{ model_name: name, model_version: found.version, id },
    outputs: found.outputs.map((output) => {
      const about = { name: output.name, datatype: output.datatype, shape: output.shape };
      return asRaw ? about : { ...about, contents: contentsOf(output) };
    }),
    raw_output_contents: asRaw ? found.outputs.map(bytesOfTensor) : [],
  };
}

const contentsOf = (tensor: AnsweredTensor) =>
  tensor.datatype === "BYTES"
    ? { bytes_contents: tensor.data.map((text) => Buffer.from(text)) }
    : { fp32_contents: tensor.data };

function textTensors({ inputs, raw_input_contents: raw }: InferCall): readonly TextTensor[] {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw new ServingError("bad-request", `there are ${inputs.length} inputs and ${raw.length} raw contents`);
  }
  return inputs.map(({ name, datatype, shape, contents }, i) => {
    if (datatype !== "BYTES") throw new ServingError("invalid", `input ${name}: its datatype must be BYTES`);
    const own = raw[i];
    if (own) return { name, shape, data: textsOfBytes(own, name) };
    return { name, shape, data: (contents?.bytes_contents ?? []).map((one) => textOf(one, `input ${name}`)) };
  });
}
