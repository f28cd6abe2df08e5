// What the experiments share.
import { spawnSync } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../bin/kadapter.js", import.meta.url));

/** Runs a script and returns its last line. */
export function node(args) {
  const run = spawnSync(process.execPath, args.map(String), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) throw new Error(`${args.slice(0, 3).join(" ")} ended with ${run.status ?? run.signal}`);
  return run.stdout.trim().split("\n").at(-1);
}

/** Runs the command line and returns its JSON object. */
export const kadapter = (args) => JSON.parse(node([cli, ...args, "--json"]));

/** Ends with one line where a flag is missing that a script cannot do without. */
export function requireFlags(script, values, names) {
  const missing = names.find((name) => values[name] === undefined);
  if (missing === undefined) return;
  console.error(`--${missing} is missing; see the head of ${script}`);
  process.exit(2);
}

/** Makes a file unless it is there; it gets its name when it is whole. */
export function once(file, make) {
  if (existsSync(file)) return file;
  const part = file.replace(/[^/]+$/, (name) => `part-${name}`);
  make(part);
  renameSync(part, file);
  return file;
}

export const mean = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** The sample's standard deviation; 0 for a single number. */
export const deviation = (numbers) =>
  numbers.length < 2
    ? 0
    : Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean(numbers)) ** 2, 0) / (numbers.length - 1));
