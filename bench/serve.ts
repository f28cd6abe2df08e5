/**
 * `npm run bench:serve`: N adapters beside one backbone, as `kadapter serve` asks them, beside N separate models; then the
 * server under load, whose clients wait for each answer (closed loop) or come at random times (open loop).
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Executor } from "../src/engine/executor.js";
import { userError } from "../src/errors.js";
import { type BackboneHandle, openBackbone } from "../src/features/backbone-handle.js";
import { FrozenBackbone } from "../src/features/frozen-backbone.js";
import { padBatch } from "../src/features/token-batch.js";
import { load, type Model } from "../src/library/model.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { startHttp } from "../src/serving/http/server.js";
import { Service } from "../src/serving/service.js";
import { servedRecipes, writeServedModel } from "../src/testing/served-models.js";
import { randomBackboneFolder } from "./backbone-folder.js";
import { command, fixed, positives, row, whole } from "./command.js";
import { peerPython } from "./peer.js";
import { askFromThread } from "./serve-client.js";
import { closedLoop, type Load } from "./serve-load.js";
import { inTurn, servingPeer, startPeer } from "./serve-peer.js";
import { full, mini, tiny } from "./sizes.js";
import { median, seconds } from "./stats.js";

const usage = `npm run bench:serve -- [options]
  --backbone DIR    (models/own)
  --shape NAME      random weights instead: mini (MiniLM-L6), full (24 layers of 1024), tiny
  --only LIST       of sharing,load,overload,peer (all; the peer where PEER_PYTHON has torch and fastapi)
  --counts LIST     numbers of adapters (1,2,4,8)
  --texts N         texts of a request that measures the sharing (16)
  --runs N          measurements of each number (9)
  --seconds N       of each load (10)
  --threads N       of ONNX Runtime (2)`;

const width = 34;
const sentence = "Ravel Yarn was founded by a young engineer, Edith Reyes, in the town of Calderby";
const question = (i: number) => ({ text: `${sentence} ${i}.`, subject: "Ravel Yarn", object: "Edith Reyes" });
const milliseconds = (time: number) => fixed(1000 * time, 1);

interface Setting {
  readonly executor: Executor;
  readonly backbone: BackboneHandle;
  readonly folders: readonly string[];
  readonly texts: number;
  readonly runs: number;
}

const nameOf = (i: number) => `adapter${i}`;

async function served(
  { executor, backbone, folders }: Setting,
  count: number,
  queueTokens = 1_000_000,
): Promise<Service> {
  const options = { batchTokens: 4096, queueTokens, mostModels: 64, backbone: backbone.name };
  const service = new Service(executor, options);
  for (const [i, folder] of folders.slice(0, count).entries()) await service.load(nameOf(i), folder, true);
  return service;
}

/** Seconds in which all of them answer the texts: beside one backbone, and as models of their own. */
async function compare(setting: Setting, count: number) {
  const { executor, folders, texts, runs } = setting;
  const service = await served(setting, count);
  const models: Model[] = [];
  for (const folder of folders.slice(0, count)) models.push(await load(executor, folder));
  const questions = Array.from({ length: texts }, (_, i) => question(i));
  const names = models.map((_, i) => nameOf(i));
  const together: number[] = [];
  const apart: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const shared = await seconds(() => service.predict(names, questions, { top: 1 }));
    const separate = await seconds(async () => {
      for (const model of models) await model.predictAll(questions as never);
    });
    // The first run allocates.
    if (run === 0) continue;
    together.push(shared);
    apart.push(separate);
  }
  for (const model of models) await model.close();
  await service.close();
  return { count, together: median(together), apart: median(apart) };
}

/** Seconds of a pass of the backbone alone over the same texts. */
async function backbonePass({ executor, backbone, texts, runs }: Setting): Promise<number> {
  const { tokenizer, config } = backbone;
  const frozen = await FrozenBackbone.load(executor, backbone, [config.layers]);
  const ids = Array.from({ length: texts }, (_, i) => tokenizer.withSpecials(tokenizer.encode(question(i).text).ids));
  const width = Math.max(...ids.map(({ length }) => length));
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    times.push(await seconds(() => frozen.run(padBatch(ids, width, config.padTokenId))));
  }
  await frozen.close();
  return median(times.slice(1));
}

