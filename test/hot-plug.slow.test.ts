/** Models that come and go while a server is asked without a pause: nothing fails, nothing is old, nothing stays in memory. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBackbone } from "../src/features/backbone-handle.js";
import { ownModel } from "../src/library/own-model.js";
import { token } from "../src/testing/running-service.js";
import { servedQuestions, servedRecipes, writeServedModel } from "../src/testing/served-models.js";
import { writeTaughtAdapter } from "../src/testing/taught-adapter.js";
import { type Served, serveProcess, settledMemory } from "./served.js";

let folder = "";
let server: Served;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-hot-"));
  const backbone = await openBackbone(ownModel());
  const written = [
    ["a", { seed: 1 }],
    ["b", { seed: 2 }],
    // As large as adapters are by default, so that one that stays in memory is seen.
    ["large-a", { seed: 3, usualSize: true }],
    ["large-b", { seed: 4, usualSize: true }],
  ] as const;
  for (const [name, how] of written) await writeServedModel(folder, name, servedRecipes.relations, backbone, how);
  await writeTaughtAdapter(join(folder, "facts-a"), ownModel());
  await writeTaughtAdapter(join(folder, "facts-b"), ownModel(), ["Ormelle"]);
  await writeFile(join(folder, "token"), token);
  const loading = ["--allow-load", "--models-root", folder, "--token-file", join(folder, "token")];
  server = await serveProcess(["--backbone", ownModel(), ...loading]);
});
afterAll(async () => {
  server?.process.kill("SIGKILL");
  await server?.ended;
  await rm(folder, { recursive: true });
});

async function send<T>(method: string, path: string, body?: object): Promise<{ status: number; json: T }> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body) headers["content-type"] = "application/json";
  const sent = body ? { body: JSON.stringify(body) } : {};
  const response = await fetch(`${server.url}${path}`, { method, headers, ...sent });
  return { status: response.status, json: (await response.json()) as T };
}

interface Ranked {
  readonly relations: readonly { readonly relation: string; readonly probability: number }[];
}

interface Answered {
  readonly answers: Readonly<Record<string, readonly Ranked[]>>;
  readonly versions: Readonly<Record<string, string>>;
}

const inputs = servedQuestions.relations;
const predict = (model: string) => send<Answered>("POST", "/v1/predict", { models: [model], inputs, top: 3 });
const fill = (model: string) =>
  send<{ sets: Record<string, { probability: number }[]> }>("POST", "/v1/fill", {
    ...{ text: "Winter lies in [MASK].", adapters: [model], top: 2 },
  });
const embed = (model: string) =>
  send<{ embeddings: { vector: number[] }[] }>("POST", "/v1/embed", { inputs: ["Winter is cold."], adapter: model });

/** The share of each relation, in the order of their names. */
const sharesOf = ({ relations }: Ranked): number[] =>
  relations.toSorted((a, b) => (a.relation < b.relation ? -1 : 1)).map(({ probability }) => probability);

/** The numbers of an answer, which tell which folder has given it. */
const ways = {
  relations: async (name: string) => {
    const { status, json } = await predict(name);
    return { status, numbers: json.answers?.[name]?.flatMap(sharesOf) };
  },
  facts: async (name: string) => {
    const { status, json } = await fill(name);
    return { status, numbers: json.sets?.[name]?.map(({ probability }) => probability) };
  },
  vectors: async (name: string) => {
    const { status, json } = await embed(name);
    return { status, numbers: json.embeddings?.[0]?.vector.slice(0, 8) };
  },
} as const;

/** A name under which two folders are loaded in turn. */
class Live {
  /** Each load that was begun: its folder, in their order; and how many of them have ended. */
  readonly begun: string[] = [];
  ended = 0;
  readonly right = new Map<string, readonly number[]>();
  readonly wrong: string[] = [];
  answers = 0;

  constructor(
    readonly name: string,
    readonly folders: readonly [string, string],
    readonly way: (name: string) => Promise<{ status: number; numbers: readonly number[] | undefined }>,
  ) {}

