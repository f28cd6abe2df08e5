import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientOf } from "../../testing/http-client.js";
import { type RunningService, runService, startTimeout, token } from "../../testing/running-service.js";
import { servedQuestions } from "../../testing/served-models.js";
import type { Predictions } from "../service.js";
import { type HttpServer, startHttp } from "./server.js";

const kinds = ["relations", "pairs", "trees", "typing", "choices", "questions"] as const;

let running: RunningService;
let server: HttpServer;
const log: string[] = [];
beforeAll(async () => {
  running = await runService([...kinds, "recall"]);
  const { root, service } = running;
  await mkdir(join(root, "linked"));
  await symlink(join(root, "..", "nowhere"), join(root, "linked", "adapter_config.json"));
  await symlink("/etc", join(root, "out"));
  const how = { host: "127.0.0.1", port: 0, bodyLimit: 1_000_000, loading: { root, token } };
  server = await startHttp(service, { ...how, log: { write: (line) => log.push(line) } });
}, startTimeout);
afterAll(async () => {
  await server.stop();
  await running.close();
});

const { ask, post, raw } = clientOf(() => server.url);
const bearer = { authorization: `Bearer ${token}` };

describe("/v1", () => {
  it("answers questions of all kinds", async () => {
    for (const kind of kinds) {
      const { status, json } = await ask<Predictions>("POST", "/v1/predict", {
        models: [kind],
        inputs: servedQuestions[kind],
      });
      const expected = await running.service.predict([kind], servedQuestions[kind], { top: 1 });
      expect([kind, status]).toEqual([kind, 200]);
      expect(Object.keys(json.answers)).toEqual([kind]);
      expect(json.answers[kind]?.length).toBe(servedQuestions[kind].length);
      expect(json.versions).toEqual(expected.versions);
    }
  });

  it("fills, embeds, parses, and says what is loaded", async () => {
    const filled = await ask<{ sets: object }>("POST", "/v1/fill", {
      text: "Winter lies in [MASK].",
      adapters: ["recall"],
      top: 2,
    });
    expect(Object.keys(filled.json.sets)).toEqual(["none", "recall"]);
    const { json } = await ask<{ embeddings: { vector: number[] }[] }>("POST", "/v1/embed", {
      inputs: ["Winter."],
      adapter: "relations",
    });
    expect(json.embeddings[0]?.vector).toHaveLength(256);
    const parsed = await ask<{ trees: { words: object[] }[] }>("POST", "/v1/parse", {
      inputs: [{ text: "Rain fell." }],
    });
    expect(parsed.json.trees[0]?.words).toMatchObject([{ form: "Rain" }, { form: "fell" }, { form: "." }]);
    const { models } = (await ask<{ models: { name: string }[] }>("GET", "/v1/models")).json;
    expect(models.map(({ name }) => name)).toEqual([...kinds, "recall"]);
    const openapi = (await ask<{ paths: object }>("GET", "/openapi.json")).json;
    expect(Object.keys(openapi.paths)).toEqual(expect.arrayContaining(["/v1/predict", "/v1/models/{name}"]));
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
    ["a text that no model reads", 422, "invalid", { models: ["trees"], inputs: [{ text: "a".repeat(17_000) }] }],
    ["a list that no model reads", 422, "invalid", { models: ["trees"], inputs: [{ words: Array(140_000).fill("") }] }],
    [
      "too much for any queue",
      422,
      "invalid",
      { models: ["trees"], inputs: Array(60).fill({ text: "a b c d e f g h i j" }) },
    ],
    ["no JSON", 400, "bad-request", '{"models": ['],
    ["half a character", 400, "bad-request", '{"models": ["trees"], "inputs": [{"text": "\\ud800"}]}'],
    ["a body that is too large", 413, "too-large", { models: ["trees"], inputs: [{ text: "a".repeat(1_000_001) }] }],
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

  it("tell those who come while too much is under way when to come again", async () => {
    let end = () => {};
    const held = running.service.admission.with(
      590,
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const body = { models: ["trees"], inputs: servedQuestions.trees };
    const { status, json, headers } = await ask("POST", "/v1/predict", body);
    expect([status, json]).toEqual([429, { error: expect.objectContaining({ code: "overloaded" }) }]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    end();
    await held;
    expect((await ask("POST", "/v1/predict", body)).status).toBe(200);
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
      expect([status, json]).toEqual([403, { error: expect.objectContaining({ code: "forbidden" }) }]);
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

// Last, since it ends the server.
it("drains: not ready at once, nothing new, what began is answered", async () => {
  const inputs = servedQuestions.trees;
  const asked = ask("POST", "/v1/predict", { models: ["trees"], inputs });
  while (running.service.admission.tokens === 0) await new Promise((resolve) => setImmediate(resolve));
  expect((await ask("GET", "/health/ready")).status).toBe(200);
  const drained = running.service.drain();
  expect((await ask("GET", "/health/ready")).json).toMatchObject({ error: { code: "draining" } });
  expect((await ask("GET", "/v2/health/ready")).status).toBe(503);
  expect((await ask("GET", "/health/live")).status).toBe(200);
  expect((await ask("POST", "/v1/predict", { models: ["trees"], inputs })).status).toBe(503);
  expect((await asked).status).toBe(200);
  await drained;
  await server.stop();
  await expect(ask("GET", "/health/live")).rejects.toThrow();
});
