/**
 * A server of others with the same models, for comparison: FastAPI and PyTorch, a model an adapter.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { closedLoop } from "./serve-load.js";
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
export async function inTurn(ours: Asked, theirs: Asked, connections: number, duration: number, rounds: number) {
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
