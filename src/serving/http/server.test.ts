import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Executor } from "../../engine/executor.js";
import { openBackbone } from "../../features/backbone-handle.js";
import { ownModel } from "../../library/own-model.js";
import { localExecutor } from "../../runtime/local.js";
import { servedQuestions, servedRecipes, writeServedModel } from "../../testing/served-models.js";
import { writeTaughtAdapter } from "../../testing/taught-adapter.js";
import { Service } from "../service.js";
import { bytesOfTexts, textsOfBytes } from "./binary-tensors.js";
import { type HttpServer, startHttp } from "./server.js";

const token = "a token of sixteen".replaceAll(" ", "-");
const options = { batchTokens: 512, queueTokens: 600, mostModels: 8, backbone: ownModel() };
const kinds = ["relations", "pairs", "trees", "typing", "choices", "questions"] as const;

let root = "";
let executor: Executor;
let service: Service;
let server: HttpServer;
const log: string[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-http-"));
  executor = await localExecutor({ device: "cpu", threads: 1 });
  const backbone = await openBackbone(ownModel());
  for (const kind of kinds) await writeServedModel(root, kind, servedRecipes[kind], backbone);
  await writeTaughtAdapter(join(root, "recall"), ownModel());
  await mkdir(join(root, "linked"));
  await symlink(join(root, "..", "nowhere"), join(root, "linked", "adapter_config.json"));
  await symlink("/etc", join(root, "out"));
  service = new Service(executor, options);
  for (const name of [...kinds, "recall"]) await service.load(name, join(root, name), true);
  const how = { host: "127.0.0.1", port: 0, bodyLimit: 4096, loading: { root, token } };
  server = await startHttp(service, { ...how, log: { write: (line) => log.push(line) } });
});
afterAll(async () => {
  await server.stop();
  await service.close();
  await executor.close();
  await rm(root, { recursive: true });
});

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(`${server.url}${path}`, { method, ...sent, headers: { ...type, ...headers } });
  const text = await response.text();
  const json: unknown = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
  return { status: response.status, json: json as never as Record<string, never>, headers: response.headers };
}
const bearer = { authorization: `Bearer ${token}` };

/** What comes back for bytes as they are. */
function raw(bytes: Uint8Array | string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let all = "";
    socket.on("data", (part) => {
      all += part.toString();
      if (all.includes("\r\n\r\n")) setTimeout(() => socket.end(), 50);
    });
    socket.on("close", () => resolve(all));
    socket.on("error", reject);
  });
}

const post = (path: string, body: Uint8Array, headers = "") =>
  raw(
    Buffer.concat([
      Buffer.from(
        `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.byteLength}\r\n${headers}\r\n`,
      ),
      body,
    ]),
  );

describe("/v1", () => {
  it("answers questions of all kinds", async () => {
    for (const kind of kinds) {
      const { status, json } = await ask("POST", "/v1/predict", { models: [kind], inputs: servedQuestions[kind] });
      const expected = await service.predict([kind], servedQuestions[kind], { top: 1 });
      expect([kind, status]).toEqual([kind, 200]);
      expect(Object.keys(json["answers"])).toEqual([kind]);
      expect((json["answers"][kind] as unknown[]).length).toBe(servedQuestions[kind].length);
      expect(json["versions"]).toEqual(expected.versions);
    }
  });

  it("fills, embeds, parses, and says what is loaded", async () => {
    const filled = await ask("POST", "/v1/fill", { text: "Winter lies in [MASK].", adapters: ["recall"], top: 2 });
    expect(Object.keys(filled.json["sets"])).toEqual(["none", "recall"]);
    const { json } = await ask("POST", "/v1/embed", { inputs: ["Winter."], adapter: "relations" });
    expect((json["embeddings"][0] as { vector: number[] }).vector).toHaveLength(256);
    const parsed = await ask("POST", "/v1/parse", { inputs: [{ text: "Rain fell." }] });
    expect((parsed.json["trees"][0] as { words: object[] }).words).toMatchObject([
      { form: "Rain" },
      { form: "fell" },
      { form: "." },
    ]);
    const models = (await ask("GET", "/v1/models")).json["models"] as { name: string; task: string }[];
    expect(models.map(({ name }) => name)).toEqual([...kinds, "recall"]);
    const openapi = (await ask("GET", "/openapi.json")).json;
    expect(Object.keys(openapi["paths"])).toEqual(expect.arrayContaining(["/v1/predict", "/v1/models/{name}"]));
  });

  it("counts for Prometheus", async () => {
    const { json, headers } = await ask("GET", "/metrics");
    expect(headers.get("content-type")).toMatch(/^text\/plain/);
    expect(json).toMatch(/^kadapter_request_seconds_count\{route="\/v1\/predict",status="200"\} [1-9]/m);
  });
});

