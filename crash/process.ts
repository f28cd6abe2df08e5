/**
 * The command line as a user runs it, and whether it ended as it is promised to.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Fault, faultVariable } from "./fault.js";

const inPackage = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The executable; `npm run build` makes what it loads. */
const executable = inPackage("bin/kadapter.js");
/** The model that comes with the package. */
export const ownModel = inPackage("models/own");

const faultModule = new URL("fault.js", import.meta.url).href;

/** How a process ended, and what it said. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface Launch {
  /** The folder that it runs in; caches go there, too. */
  readonly folder: string;
  readonly fault?: Fault;
  /** A shell line before it, such as `ulimit -f 8`. */
  readonly before?: string;
  /** Told when it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Told of stderr as it comes. */
  readonly onStderr?: (soFar: string, child: ChildProcess) => void;
}

/** A process that has not ended by then never will. */
const hangMilliseconds = 600_000;

/** Runs `kadapter` to its end. */
export function kadapter(args: readonly string[], launch: Launch): Promise<Ending> {
  const { folder, fault, before, onStart, onStderr } = launch;
  const started = performance.now();
  const env = {
    ...process.env,
    XDG_CACHE_HOME: `${folder}/caches`,
    HF_HUB_OFFLINE: "1",
    NODE_OPTIONS: fault ? `--import ${faultModule}` : "",
    ...(fault ? { [faultVariable]: JSON.stringify(fault) } : {}),
  };
  const own = [process.execPath, executable, ...args];
  const [command = "", ...rest] = before === undefined ? own : ["bash", "-c", `${before}; exec "$@"`, "bash", ...own];
  const child = spawn(command, rest, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    onStderr?.(stderr, child);
  });
  onStart?.(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), hangMilliseconds);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, milliseconds: performance.now() - started });
    });
  });
}

/** What is wrong with how a process ended by itself, whatever became of it; null where nothing is. */
export function misbehaviour({ code, signal, stderr, milliseconds }: Ending): string | null {
  if (milliseconds >= hangMilliseconds) return `no end after ${hangMilliseconds / 1000} seconds`;
  if (signal !== null) return `ended by ${signal}`;
  if (/(?![\t\n])\p{Cc}|[\u202a-\u202e]/u.test(stderr)) return `control characters in ${JSON.stringify(stderr)}`;
  const bad = /^.*(?:internal error|Uncaught|Unhandled|^\s+at |Warning:).*$/m.exec(stderr)?.[0];
  if (bad !== undefined) return `it said ${JSON.stringify(lastLines(stderr))}`;
  const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
  if (code === 0 && errors.length === 0) return null;
  if (code === 2 && errors.length === 1 && stderr.trimEnd().endsWith(errors[0] as string)) return null;
  if (code === 130 && errors.length === 0 && /\ninterrupted[^\n]*\n$/.test(stderr)) return null;
  return `exit code ${code} after ${JSON.stringify(lastLines(stderr))}`;
}

/** The end of what was said. */
export const lastLines = (said: string): string => said.trimEnd().split("\n").slice(-6).join("\n").slice(-1200);
