/** Trainings on several processes: the bits of one, and an end for all where one of them ends. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  adapterBits,
  expectComplaint,
  json,
  kadapter,
  kadapterProcess,
  makeWorld,
  sha256,
  stepsDone,
  type World,
} from "../support.js";
import { type Launched, type Launcher, launch, launchers, ranksOf } from "./mpi.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

/** Dropout, and a last step of each epoch that lacks leaves: 96 sentences are 14 leaves of 7. */
const options = ["--leaves", 4, "--batch-size", 7, "--dropout", 0.2, "--eval-every", 3, "--save-every", 5];
/** Long enough to be disturbed. */
const long = [...options, "--epochs", 15];

/** The adapter and the head, which are the best ones, and the last checkpoint: parameters and moments. */
async function allBits(out: string): Promise<Record<string, string>> {
  const root = join(out, "checkpoints");
  const [last = ""] = (await readdir(root)).filter((name) => name.startsWith("step-"));
  return { ...(await adapterBits(out)), [last]: sha256(await readFile(join(root, last, "state.safetensors"))) };
}

/** Log of the steps: what was learnt, without times. */
async function losses(out: string): Promise<readonly unknown[]> {
  const lines = (await readFile(join(out, "metrics.jsonl"), "utf8")).trim().split("\n");
  const events = lines.map(
    (line) => JSON.parse(line) as { kind: string; step: number; loss?: number; gradNorm?: number },
  );
  return events.filter(({ kind }) => kind === "step").map(({ step, loss, gradNorm }) => [step, loss, gradNorm]);
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Sends a signal to one rank when it has done so many steps, and gives the seconds from then to the end of all. */
async function disturb(launched: Launched, out: string, step: number, rank: number, signal: NodeJS.Signals) {
  let ended = false;
  void launched.ended.finally(() => {
    ended = true;
  });
  try {
    await until(async () => ended || (await stepsDone(out)) >= step);
    const pid = ranksOf(out).get(rank);
    if (pid === undefined) throw new Error(`rank ${rank} is gone: ${(await launched.ended).stderr}`);
    const began = performance.now();
    process.kill(pid, signal);
    const run = await launched.ended;
    return { ...run, seconds: (performance.now() - began) / 1000 };
  } catch (error) {
    launched.kill();
    throw error;
  }
}

let straight: { readonly short: string; readonly long: string };
beforeAll(async () => {
  straight = { short: world.at("straight"), long: world.at("straight-long") };
  for (const [out, how] of [
    [straight.short, options],
    [straight.long, long],
  ] as const) {
    expect((await kadapter(world.training(out, ...how))).code).toBe(0);
  }
});

describe.each(launchers)("%s", (name, installed, missing) => {
  if (installed === null) {
    test.skip(`not tried here: ${missing}`);
    return;
  }
  const launcher: Launcher = installed;
  const at = (what: string) => world.at(`${name.replaceAll(/\W/g, "-")}-${what}`);

  test.each([1, 2, 4])("on %i ranks the bits are those of one process", async (ranks) => {
    const out = at(`${ranks}`);
    const run = await launch(launcher, ranks, world.training(out, ...options)).ended;
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("done at step 8"),
    });
    expect(await allBits(out)).toEqual(await allBits(straight.short));
    expect(await losses(out)).toEqual(await losses(straight.short));
    // The first rank speaks for all.
    expect(run.stderr.match(/done at step/g)).toHaveLength(1);
  });

  test("a run that is stopped and goes on with other ranks twice stays the same", async () => {
    const out = at("elastic");
    const command = world.training(out, ...long, "--resume");
    const first = await disturb(launch(launcher, 2, command), out, 8, 1, "SIGTERM");
    expect(first.stderr.match(/interrupted: continue with the same command and --resume/g)).toHaveLength(1);
    expect(first.code).toBe(130);
    const reached = await stepsDone(out);
    expect(await readdir(join(out, "checkpoints"))).toContain(`step-${String(reached).padStart(8, "0")}`);
    const second = await disturb(launch(launcher, 4, command), out, reached + 8, 3, "SIGTERM");
    expect(second.code).toBe(130);
    expect(existsSync(join(out, "adapter_config.json"))).toBe(false);
    expect((await kadapter(command)).code).toBe(0);
    expect(await allBits(out)).toEqual(await allBits(straight.long));
    expect(await losses(out)).toEqual(await losses(straight.long));
  });

  test("a killed rank ends all, and what is left goes on", async () => {
    const out = at("killed");
    const command = world.training(out, ...long, "--resume");
    const run = await disturb(launch(launcher, 2, command), out, 12, 1, "SIGKILL");
    expect(run.code).not.toBe(0);
    expect(run.seconds).toBeLessThan(5);
    await until(() => ranksOf(out).size === 0);
    expect((await launch(launcher, 2, command).ended).code).toBe(0);
    expect(await allBits(out)).toEqual(await allBits(straight.long));
  });

  test("a rank that hangs ends all, with a word on it", async () => {
    const out = at("hangs");
    const launched = launch(launcher, 2, world.training(out, ...long, "--rank-timeout", 4));
    const run = await disturb(launched, out, 5, 1, "SIGSTOP");
    expect(run.stderr).toContain("error: another rank has not answered for 4 s");
    expect(run.code).not.toBe(0);
    expect(run.seconds).toBeLessThan(12);
    await until(() => ranksOf(out).size === 0);
  });

  test("ranks that were started with other options are refused before the first step", async () => {
    const out = at("different");
    const run = await launch(
      launcher,
      2,
      world.training(out, ...options),
      world.training(out, ...options, "--seed", 7, "--threads", 2),
    ).ended;
    expect(run.stderr).toMatch(
      /error: rank 1: it was started otherwise than rank 0 \(threads is 2, on rank 0 1; seed is 7, on rank 0 42\)/,
    );
    expect(run.code).not.toBe(0);
    expect(await stepsDone(out)).toBe(0);
    expect(existsSync(out)).toBe(false);
    // One line for all.
    expect(run.stderr.match(/error:/g)).toHaveLength(1);
  });

  test("three ranks are refused", async () => {
    const run = await launch(launcher, 3, world.training(at("three"), ...options)).ended;
    expect(run.stderr).toContain("error: 3 processes were started; expected 1, 2, 4, 8 or another power of two");
    expect(run.code).not.toBe(0);
  });

  test("more ranks than leaves are refused", async () => {
    const run = await launch(launcher, 4, world.training(at("few"), "--leaves", 2)).ended;
    expect(run.stderr).toContain("error: --leaves: a step has 2, and there are 4 ranks");
    expect(run.code).not.toBe(0);
  });
});

