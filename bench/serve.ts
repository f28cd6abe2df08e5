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
import { type BackboneHandle, openBackbone } from "../src/features/backbone-handle.js";
import { FrozenBackbone } from "../src/features/frozen-backbone.js";
import { padBatch } from "../src/features/token-batch.js";
import { load, type Model } from "../src/library/model.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { startHttp } from "../src/serving/http/server.js";
import { Service } from "../src/serving/service.js";
import { servedRecipes, writeServedModel } from "../src/testing/served-models.js";
import { command, fixed, positives, row, whole } from "./command.js";
import { closedLoop, type Load, openLoop } from "./serve-load.js";
import { median, seconds } from "./stats.js";

const usage = `npm run bench:serve -- [options]
  --backbone DIR    (models/own)
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

async function served({ executor, backbone, folders }: Setting, count: number): Promise<Service> {
  const options = { batchTokens: 4096, queueTokens: 1_000_000, mostModels: 64, backbone: backbone.name };
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

const loadRow = (name: string, { rate, median: middle, high, failed }: Load) =>
  row(width, name, fixed(rate), milliseconds(middle), milliseconds(high), `${failed}`);

async function underLoad(setting: Setting, count: number, time: number): Promise<void> {
  const service = await served(setting, count);
  const how = { host: "127.0.0.1", port: 0, bodyLimit: 2 ** 20, loading: null };
  const server = await startHttp(service, { ...how, log: { write: () => undefined } });
  const names = Array.from({ length: count }, (_, i) => nameOf(i));
  const body = JSON.stringify({ models: names, inputs: [question(0)] });
  const direct: number[] = [];
  const overHttp: number[] = [];
  const headers = { "content-type": "application/json" };
  const once = async () => {
    const response = await fetch(`${server.url}/v1/predict`, { method: "POST", headers, body });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
  };
  for (let i = 0; i < 40; i++) {
    overHttp.push(await seconds(once));
    direct.push(await seconds(() => service.predict(names, [question(0)], { top: 1 })));
  }
  const [http, alone] = [median(overHttp), median(direct)];
  console.log(
    `${count} adapters, one text: HTTP ${milliseconds(http)} ms, of which its own ${milliseconds(http - alone)} ms`,
  );
  console.log(row(width, "load", "answers / s", "median ms", "p99 ms", "failed"));
  let capacity = 1;
  for (const connections of [1, 8, 32]) {
    const found = await closedLoop(`${server.url}/v1/predict`, body, connections, time);
    capacity = found.rate;
    console.log(loadRow(`closed, ${connections} connections`, found));
  }
  for (const share of [0.3, 0.7]) {
    const found = await openLoop(once, share * capacity, time);
    console.log(loadRow(`open, ${Math.round(100 * share)} % of that, Poisson`, found));
  }
  await server.stop();
  await service.close();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      backbone: { type: "string", default: "models/own" },
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
    const backbone = await openBackbone(values.backbone);
    const folders: string[] = [];
    for (let i = 0; i < Math.max(...counts); i++) {
      const how = { seed: i + 1, usualSize: true };
      folders.push(await writeServedModel(folder, nameOf(i), servedRecipes.relations, backbone, how));
    }
    const setting = { executor, backbone, folders, texts: whole(values, "texts"), runs: whole(values, "runs") };
    await sharing(setting, counts);
    await underLoad(setting, Math.min(4, folders.length), whole(values, "seconds"));
  } finally {
    await executor.close();
    await rm(folder, { recursive: true });
  }
}

await command(main);