async function sharing(setting: Setting, counts: readonly number[]): Promise<void> {
  const backbone = await backbonePass(setting);
  const measured = [];
  for (const count of counts) measured.push(await compare(setting, count));
  const last = measured.at(-1);
  if (!last) throw new Error("no number of adapters was given");
  const adapter = (last.together - backbone) / last.count;
  console.log(
    `a backbone pass B ${milliseconds(backbone)} ms, an adapter A ${milliseconds(adapter)} ms; ${setting.texts} texts`,
  );
  console.log(row(width, "adapters (expected: N(B+A)/(B+NA))", "shared ms", "separate ms", "ratio", "expected"));
  for (const { count, together, apart } of measured) {
    const expected = (count * (backbone + adapter)) / (backbone + count * adapter);
    console.log(
      row(
        width,
        `${count}`,
        milliseconds(together),
        milliseconds(apart),
        fixed(apart / together, 2),
        fixed(expected, 2),
      ),
    );
  }
}

const loadRow = (name: string, { rate, median: middle, high, failed, refused }: Load) =>
  row(width, name, fixed(rate), milliseconds(middle), milliseconds(high), `${refused?.count ?? 0}`, `${failed}`);

/** A server with some of the models, and a request for an answer of each. */
interface Running {
  readonly service: Service;
  readonly url: string;
  readonly names: readonly string[];
  readonly body: string;
  close(): Promise<void>;
}

async function started(setting: Setting, count: number, queueTokens?: number): Promise<Running> {
  const service = await served(setting, count, queueTokens);
  const how = { host: "127.0.0.1", port: 0, bodyLimit: 2 ** 20, loading: null };
  const server = await startHttp(service, { ...how, log: { write: () => undefined } });
  const names = Array.from({ length: count }, (_, i) => nameOf(i));
  const close = async () => {
    await server.stop();
    await service.close();
  };
  const body = JSON.stringify({ models: names, inputs: [question(0)] });
  return { service, url: `${server.url}/v1/predict`, names, body, close };
}

