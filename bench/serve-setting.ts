/**
 * What the measurements of the server have in common: its models, what they are asked, and how it is started.
 * @module
 */
import type { Executor } from "../src/engine/executor.js";
import type { BackboneHandle } from "../src/features/backbone-handle.js";
import { startHttp } from "../src/serving/http/server.js";
import { Service } from "../src/serving/service.js";
import { fixed } from "./command.js";

export const width = 34;
const sentence = "Ravel Yarn was founded by a young engineer called Edith Reyes in the town of Calderby";
export const question = (i: number) => ({ text: `${sentence} ${i}.`, subject: "Ravel Yarn", object: "Edith Reyes" });
export const milliseconds = (time: number) => fixed(1000 * time, 1);

export interface Setting {
  readonly executor: Executor;
  readonly backbone: BackboneHandle;
  readonly folders: readonly string[];
  readonly texts: number;
  readonly runs: number;
}

export const nameOf = (i: number) => `adapter${i}`;

export async function served(
  { executor, backbone, folders }: Setting,
  count: number,
  queueTokens = 1_000_000,
): Promise<Service> {
  const options = { batchTokens: 4096, queueTokens, mostModels: 64, backbone: backbone.name };
  const service = new Service(executor, options);
  for (const [i, folder] of folders.slice(0, count).entries()) await service.load(nameOf(i), folder, true);
  return service;
}

/** A server with some of the models, and a request for an answer of each. */
export interface Running {
  readonly service: Service;
  readonly url: string;
  readonly names: readonly string[];
  readonly body: string;
  close(): Promise<void>;
}

export async function started(setting: Setting, count: number, queueTokens?: number): Promise<Running> {
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

export async function answerOf(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
