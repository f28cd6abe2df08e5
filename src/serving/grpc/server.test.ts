import { credentials, Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningService, runService, startTimeout, token } from "../../testing/running-service.js";
import { bytesOfTexts, textsOfBytes } from "../binary-tensors.js";
import type { Method } from "./messages.js";
import { type GrpcServer, inferenceService, startGrpc } from "./server.js";

let running: RunningService;
let server: GrpcServer;
let client: InstanceType<ReturnType<typeof inferenceService>>;
beforeAll(async () => {
  running = await runService(["relations", "recall"]);
  const loading = { root: running.root, token };
  server = await startGrpc(running.service, { host: "127.0.0.1", port: 0, bodyLimit: 4096, loading });
  client = new (inferenceService())(`127.0.0.1:${server.port}`, credentials.createInsecure());
}, startTimeout);
afterAll(async () => {
  client.close();
  await server.stop();
  await running.close();
});

function call<T = object>(method: Method, request: object, metadata = new Metadata()): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (error: unknown, response: T) => (error ? reject(error) : resolve(response));
    (client[method] as (...given: unknown[]) => void).call(client, request, metadata, done);
  });
}

const text = "Winter lies in [MASK].";
const word = async () => (await running.service.predict(["recall"], [{ text }], { top: 1 })).answers["recall"]?.[0];

it("says what there is", async () => {
  expect(await call("ServerLive", {})).toEqual({ live: true });
  expect(await call("ServerReady", {})).toEqual({ ready: true });
  expect(await call("ModelReady", { name: "recall" })).toEqual({ ready: true });
  expect(await call("ModelMetadata", { name: "recall" })).toMatchObject({
    name: "recall",
    inputs: [{ name: "text", datatype: "BYTES", shape: [-1] }],
  });
  const { models } = await call<{ models: { name: string }[] }>("RepositoryIndex", {});
  expect(models.map(({ name }) => name)).toEqual(["relations", "recall"]);
  await expect(call("ModelMetadata", { name: "none" })).rejects.toMatchObject({ code: status.NOT_FOUND });
});

it("infers from contents in fields and from raw ones, and answers alike", async () => {
  const input = { name: "text", datatype: "BYTES", shape: [1] };
  const infer = (given: object) =>
    call<{ outputs: { contents: never }[]; raw_output_contents: Buffer[] }>("ModelInfer", {
      model_name: "recall",
      ...given,
    });
  const fields = await infer({ inputs: [{ ...input, contents: { bytes_contents: [Buffer.from(text)] } }] });
  expect(fields.outputs).toMatchObject([
    { name: "answer" },
    { name: "label" },
    { name: "probability", datatype: "FP32" },
  ]);
  const label = fields.outputs[1]?.contents as { readonly bytes_contents: readonly Buffer[] } | undefined;
  const raw = await infer({
    inputs: [input],
    raw_input_contents: [bytesOfTexts([text])],
    outputs: [{ name: "label" }],
  });
  expect(textsOfBytes(raw.raw_output_contents[0] ?? Buffer.alloc(0), "label")).toEqual([
    label?.bytes_contents[0]?.toString(),
  ]);
  expect(await word()).toMatchObject({ word: label?.bytes_contents[0]?.toString() });
});

it("tells a model's configuration and statistics", async () => {
  const { config } = await call<{ config: object }>("ModelConfig", { name: "recall" });
  expect(config).toMatchObject({
    name: "recall",
    // TYPE_STRING
    input: [{ name: "text", data_type: 13, dims: [-1] }],
    version_policy: { latest: { num_versions: 1 } },
  });
  const { model_stats: all } = await call<{ model_stats: object[] }>("ModelStatistics", {});
  expect(all).toMatchObject([{ name: "relations" }, { name: "recall" }]);
  const { model_stats: own } = await call<{ model_stats: object[] }>("ModelStatistics", { name: "recall" });
  expect(own).toMatchObject([{ inference_count: expect.any(Number), inference_stats: { success: { count: 3 } } }]);
  await expect(call("ModelConfig", { name: "none" })).rejects.toMatchObject({ code: status.NOT_FOUND });
});

it("refuses what is wrong, and loads for those with the token only", async () => {
  const inputs = [{ name: "text", datatype: "BYTES", shape: [1] }];
  const bad = { model_name: "recall", inputs, raw_input_contents: [Buffer.of(9, 0, 0, 0, 1)] };
  await expect(call("ModelInfer", bad)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await expect(call("ModelInfer", { model_name: "relations", inputs })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
  });
  await expect(call("RepositoryModelUnload", { model_name: "recall" })).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  await call(
    "RepositoryModelLoad",
    { model_name: "again", parameters: { folder: { string_param: "recall" } } },
    metadata,
  );
  expect(await call("ModelReady", { name: "again" })).toEqual({ ready: true });
  await call("RepositoryModelUnload", { model_name: "again" }, metadata);
  await expect(call("ModelReady", { name: "again" })).rejects.toMatchObject({ code: status.NOT_FOUND });
  const outside = { model_name: "x", parameters: { folder: { string_param: "../x" } } };
  await expect(call("RepositoryModelLoad", outside, metadata)).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
  });
});
