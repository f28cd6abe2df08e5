/**
 * A server of others with the same models, for comparison: FastAPI and PyTorch, a model an adapter.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fixed } from "./command.js";
import { closedLoop } from "./serve-load.js";
import { answerOf, question, type Setting, started } from "./serve-setting.js";
import { median } from "./stats.js";

/** What the peer serves. */
export interface PeerSetup {
  /** Folders. */
  readonly backbone: string;
  readonly adapters: readonly string[];
  readonly threads: number;
}

/** What Python needs for it, as an import and as pip name it. */
export const servingPeer = {
  modules: "torch, fastapi, uvicorn, tokenizers",
  packages: "torch numpy fastapi uvicorn tokenizers",
};

/** A running peer. */
export interface Peer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it; it listens when this returns. */
export async function startPeer(python: string, setup: PeerSetup, scratch: string): Promise<Peer> {
  const path = join(scratch, "peer.json");
  await writeFile(path, JSON.stringify(setup));
  // Compiled files lie in bench/dist/bench, scripts in bench/peer.
  const script = fileURLToPath(new URL("../../peer/serve.py", import.meta.url));
  const threads = String(setup.threads);
  const env = { ...process.env, OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads };
  const child = spawn(python, [script, path], { stdio: ["ignore", "pipe", "inherit"], env });
  const close = async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, "close");
  };
  try {
    return { url: `${await firstLine(child)}/predict`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`the peer ended with exit code ${code}`)));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("\n")) resolve(said.trim());
    });
  });
}

/** A server, and a request that asks it the same. */
interface Asked {
  readonly url: string;
  readonly body: string;
}

/** Answers a second of both, measured in turn: what else the machine does meets both alike. */
async function inTurn(ours: Asked, theirs: Asked, connections: number, duration: number, rounds: number) {
  const rates: Record<"ours" | "theirs", number[]> = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [who, { url, body }] of Object.entries({ ours, theirs }) as ["ours" | "theirs", Asked][]) {
      const { rate, failed } = await closedLoop(url, body, connections, duration);
      if (failed > 0) throw new Error(`${failed} requests to ${url} failed`);
      rates[who].push(rate);
    }
  }
  return { ours: median(rates.ours), theirs: median(rates.theirs) };
}

/** Beside a server in which every adapter is a model of its own. */
export async function besidePeer(setting: Setting, python: string, count: number, how: PeerHow): Promise<void> {
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

/** How it is compared. */
export interface PeerHow {
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
