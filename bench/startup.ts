/**
 * `npm run bench:startup`: how long the command line takes to say something, beside Node itself doing nothing.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { userError } from "../src/errors.js";
import { command, whole } from "./command.js";
import { median } from "./stats.js";

const usage = `npm run bench:startup -- [options] [FOLDER...]
  FOLDER            built checkouts of the project, measured in turn (this one)
  --repetitions N   calls of each command (11)`;

/** What is called, by how the table names it. */
const calls: Readonly<Record<string, readonly string[]>> = {
  "kadapter --version": ["--version"],
  "kadapter --help": ["--help"],
  "kadapter pretrain factual --help": ["pretrain", "factual", "--help"],
  'kadapter fill "… [MASK]."': ["fill", "The capital of France is [MASK]."],
};

/** Milliseconds of one process. */
function milliseconds(args: readonly string[], cwd: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  const taken = performance.now() - started;
  if (status === 0) return taken;
  throw userError({ where: cwd, what: `node ${args.join(" ")} ended with ${status}: ${stderr}` });
}

await command(async () => {
  const { values, positionals } = parseArgs({
    options: { repetitions: { type: "string", default: "11" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help) return console.log(usage);
  const repetitions = whole(values, "repetitions");
  const folders = positionals.length > 0 ? positionals : ["."];
  const idle: number[] = [];
  const taken = new Map<string, number[]>();
  const keep = (key: string, value: number) => taken.set(key, [...(taken.get(key) ?? []), value]);
  // Everything once in each round, so that other work on the machine falls on all alike.
  for (let round = 0; round < repetitions; round++) {
    idle.push(milliseconds(["-e", "0"], "."));
    for (const folder of folders) {
      for (const [name, args] of Object.entries(calls)) {
        keep(`${folder} ${name}`, milliseconds([join("bin", "kadapter.js"), ...args], folder));
      }
    }
  }
  const base = median(idle);
  console.log(`Medians of ${repetitions} calls in ms; node -e 0: ${base.toFixed(0)}\n`);
  console.log(`| | ${folders.flatMap((folder) => [folder, "over Node"]).join(" | ")} |`);
  console.log(`| --- |${folders.map(() => " --- | --- |").join("")}`);
  for (const name of Object.keys(calls)) {
    const cells = folders.flatMap((folder) => {
      const middle = median(taken.get(`${folder} ${name}`) ?? []);
      return [middle.toFixed(0), (middle - base).toFixed(0)];
    });
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
});
