/**
 * What the tests of the command line share: the built command line in this process or as one of its own, a tiny random
 * backbone and generated data.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { demoExamples, writeDemoData } from "../src/demo/examples.js";
import { writeRandomBackbone } from "../src/testing/random-backbone.js";

/** The executable, as a user runs it; `npm run build` makes what it loads. */
const bin = fileURLToPath(new URL("../bin/kadapter.js", import.meta.url));
const built = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(built)) throw new Error("run `npm run build` first");
/** The built one, whose worker threads are JavaScript; its types are the sources', as it may not be built yet. */
const { main } = (await import(built.href)) as typeof import("../src/cli/main.js");

/** How a run ended and what it said. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream of a process that keeps what is written to it. */
class Written extends EventEmitter {
  text = "";
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

/** Runs `kadapter` to its end in this process, which saves the start of another. */
export async function kadapter(args: readonly (string | number)[]): Promise<Run> {
  const [stdout, stderr] = [new Written(), new Written()];
  const own = Object.assign(new EventEmitter(), {
    pid: process.pid,
    exitCode: 0,
    stdout,
    stderr,
    kill: () => undefined,
  });
  // It has what the command line touches; Node's types ask for far more.
  await main(["node", "kadapter", ...args.map(String)], own as unknown as NodeJS.Process);
  return { code: own.exitCode, signal: null, stdout: stdout.text, stderr: stderr.text };
}

export interface ProcessOptions {
  /** Told of stderr as it comes. */
  readonly onStderr?: (soFar: string, child: ChildProcess) => void;
  /** Called when the process runs. */
  readonly onStart?: (child: ChildProcess) => Promise<void>;
  /** A shell line before the command, such as `ulimit -f 8`. */
  readonly before?: string;
  /** A shell line after it; the command's code is kept. */
  readonly after?: string;
  /** Runs it all where mounts are seen by nobody else. */
  readonly unshare?: boolean;
}

/** Runs `kadapter` to its end as a user does: for what a process has alone, such as signals, limits and a memory of its own. */
export function kadapterProcess(args: readonly (string | number)[], options: ProcessOptions = {}): Promise<Run> {
  const argv = [bin, ...args.map(String)];
  const { before = "true", after, unshare = false } = options;
  const script = after === undefined ? `${before}; exec "$@"` : `${before}; "$@"; code=$?; ${after}; exit $code`;
  const shell = [...(unshare ? ["unshare", "-m"] : []), "bash", "-c", script, "bash", process.execPath, ...argv];
  const [command = "", ...given] = options.before === undefined ? [process.execPath, ...argv] : shell;
  const child = spawn(command, given, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    options.onStderr?.(stderr, child);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    options.onStart?.(child).catch(reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Runs `kadapter … --json` and gives its object, which must be all of stdout. */
export async function json(
  args: readonly (string | number)[],
  how: typeof kadapter = kadapter,
): Promise<Record<string, unknown>> {
  const run = await how([...args, "--json"]);
  expect(run.stderr).not.toMatch(/error/i);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/^\{.*\}\n$/);
  return JSON.parse(run.stdout) as Record<string, unknown>;
}

/** A temporary folder with a backbone and data. */
export interface World {
  readonly folder: string;
  readonly backbone: string;
  readonly train: string;
  readonly dev: string;
  readonly test: string;
  /** A path in the folder. */
  at(...names: string[]): string;
  /** Options of a short training; later ones win. */
  training(out: string, ...more: (string | number)[]): (string | number)[];
  remove(): Promise<void>;
}

/** A temporary folder; caches go there instead of into the user's home, and nothing is downloaded. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-test-"));
  process.env["XDG_CACHE_HOME"] = join(folder, "caches");
  process.env["HF_HUB_OFFLINE"] = "1";
  return folder;
}

/** A three-layer RoBERTa of width 32 and some hundred sentences of sixteen relations. */
export async function makeWorld(): Promise<World> {
  const folder = await testFolder();
  const at = (...names: string[]) => join(folder, ...names);
  const data = await writeDemoData(at("data"), { perRelation: { train: 6, dev: 2, test: 2 } });
  const texts = demoExamples("train").map(({ text }) => text);
  const sizes = { seed: 1, layers: 3, hiddenSize: 32, heads: 4, vocabSize: 600, initializerRange: 0.2 };
  const backbone = (await writeRandomBackbone(at("backbone"), texts, sizes)).folder;
  return {
    folder,
    backbone,
    ...data,
    at,
    training: (out, ...more) => [
      ...["pretrain", "factual", "--backbone", backbone, "--train", data.train, "--dev", data.dev],
      ...["--out", out, "--layers", "0,1,3", "--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1],
      ...["--max-length", 64, "--epochs", 2, "--batch-size", 16, "--learning-rate", 0.003, "--threads", 1, ...more],
    ],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Stands for bytes in a comparison: unequal buffers would be shown element by element, which takes minutes. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Hashes of the files that a training is for. */
export async function adapterBits(folder: string): Promise<Record<string, string>> {
  const names = ["adapter_model.safetensors", "head.safetensors"];
  const hashes = names.map(async (name) => [name, sha256(await readFile(join(folder, name)))]);
  return Object.fromEntries(await Promise.all(hashes));
}

/** Everything below a folder, as relative paths. */
export async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder, { recursive: true })).sort();
}

/** One line on stderr that starts with `error:`, code 2, nothing on stdout. Gives the line. */
export function expectComplaint(run: Run): string {
  expect(run.stderr).toMatch(/^error: [^\n]+\n$/);
  expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: "" });
  return run.stderr.trim();
}

/** Optimiser steps that a run's log tells of. */
export async function stepsDone(out: string): Promise<number> {
  const log = await readFile(join(out, "metrics.jsonl"), "utf8").catch(() => "");
  const lines = log.split("\n").slice(0, -1);
  return Math.max(0, ...lines.map((line) => (JSON.parse(line) as { step?: number }).step ?? 0));
}

/** Mean loss of a run's first and of its last steps. */
export async function meanLosses(out: string, steps = 4): Promise<{ first: number; last: number }> {
  const lines = (await readFile(join(out, "metrics.jsonl"), "utf8")).trim().split("\n");
  const events = lines.map((line) => JSON.parse(line) as { kind: string; loss: number });
  const all = events.filter(({ kind }) => kind === "step").map(({ loss }) => loss);
  const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  return { first: mean(all.slice(0, steps)), last: mean(all.slice(-steps)) };
}

/** Runs a training and sends a signal when it has done `step` steps. */
export async function stopAt(
  step: number,
  signal: NodeJS.Signals,
  args: readonly (string | number)[],
  out: string,
): Promise<Run> {
  let ended = false;
  let sent = false;
  const run = kadapterProcess(args, {
    onStart: async (child) => {
      while (!ended && (await stepsDone(out)) < step) await new Promise((resolve) => setTimeout(resolve, 2));
      if (!ended) sent = child.kill(signal);
    },
  });
  const result = await run;
  ended = true;
  expect(sent).toBe(true);
  return result;
}
