/**
 * KServe's Open Inference Protocol over HTTP, with Triton's extensions for the repository and binary tensors.
 * @module
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { judge } from "../../files/json.js";
import { binaryHeader, bytesOfTensor, cutBinary, splitBody, textsOfBytes } from "../binary-tensors.js";
import { type Loading, requireToken } from "../loading.js";
import { folderBelow } from "../models-root.js";
import { type AnsweredTensor, infer, type TextTensor, tensorsOfModel } from "../open-inference.js";
import type { Service } from "../service.js";
import { ServingError } from "../serving-error.js";
import { allStatistics, tritonConfig } from "../triton.js";
import { whileThere } from "./while-there.js";

const parameter = z.union([z.string(), z.number(), z.boolean()]);
const parameters = z.record(z.string(), parameter).default({});
const dimension = z.int().min(0).max(1_000_000);
const inferSchema = z.object({
  id: z.string().max(256).optional(),
  parameters,
  inputs: z
    .array(
      z.object({
        name: z.string().max(256),
        datatype: z.literal("BYTES"),
        shape: z.array(dimension).min(1).max(2),
        data: z.unknown().optional(),
        parameters,
      }),
    )
    .min(1)
    .max(16),
  outputs: z
    .array(z.object({ name: z.string().max(256), parameters }))
    .max(16)
    .optional(),
});
type Infer = z.output<typeof inferSchema>;

const extensions = ["model_repository", "binary_tensor_data", "model_configuration", "statistics"];

interface Named {
  readonly name: string;
  readonly version?: string;
}

const given = (request: FastifyRequest) => request.params as Named;

/** `/v2`, without a description in `/openapi.json`: KServe publishes its own. */
export function addV2(app: FastifyInstance, service: Service, loading: Loading | null): void {
  const hidden = { schema: { hide: true } };
  const withModel = (request: FastifyRequest) => {
    const { name, version } = given(request);
    return service.registry.current(name, version);
  };
  app.get("/v2", hidden, () => ({ name: "kadapter", version: "2", extensions }));
  app.get("/v2/health/live", hidden, () => ({ live: true }));
  app.get("/v2/health/ready", hidden, () => {
    service.admission.requireOpen();
    return { ready: true };
  });
  for (const path of ["/v2/models/:name", "/v2/models/:name/versions/:version"]) {
    app.get(path, hidden, (request) => {
      const model = withModel(request);
      const { name, version } = model;
      return { name, versions: [version], platform: "kadapter", ...tensorsOfModel(model) };
    });
    app.get(`${path}/config`, hidden, (request) => tritonConfig(withModel(request)));
    app.get(`${path}/stats`, hidden, (request) => {
      const { name, version } = given(request);
      return allStatistics(service, name, version);
    });
    app.get(`${path}/ready`, hidden, (request) => {
      service.admission.requireOpen();
      return { name: withModel(request).name, ready: true };
    });
    app.post(`${path}/infer`, hidden, (request, reply) => answered(service, request, reply));
  }
  app.get("/v2/models/stats", hidden, () => allStatistics(service));
  app.post("/v2/repository/index", hidden, () =>
    service.registry.models.map(({ name, version }) => ({ name, version, state: "READY", reason: "" })),
  );
  app.post("/v2/repository/models/:name/load", hidden, async (request) => {
    const { root } = requireToken(loading, request.headers.authorization);
    const { name } = given(request);
    const folder = folderSchema.safeParse(request.body).data?.parameters.folder ?? name;
    await service.load(name, await folderBelow(root, folder));
    return {};
  });
  app.post("/v2/repository/models/:name/unload", hidden, async (request) => {
    requireToken(loading, request.headers.authorization);
    await service.unload(given(request).name);
    return {};
  });
}

/** The folder of a model that is loaded: of its own name, unless a parameter says another. */
const folderSchema = z.object({ parameters: z.object({ folder: z.string().max(1024) }) });

async function answered(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const header = request.headers[binaryHeader];
  const raw = Buffer.isBuffer(request.body);
  if (raw && typeof header !== "string") {
    throw new ServingError("bad-request", "a binary body needs Inference-Header-Content-Length");
  }
  const body = raw ? splitBody(request.body as Buffer, header as string) : { json: request.body, binary: noBytes };
  const judged = judge(inferSchema, body.json);
  if (!("data" in judged)) throw new ServingError("invalid", `${judged.field || "body"}: ${judged.message}`);
  const asked = judged.data;
  const { name, version } = given(request);
  const found = await infer(service, {
    ...{ name, version, tensors: textTensors(asked, body.binary), top: asked.parameters["top"] ?? 1 },
    outputs: (asked.outputs ?? []).map((output) => output.name),
    signal: whileThere(reply),
  });
  const id = asked.id === undefined ? {} : { id: asked.id };
  return send(reply, { model_name: name, model_version: found.version, ...id }, asked, found.outputs);
}

const noBytes = new Uint8Array();

function textTensors({ inputs }: Infer, binary: Uint8Array): readonly TextTensor[] {
  const sizes = inputs.map(({ name, parameters: { binary_data_size: size }, data }) => {
    if (size === undefined) return null;
    if (typeof size === "number" && Number.isInteger(size) && size >= 0 && data === undefined) return size;
    throw new ServingError("bad-request", `input ${name}: binary_data_size is no size, or there are data, too`);
  });
  const parts = cutBinary(
    binary,
    sizes.filter((size) => size !== null),
  ).values();
  return inputs.map(({ name, shape, data }, i) => {
    if (sizes[i] !== null) return { name, shape, data: textsOfBytes(parts.next().value as Uint8Array, name) };
    const flat = Array.isArray(data) ? data.flat() : [];
    if (!flat.every((one) => typeof one === "string")) {
      throw new ServingError("invalid", `input ${name}: its data are not texts`);
    }
    return { name, shape, data: flat };
  });
}

/** Tensors stand in the JSON, or behind it where the client asks for that. */
function send(reply: FastifyReply, about: object, asked: Infer, outputs: readonly AnsweredTensor[]): unknown {
  const all = asked.parameters["binary_data_output"] === true;
  const binary = outputs.map(({ name }) => {
    const own = asked.outputs?.find((one) => one.name === name)?.parameters["binary_data"];
    return own === undefined ? all : own === true;
  });
  if (!binary.includes(true)) return { ...about, outputs };
  const parts: Uint8Array[] = [];
  const described = outputs.map((output, i) => {
    if (!binary[i]) return output;
    const bytes = bytesOfTensor(output);
    parts.push(bytes);
    const { name, datatype, shape } = output;
    return { name, datatype, shape, parameters: { binary_data_size: bytes.byteLength } };
  });
  const json = Buffer.from(JSON.stringify({ ...about, outputs: described }));
  return reply
    .header("content-type", "application/octet-stream")
    .header(binaryHeader, String(json.byteLength))
    .send(Buffer.concat([json, ...parts]));
}
