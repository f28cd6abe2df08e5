import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientOf } from "../../testing/http-client.js";
import { type RunningService, runService, startTimeout } from "../../testing/running-service.js";
import { servedQuestions } from "../../testing/served-models.js";
import { bytesOfTexts, textsOfBytes } from "../binary-tensors.js";
import { type HttpServer, startHttp } from "./server.js";

let running: RunningService;
let server: HttpServer;
beforeAll(async () => {
  running = await runService(["relations", "choices", "recall"]);
  const how = { host: "127.0.0.1", port: 0, bodyLimit: 4096, loading: null };
  server = await startHttp(running.service, { ...how, log: { write: () => undefined } });
}, startTimeout);
afterAll(async () => {
  await server.stop();
  await running.close();
});
const { ask, post } = clientOf(() => server.url);

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
      extensions: ["model_repository", "binary_tensor_data", "model_configuration", "statistics"],
    });
    const { json } = await ask<{ inputs: object[]; versions: string[] }>("GET", "/v2/models/choices");
    expect(json.inputs).toMatchObject([
      { name: "context" },
      { name: "question" },
      { name: "answers", shape: [-1, -1] },
    ]);
    const [version] = json.versions;
    expect((await ask("GET", `/v2/models/choices/versions/${version}/ready`)).json).toEqual({
      name: "choices",
      ready: true,
    });
    expect((await ask("GET", "/v2/models/choices/versions/1")).status).toBe(404);
    expect((await ask("POST", "/v2/repository/index")).json).toHaveLength(3);
    expect((await ask("GET", "/v2/models/none")).json).toEqual({ error: "there is no model none" });
  });

  it("infers from JSON as /v1 does", async () => {
    const questions = servedQuestions.choices as { context: string; question: string; answers: string[] }[];
    const inputs = [
      tensor("context", ...questions.map((one) => one.context)),
      tensor("question", ...questions.map((one) => one.question)),
      { name: "answers", datatype: "BYTES", shape: [2, 3], data: questions.flatMap((one) => one.answers) },
    ];
    const { json } = await ask<{ outputs: { data: string[] }[] }>("POST", "/v2/models/choices/infer", {
      id: "7",
      inputs,
    });
    const { answers } = await running.service.predict(["choices"], questions, { top: 1 });
    expect(json).toMatchObject({ id: "7", model_name: "choices" });
    const [answer, label, probability] = json.outputs;
    const chosen = (one: unknown) => (one as { choice: number }).choice;
    expect(answer?.data.map((one) => chosen(JSON.parse(one)))).toEqual(answers["choices"]?.map(chosen));
    expect(label?.data).toEqual(answers["choices"]?.map((one) => (one as { answer: string }).answer));
    expect(probability?.data).toHaveLength(2);
  });

  it("tells a model's configuration and what it was asked, as Triton does", async () => {
    const config = (await ask("GET", "/v2/models/choices/config")).json;
    expect(config).toMatchObject({
      ...{ name: "choices", max_batch_size: 0 },
      input: [{ name: "context", data_type: "TYPE_STRING", dims: [-1] }, {}, { name: "answers", dims: [-1, -1] }],
      output: [{ name: "answer" }, { name: "label" }, { name: "probability", data_type: "TYPE_FP32" }],
    });
    expect((await ask("GET", "/v2/models/none/config")).status).toBe(404);

    type Stats = {
      model_stats: (Record<string, number> & { inference_stats: Record<string, { count: number; ns: number }> })[];
    };
    const stats = async (path = "/recall/stats") => (await ask<Stats>("GET", `/v2/models${path}`)).json.model_stats;
    const [before] = await stats();
    const inputs = [tensor("text", "Winter lies in [MASK].", "Ormelle is [MASK].")];
    await ask("POST", "/v2/models/recall/infer", { inputs });
    await ask("POST", "/v2/models/recall/infer", { inputs: [tensor("text", "Nothing is missing.")] });
    await ask("POST", "/v1/fill", { text: "Winter lies in [MASK].", adapters: ["recall"] });
    const [after] = await stats();
    const more = (name: string) => (after?.[name] ?? 0) - (before?.[name] ?? 0);
    expect(more("inference_count")).toBe(3);
    expect(more("execution_count")).toBeGreaterThanOrEqual(2);
    const counted = (name: string) =>
      (after?.inference_stats[name]?.count ?? 0) - (before?.inference_stats[name]?.count ?? 0);
    expect([counted("success"), counted("fail"), counted("queue")]).toEqual([2, 1, 3]);
    expect(after?.inference_stats["compute_infer"]?.ns).toBeGreaterThan(0);
    expect(after?.["last_inference"]).toBeGreaterThan(Date.now() - 60_000);
    expect((await stats("/stats")).map(({ name }) => name)).toEqual(["relations", "choices", "recall"]);
  });

  it("takes bodies of which nobody says what they are, as Triton's clients send them", async () => {
    const send = (path: string, body: string) =>
      fetch(`${server.url}${path}`, { method: "POST", body: Buffer.from(body) });
    const inputs = [tensor("text", "Winter lies in [MASK].")];
    const response = await send("/v2/models/recall/infer", JSON.stringify({ inputs }));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ model_name: "recall" });
    // Loading is off here, which is not the body's fault.
    expect((await send("/v2/repository/models/recall/unload", "")).status).toBe(403);
    expect((await send("/v2/models/recall/infer", "{nope")).status).toBe(400);
    expect((await send("/v1/fill", JSON.stringify({ text: "Winter lies in [MASK]." }))).status).toBe(400);
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
    const { answers } = await running.service.predict(["recall"], [{ text: "Winter lies in [MASK]." }], { top: 1 });
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