test("a library that is none, or not the launcher's, is refused", async () => {
  const args = [...world.training(world.at("refused"), ...options), "--ranks", "mpi"];
  const without = await kadapterProcess(args, { before: "export KADAPTER_MPI=/nowhere/libmpi.so" });
  expect(expectComplaint(without)).toContain("/nowhere/libmpi.so cannot be loaded as a message-passing library (MPI)");
  const [[, openMpi], [, mpich]] = launchers as [(typeof launchers)[0], (typeof launchers)[0]];
  if (!openMpi || !mpich) return;
  const mixed = { ...mpich, env: { ...mpich.env, KADAPTER_MPI: "libmpi.so.40" } };
  const run = await launch(mixed, 2, world.training(world.at("mixed"), ...options)).ended;
  expect(run.stderr).toMatch(/error: libmpi\.so\.40: Open MPI .* knows of 1 process, and the launcher has started 2/);
  expect(run.code).not.toBe(0);
  expect(existsSync(world.at("mixed"))).toBe(false);
});

test("leaves that one process sums are part of the run", async () => {
  const out = world.at("other-leaves");
  const command = world.training(out, ...options);
  expect((await kadapter([...command, "--max-steps", 2])).code).toBe(0);
  const other = await kadapter([...command, "--max-steps", 2, "--leaves", 8, "--resume"]);
  expect(other.stderr).toMatch(/leaves was 4, is 8/);
  expect(other.code).toBe(2);
});

test("a process that no launcher has started trains alone", async () => {
  const out = world.at("singleton");
  if (launchers.every(([, launcher]) => launcher === null)) return;
  const result = await json([...world.training(out, ...options), "--ranks", "mpi"], (args) => kadapterProcess(args));
  expect(result["reason"]).toBe("completed");
  expect(await allBits(out)).toEqual(await allBits(straight.short));
});