describe("errors", () => {
  const text = "Confidential words";
  it.each([
    ["no such model", 404, "not-found", { models: ["none"], inputs: [{}] }],
    ["no inputs", 422, "invalid", { models: ["trees"], inputs: [] }],
    ["something unknown", 422, "invalid", { models: ["trees"], inputs: [{ text: "a" }], more: 1 }],
    ["a question of another kind", 422, "invalid", { models: ["relations"], inputs: [{ text }] }],
    ["a text that is too long", 422, "invalid", { models: ["trees"], inputs: [{ text: "a ".repeat(200) }] }],
    [
      "too much for any queue",
      422,
      "invalid",
      { models: ["trees"], inputs: Array(60).fill({ text: "a b c d e f g h i j" }) },
    ],
    ["no JSON", 400, "bad-request", '{"models": ['],
    ["half a character", 400, "bad-request", '{"models": ["trees"], "inputs": [{"text": "\\ud800"}]}'],
    ["a body that is too large", 413, "too-large", { models: ["trees"], inputs: [{ text: "a".repeat(5000) }] }],
  ])("say what is wrong: %s", async (_, status, code, body) => {
    const answer = await ask("POST", "/v1/predict", body);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ error: { code, message: expect.stringMatching(/^[^\n]+$/) } });
  });

  it("have one form for what is not there, what is no JSON by its type, and what is broken", async () => {
    expect((await ask("GET", "/v3")).json["error"]).toMatchObject({ code: "not-found" });
    const plain = await ask("POST", "/v1/predict", "x", { "content-type": "text/plain" });
    expect([plain.status, plain.json["error"]]).toEqual([400, expect.objectContaining({ code: "bad-request" })]);
    expect(await raw("nonsense\r\n\r\n")).toMatch(/^HTTP\/1.1 400 [\s\S]*"code":"bad-request"/);
    expect(await post("/v1/predict", Uint8Array.of(0x22, 0xff, 0x22))).toMatch(/^HTTP\/1.1 400 [\s\S]*not UTF-8/);
  });

  it("leave a line in the log, and nothing of the texts", async () => {
    await ask("POST", "/v1/predict", { models: ["relations"], inputs: [{ text, subject: "x", object: "y" }] });
    const last = JSON.parse(log.at(-1) ?? "");
    expect(last).toMatchObject({ route: "/v1/predict", code: "invalid", status: 422 });
    expect(log.join("")).not.toContain("Confidential");
  });

  it("tell those who come too many at a time when to come again", async () => {
    const inputs = Array(40).fill({ text: "a b c d e f g" });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => ask("POST", "/v1/predict", { models: ["trees"], inputs })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(refused?.json).toMatchObject({ error: { code: "overloaded" } });
  });
});

describe("loading", () => {
  it("wants the token", async () => {
    const body = { folder: "trees" };
    for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: `Basic ${token}` }]) {
      const { status, json } = await ask("PUT", "/v1/models/new", body, headers as Record<string, string>);
      expect([status, json]).toEqual([401, { error: expect.objectContaining({ code: "unauthorized" }) }]);
      expect((await ask("DELETE", "/v1/models/trees", undefined, headers as Record<string, string>)).status).toBe(401);
    }
  });

  it.each(["../etc", "/etc", "trees/../../x", ".", "trees/.", "out", "linked", "trees\\x", "a\0b"])(
    "stays below its root: %j",
    async (folder) => {
      const { status, json } = await ask("PUT", "/v1/models/new", { folder }, bearer);
      expect([status, json["error"]["code"]]).toEqual([403, "forbidden"]);
    },
  );

  it("loads, asks and unloads", async () => {
    expect((await ask("PUT", "/v1/models/new", { folder: "nothing" }, bearer)).status).toBe(404);
    expect((await ask("PUT", "/v1/models/a.b", { folder: "trees" }, bearer)).status).toBe(422);
    const { json } = await ask("PUT", "/v1/models/new", { folder: "trees" }, bearer);
    expect(json).toMatchObject({ name: "new", task: "trees", version: expect.stringMatching(/^[0-9a-f]{16}$/) });
    const inputs = [{ text: "Rain fell." }];
    expect((await ask("POST", "/v1/predict", { models: ["new"], inputs })).status).toBe(200);
    expect((await ask("DELETE", "/v1/models/new", undefined, bearer)).status).toBe(200);
    expect((await ask("POST", "/v1/predict", { models: ["new"], inputs })).status).toBe(404);
  });
});