async function answerOf(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function underLoad(setting: Setting, count: number, time: number): Promise<number> {
  const { service, url, names, body, close } = await started(setting, count);
  const direct: number[] = [];
  const overHttp: number[] = [];
  for (let i = 0; i < 40; i++) {
    overHttp.push(await seconds(() => answerOf(url, body)));
    direct.push(await seconds(() => service.predict(names, [question(0)], { top: 1 })));
  }
  const [http, alone] = [median(overHttp), median(direct)];
  console.log(
    `${count} adapters, one text: HTTP ${milliseconds(http)} ms, of which its own ${milliseconds(http - alone)} ms`,
  );
  console.log(row(width, "load", "answers / s", "median ms", "p99 ms", "refused", "failed"));
  let capacity = 1;
  for (const connections of [1, 8, 32]) {
    const found = await closedLoop(url, body, connections, time);
    capacity = Math.max(capacity, found.rate);
    console.log(loadRow(`closed, ${connections} connections`, found));
  }
  for (const share of [0.3, 0.7]) {
    const found = await askFromThread({ url, body, rate: share * capacity, seconds: time });
    console.log(loadRow(`open, ${Math.round(100 * share)} % of that, Poisson`, found));
  }
  await close();
  return capacity;
}

/** Three times what it can bear: what it takes it answers, and what it does not take it refuses at once. */
async function overloaded(setting: Setting, count: number, time: number, capacity: number): Promise<void> {
  const { tokenizer } = setting.backbone;
  const tokens = count * tokenizer.withSpecials(tokenizer.encode(question(0).text).ids).length;
  // About a second's work may wait.
  const { url, body, close } = await started(setting, count, Math.max(4096, Math.ceil(capacity * tokens)));
  const peak = Math.max(capacity, (await closedLoop(url, body, 32, time)).rate);
  const found = await askFromThread({ url, body, rate: 3 * peak, seconds: time });
  await close();
  console.log(loadRow("open, three times that, Poisson", found));
  const { median: middle = 0, high = 0 } = found.refused ?? {};
  console.log(
    `goodput ${fixed(found.rate / peak, 2)} of the peak; refused after ${milliseconds(middle)} ms (median), ${milliseconds(high)} ms (p99)`,
  );
}

/** Beside a server in which every adapter is a model of its own. */
async function besidePeer(setting: Setting, python: string, count: number, how: PeerHow): Promise<void> {
  const { url, names, body, close } = await started(setting, count);
  const adapters = setting.folders.slice(0, count);
  const { threads, scratch, time } = how;
  const peer = await startPeer(python, { backbone: setting.backbone.folder, adapters, threads }, scratch);
  try {
    const { text, subject, object } = question(0);
    const marked = text.replace(subject, `@ ${subject} @`).replace(object, `# ${object} #`);
    const asked = JSON.stringify({ models: names.map((_, i) => i), texts: [marked] });
    requireSame(names, await answerOf(url, body), await answerOf(peer.url, asked));
    const { ours, theirs } = await inTurn({ url, body }, { url: peer.url, body: asked }, 8, time, 3);
    console.log(
      `beside FastAPI and PyTorch with a model an adapter, ${count} adapters, 8 connections: ${fixed(ours)} and ${fixed(theirs)} answers / s, ratio ${fixed(ours / theirs, 2)}`,
    );
  } finally {
    await peer.close();
    await close();
  }
}

interface PeerHow {
  readonly threads: number;
  readonly scratch: string;
  readonly time: number;
}

interface RelationSaid {
  readonly relation: string;
  readonly probability: number;
}

/** Servers that say other things are not compared. */
function requireSame(names: readonly string[], ours: unknown, theirs: unknown): void {
  const own = (ours as { readonly answers: Record<string, readonly RelationSaid[]> }).answers;
  const [other = []] = (theirs as { readonly answers: readonly (readonly RelationSaid[])[] }).answers;
  for (const [i, name] of names.entries()) {
    const [a, b] = [own[name]?.[0], other[i]];
    if (a && b && a.relation === b.relation && Math.abs(a.probability - b.probability) < 1e-3) continue;
    throw new Error(`${name} says ${JSON.stringify(a)}, the peer ${JSON.stringify(b)}`);
  }
}

/** Backbones with random weights, by name. */
const shapes = { mini, full, tiny };

async function backboneOf(
  { backbone, shape }: { readonly backbone: string; readonly shape?: string },
  scratch: string,
) {
  if (shape === undefined) return openBackbone(backbone);
  const sizes = shapes[shape as keyof typeof shapes];
  if (sizes) return openBackbone(await randomBackboneFolder(scratch, sizes, 1));
  throw userError({ where: "--shape", what: shape, expected: `one of ${Object.keys(shapes).join(", ")}` });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      backbone: { type: "string", default: "models/own" },
      shape: { type: "string" },
      only: { type: "string", default: "sharing,load,overload,peer" },
      counts: { type: "string", default: "1,2,4,8" },
      texts: { type: "string", default: "16" },
      runs: { type: "string", default: "9" },
      seconds: { type: "string", default: "10" },
      threads: { type: "string", default: "2" },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const counts = positives(values, "counts");
  const folder = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  const executor = await workerExecutor({ device: "cpu", threads: whole(values, "threads") });
  try {
    const backbone = await backboneOf(values, folder);
    const parts = values.only.split(",");
    const few = 4;
    const folders: string[] = [];
    for (let i = 0; i < Math.max(few, ...counts); i++) {
      const how = { seed: i + 1, usualSize: true };
      folders.push(await writeServedModel(folder, nameOf(i), servedRecipes.relations, backbone, how));
    }
    const setting = { executor, backbone, folders, texts: whole(values, "texts"), runs: whole(values, "runs") };
    const time = whole(values, "seconds");
    if (parts.includes("sharing")) await sharing(setting, counts);
    let capacity = 0;
    if (parts.includes("load")) capacity = await underLoad(setting, few, time);
    if (parts.includes("overload")) await overloaded(setting, few, time, capacity);
    const python = parts.includes("peer") ? await peerPython(servingPeer.modules, servingPeer.packages) : null;
    const how = { threads: whole(values, "threads"), scratch: folder, time };
    if (python !== null) await besidePeer(setting, python, few, how);
    else if (parts.includes("peer"))
      console.log(`nothing to compare with: pip install ${servingPeer.packages}, and set PEER_PYTHON`);
  } finally {
    await executor.close();
    await rm(folder, { recursive: true });
  }
}

await command(main);
