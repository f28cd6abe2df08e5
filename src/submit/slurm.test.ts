/** Batch scripts as bash runs them, with programs that stand in for Slurm's. */
import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClusterJob, type JobShape, type JobWord, partOfTask } from "./job.js";
import { slurmScript } from "./slurm.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-submit-"));
  await mkdir(join(folder, "bin"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Puts a program into the way of what is called so. */
async function standIn(name: string, lines: string): Promise<string> {
  const path = join(folder, "bin", name);
  await writeFile(path, `#!/bin/bash\n${lines}\n`);
  await chmod(path, 0o755);
  return path;
}

const job = (command: ClusterJob["command"], shape: JobShape, program = ["kadapter"]): ClusterJob => ({
  ...{ name: "kadapter-test", program, command, shape, grace: 60, restarts: 2 },
});
const options = { logs: ".", setup: [] };
const environment = (more: Record<string, string> = {}) => ({
  ...{ PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, OUT: folder, SLURM_JOB_ID: "7", ...more },
});
const run = (script: string, more: Record<string, string> = {}) =>
  promisify(execFile)("bash", ["-c", script], { env: environment(more) });

/** Runs a script, sends a signal to it once the command has begun, and gives its exit code. */
async function signalled(
  script: string,
  signal: NodeJS.Signals,
  more: Record<string, string> = {},
): Promise<number | null> {
  const child = spawn("bash", ["-c", script], { env: environment(more), stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.setEncoding("utf8").once("data", () => child.kill(signal));
  return new Promise((resolve) => child.on("close", resolve));
}

/** Says that it has begun, and ends with 130 when it is told to, after it has saved something. */
const trains = `trap 'sleep 0.2; echo saved >>"$OUT/saved"; exit 130' TERM; echo begun; for i in $(seq 200); do sleep 0.05; done`;
const read = (name: string) => readFile(join(folder, name), "utf8").catch(() => "");

describe("slurmScript", () => {
  it("hands every word on as it was given, whatever a shell would make of it", async () => {
    const program = [await standIn("tell", 'printf "%s\\0" "$@"')];
    const word = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom("$(id)", "`id`", "'", '"', "a b", "*", "~", "-n", "!", "\\", "a'b", "$SLURM_JOB_ID", "#x", "a=b"),
    );
    const words = fc.array(
      word.filter((one) => !one.includes("\0")),
      { minLength: 50, maxLength: 100 },
    );
    await fc.assert(
      fc.asyncProperty(words, async (command) => {
        const { stdout } = await run(slurmScript(job(command, { kind: "single" }, program), options));
        expect(stdout.split("\0").slice(0, -1)).toEqual(command);
      }),
      { numRuns: 4 },
    );
  });

  it("gives each task of an array its part", async () => {
    const program = [await standIn("tell", 'printf "%s\\0" "$@"')];
    const command: readonly JobWord[] = ["features", "--part", partOfTask, "--", "teach"];
    const script = slurmScript(job(command, { kind: "array", parts: 8, parallel: 3 }, program), options);
    expect(script).toContain("#SBATCH --array=0-7%3\n");
    const { stdout } = await run(script, { SLURM_ARRAY_TASK_ID: "5", SLURM_ARRAY_JOB_ID: "3" });
    expect(stdout.split("\0")).toEqual(["features", "--part", "5/8", "--", "teach", ""]);
  });

  it.each([
    ["is requeued when its time is nearly up", "USR1", {}, "requeue 7\n", 0],
    [
      "is requeued as a task of its array",
      "USR1",
      { SLURM_ARRAY_JOB_ID: "3", SLURM_ARRAY_TASK_ID: "5" },
      "requeue 3_5\n",
      0,
    ],
    ["is not requeued for ever", "USR1", { SLURM_RESTART_COUNT: "2" }, "", 130],
    ["is not requeued when it was cancelled", "TERM", {}, "", 130],
  ] as const)("a command that saved what it had %s", async (_, signal, more, requeued, code) => {
    await Promise.all(["saved", "requeued"].map((name) => rm(join(folder, name), { force: true })));
    const program = [await standIn("trains", trains)];
    await standIn("scontrol", 'echo "$@" >>"$OUT/requeued"');
    const shape = "SLURM_ARRAY_JOB_ID" in more ? ({ kind: "array", parts: 8 } as const) : ({ kind: "single" } as const);
    expect(await signalled(slurmScript(job(["x"], shape, program), options), `SIG${signal}`, more)).toBe(code);
    expect(await read("saved")).toBe("saved\n");
    expect(await read("requeued")).toBe(requeued);
  });

  it.each([0, 2, 137])("ends as the command does: %d", async (code) => {
    const program = [await standIn("ends", `exit ${code}`)];
    const ended = run(slurmScript(job(["x"], { kind: "single" }, program), options)).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
    expect(await ended).toBe(code);
  });

  it("goes on with the nodes that are left, as a power of two of ranks", async () => {
    await standIn("sleep", "");
    await standIn(
      "sinfo",
      'if [ -e "$OUT/gone" ]; then printf "n1\\nn3\\nn4\\n"; else printf "n1\\nn2\\nn3\\nn4\\n"; fi',
    );
    await standIn("srun", 'echo "$@" >>"$OUT/srun"; if [ -e "$OUT/gone" ]; then exit 0; fi; touch "$OUT/gone"; exit 1');
    const script = slurmScript(job(["teach"], { kind: "ranks", nodes: 4, perNode: 2 }), options);
    const { stdout } = await run(script, { SLURM_JOB_NODELIST: "n[1-4]" });
    expect(stdout).toBe("attempt 1: 8 ranks on n1,n2,n3,n4\nattempt 2: 4 ranks on n1,n3\n");
    const asked = (await read("srun")).trim().split("\n");
    expect(asked[1]).toBe("--mpi=pmix --nodes=2 --ntasks=4 --nodelist=n1,n3 --kill-on-bad-exit=1 kadapter teach");
  });
});
