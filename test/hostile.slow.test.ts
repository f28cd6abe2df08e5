/** What a server bears over raw sockets: everything of `hostile-requests.ts`, again and again, and it is as it was. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBackbone } from "../src/features/backbone-handle.js";
import { ownModel } from "../src/library/own-model.js";
import { token } from "../src/testing/running-service.js";
import { servedRecipes, writeServedModel } from "../src/testing/served-models.js";
import { writeTaughtAdapter } from "../src/testing/taught-adapter.js";
import { type Hostile, hostileRequests, slowRequests } from "./hostile-requests.js";
import { type Served, serveProcess, settledMemory, talk } from "./served.js";

let folder = "";
let server: Served;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-hostile-"));
  const backbone = await openBackbone(ownModel());
  for (const kind of ["trees", "relations"] as const)
    await writeServedModel(folder, kind, servedRecipes[kind], backbone);
  await writeTaughtAdapter(join(folder, "recall"), ownModel());
  await writeFile(join(folder, "token"), token);
  const adapters = ["trees", "relations", "recall"].flatMap((name) => ["--adapter", `${name}=${join(folder, name)}`]);
  const loading = ["--allow-load", "--models-root", folder, "--token-file", join(folder, "token")];
  server = await serveProcess([...adapters, ...loading]);
});
afterAll(async () => {
  server?.process.kill("SIGTERM");
  await server?.ended;
  await rm(folder, { recursive: true });
});

const ask = async () => {
  const body = JSON.stringify({ text: "Winter lies in [MASK].", adapters: ["recall"], top: 3 });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${server.url}/v1/fill`, { method: "POST", headers, body });
  return { status: response.status, answer: await response.json() };
};

interface Status {
  readonly queue: { readonly tokens: number; readonly items: number };
}
const queue = async () => ((await (await fetch(`${server.url}/v1/status`)).json()) as Status).queue;

/** What is wrong with the answer to each, if anything is. */
async function wrongs(requests: readonly Hostile[]): Promise<string[]> {
  const found: string[] = [];
  for (const request of requests) {
    const { text, milliseconds } = await talk(server.port, request);
    const first = text.slice(0, 40).split("\r\n")[0];
    if (milliseconds === null) found.push(`${request.name}: no end`);
    else if (request.answer && !request.answer.test(text)) found.push(`${request.name}: ${first}`);
    else if (/^HTTP\/1\.1 5/.test(text)) found.push(`${request.name}: ${first}`);
  }
  return found;
}

it("refuses whatever comes over a socket, and stays as it was", async () => {
  const before = await ask();
  expect(before.status).toBe(200);
  const requests = hostileRequests(token);
  // Twice, as what is done the first times grows what is kept for good.
  expect(await wrongs(requests)).toEqual([]);
  expect(await wrongs(requests)).toEqual([]);
  const memory = await settledMemory(server.process);
  for (let round = 0; round < 3; round++) expect(await wrongs(requests)).toEqual([]);
  await expect.poll(queue, { timeout: 30_000 }).toEqual({ tokens: 0, mostTokens: 262_144, items: 0 });
  expect((await settledMemory(server.process)) / memory).toBeLessThan(1.05);
  expect(await ask()).toEqual(before);
});

it("waits for nobody for ever, and answers others meanwhile", async () => {
  const slow = Promise.all(
    Array.from({ length: 50 }, (_, i) => wrongs([slowRequests[i % slowRequests.length] as Hostile])),
  );
  const before = await ask();
  expect(before.status).toBe(200);
  expect((await slow).flat()).toEqual([]);
});

// Last, as it ends the server.
it("ends when it is told to, and has written one line for each refusal, without a control character or a word of the texts", async () => {
  // Neither a connection that says nothing nor half a request keeps the server from its end.
  const halves = [[], ["POST /v1/fill HTTP/1.1\r\nhost: a\r\n"]].map((parts) => talk(server.port, { parts }));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const stopped = performance.now();
  server.process.kill("SIGTERM");
  const { code, stderr } = await server.ended;
  expect(code).toBe(0);
  expect(performance.now() - stopped).toBeLessThan(8000);
  await Promise.all(halves);
  const lines = stderr
    .trimEnd()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  expect(lines.length).toBeGreaterThan(100);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  expect(stderr).not.toMatch(/Winter|Rain|aaaa/);
});