  async load(from: string): Promise<void> {
    this.begun.push(from);
    const { status, json } = await send("PUT", `/v1/models/${this.name}`, { folder: from });
    if (status !== 200) this.wrong.push(`loading ${from}: ${status} ${JSON.stringify(json)}`);
    this.ended++;
  }

  /** Learns what each folder answers, before it has to tell them apart. */
  async learn(): Promise<void> {
    for (const one of this.folders) {
      await this.load(one);
      this.right.set(one, (await this.way(this.name)).numbers ?? []);
    }
    const [a, b] = this.folders.map((one) => this.right.get(one)?.join());
    expect(a).not.toBe(b);
  }

  /** Asks once: what answers was there when it was asked, or came later. */
  async ask(): Promise<void> {
    const before = this.ended;
    const { status, numbers } = await this.way(this.name);
    const may = new Set(this.begun.slice(before - 1));
    const from = this.folders.find((one) =>
      this.right.get(one)?.every((value, i) => Math.abs(value - (numbers?.[i] ?? Number.NaN)) < 1e-5),
    );
    this.answers++;
    if (status !== 200 || from === undefined) this.wrong.push(`${this.name}: ${status}, of ${from}`);
    else if (!may.has(from)) this.wrong.push(`${this.name}: ${from} is old`);
  }
}

const lives = [
  new Live("live", ["a", "b"], ways.relations),
  new Live("facts", ["facts-a", "facts-b"], ways.facts),
  new Live("seen", ["large-a", "large-b"], ways.vectors),
];

/** Loads and unloads so often, under load; then the memory. */
async function changes(count: number): Promise<number> {
  let asking = true;
  const clients = lives.map(async (live) => {
    while (asking) await live.ask();
  });
  for (let i = 0; i < count; i++) {
    const live = lives[i % lives.length] as Live;
    if (i % 5 === 4) {
      const { status: loaded } = await send("PUT", "/v1/models/passing", { folder: i % 2 ? "large-a" : "facts-a" });
      const { status: unloaded } = await send("DELETE", "/v1/models/passing");
      expect([loaded, unloaded]).toEqual([200, 200]);
    } else await live.load(live.folders[live.begun.length % 2] as string);
  }
  asking = false;
  await Promise.all(clients);
  return settledMemory(server.process);
}

/** The memory after each of some rounds of {@link changes}. */
async function memories(rounds: number, count: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < rounds; i++) all.push(await changes(count));
  return all;
}

it("loads and unloads 200 times under load: no request fails, none is answered by what is gone, no memory is kept", async () => {
  for (const live of lives) await live.learn();
  // What the first ones grow stays: buffers of threads, compiled code.
  await changes(60);
  // What a process holds goes up and down by some percent by itself; what is kept would only go up.
  const before = await memories(4, 20);
  const after = await memories(4, 50);
  expect(lives.flatMap(({ wrong }) => wrong)).toEqual([]);
  for (const { answers } of lives) expect(answers).toBeGreaterThan(50);
  expect(Math.min(...after) / Math.max(...before)).toBeLessThan(1.03);
}, 1_800_000);

// Last, as it ends the server.
it("answers all that it has taken after SIGTERM, and ends with exit code 0", async () => {
  const ended: { status: number; begun: number }[] = [];
  let stopped = Number.POSITIVE_INFINITY;
  const ask = async () => {
    while (performance.now() < stopped + 2000) {
      const begun = performance.now();
      const status = await predict("live").then(
        (answer) => answer.status,
        () => 0,
      );
      ended.push({ status, begun });
      if (status === 0) break;
    }
  };
  const clients = Array.from({ length: 24 }, ask);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  stopped = performance.now();
  server.process.kill("SIGTERM");
  await Promise.all(clients);
  const { code } = await server.ended;
  expect(code).toBe(0);
  const underWay = ended.filter(({ begun }) => begun < stopped);
  expect(underWay.length).toBeGreaterThan(24);
  // One that came too late is told so; none is left without an answer.
  expect(underWay.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
});