describe("/v2", () => {
  const tensor = (name: string, ...data: readonly string[]) => ({
    name,
    datatype: "BYTES",
    shape: [data.length],
    data,
  });

  it("says what there is", async () => {
    expect((await ask("GET", "/v2")).json).toMatchObject({
      name: "kadapter",
      extensions: ["model_repository", "binary_tensor_data"],
    });
    const { json } = await ask("GET", "/v2/models/choices");
    expect(json["inputs"]).toMatchObject([
      { name: "context" },
      { name: "question" },
      { name: "answers", shape: [-1, -1] },
    ]);
    const [version] = json["versions"] as string[];
    expect((await ask("GET", `/v2/models/choices/versions/${version}/ready`)).json).toEqual({
      name: "choices",
      ready: true,
    });
    expect((await ask("GET", "/v2/models/choices/versions/1")).status).toBe(404);
    expect((await ask("POST", "/v2/repository/index")).json).toHaveLength(7);
    expect((await ask("GET", "/v2/models/none")).json).toEqual({ error: "there is no model none" });
  });

  it("infers from JSON as /v1 does", async () => {
    const questions = servedQuestions.choices as { context: string; question: string; answers: string[] }[];
    const inputs = [
      tensor("context", ...questions.map((one) => one.context)),
      tensor("question", ...questions.map((one) => one.question)),
      { name: "answers", datatype: "BYTES", shape: [2, 3], data: questions.flatMap((one) => one.answers) },
    ];
    const { json } = await ask("POST", "/v2/models/choices/infer", { id: "7", inputs });
    const { answers } = await service.predict(["choices"], questions, { top: 1 });
    expect(json).toMatchObject({ id: "7", model_name: "choices" });
    const [answer, label, probability] = json["outputs"] as { data: string[] }[];
    const chosen = (one: unknown) => (one as { choice: number }).choice;
    expect(answer?.data.map((one) => chosen(JSON.parse(one)))).toEqual(answers["choices"]?.map(chosen));
    expect(label?.data).toEqual(answers["choices"]?.map((one) => (one as { answer: string }).answer));
    expect(probability?.data).toHaveLength(2);
  });

  it("takes and gives tensors behind the JSON", async () => {
    const texts = bytesOfTexts(["Winter lies in [MASK]."]);
    const input = { name: "text", datatype: "BYTES", shape: [1], parameters: { binary_data_size: texts.byteLength } };
    const json = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
    const response = await fetch(`${server.url}/v2/models/recall/infer`, {
      method: "POST",
      headers: {
        "content-type": "application/octet-stream",
        "inference-header-content-length": String(json.byteLength),
      },
      body: Buffer.concat([json, texts]),
    });
    expect(response.status).toBe(200);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const length = Number(response.headers.get("inference-header-content-length"));
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, length)));
    const sizes = head.outputs.map(
      (one: { parameters: { binary_data_size: number } }) => one.parameters.binary_data_size,
    );
    expect(length + sizes.reduce((a: number, b: number) => a + b, 0)).toBe(bytes.byteLength);
    const [word] = textsOfBytes(bytes.subarray(length + sizes[0], length + sizes[0] + sizes[1]), "label");
    const { answers } = await service.predict(["recall"], [{ text: "Winter lies in [MASK]." }], { top: 1 });
    expect(answers["recall"]).toMatchObject([{ word }]);
  });

  it("refuses sizes that are not those of the body", async () => {
    const body = (size: unknown) => {
      const input = { name: "text", datatype: "BYTES", shape: [1], parameters: { binary_data_size: size } };
      return Buffer.concat([Buffer.from(JSON.stringify({ inputs: [input] })), bytesOfTexts(["a [MASK]"])]);
    };
    const header = (bytes: Buffer, added: number) =>
      `inference-header-content-length: ${bytes.byteLength - 12 + added}\r\n`;
    for (const [size, added] of [
      [11, 0],
      [13, 0],
      [-12, 0],
      [1e15, 0],
      [12, 1],
      [12, 13],
    ] as const) {
      const bytes = body(size);
      expect(await post("/v2/models/recall/infer", bytes, header(bytes, added))).toMatch(
        /^HTTP\/1.1 400 [\s\S]*"error":"/,
      );
    }
    const right = body(12);
    expect(await post("/v2/models/recall/infer", right, header(right, 0))).toMatch(/^HTTP\/1.1 200 /);
  });

  it("refuses inputs that are missing, unknown, or of another shape", async () => {
    const wrong = [
      [tensor("text", "a")],
      [tensor("text", "a"), tensor("subject", "a"), tensor("object", "a"), tensor("colour", "a")],
      [tensor("text", "a", "b"), tensor("subject", "a"), tensor("object", "a")],
      [{ ...tensor("text", "a"), shape: [2] }, tensor("subject", "a"), tensor("object", "a")],
      [{ ...tensor("text", "a"), datatype: "FP32" }, tensor("subject", "a"), tensor("object", "a")],
    ];
    for (const inputs of wrong) expect((await ask("POST", "/v2/models/relations/infer", { inputs })).status).toBe(422);
  });
});

// Last, since it ends the server.
it("drains: not ready at once, nothing new, what began is answered", async () => {
  const inputs = servedQuestions.trees;
  const running = ask("POST", "/v1/predict", { models: ["trees"], inputs });
  while (service.admission.tokens === 0) await new Promise((resolve) => setImmediate(resolve));
  expect((await ask("GET", "/health/ready")).status).toBe(200);
  const drained = service.drain();
  expect((await ask("GET", "/health/ready")).json).toMatchObject({ error: { code: "draining" } });
  expect((await ask("GET", "/v2/health/ready")).status).toBe(503);
  expect((await ask("GET", "/health/live")).status).toBe(200);
  expect((await ask("POST", "/v1/predict", { models: ["trees"], inputs })).status).toBe(503);
  expect((await running).status).toBe(200);
  await drained;
  await server.stop();
  await expect(ask("GET", "/health/live")).rejects.toThrow();
});
