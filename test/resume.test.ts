/** A training that is killed and resumed ends with the bits of one that was not. */
import { existsSync } from "node:fs";
import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDemoData } from "../src/demo/examples.js";
import {
  adapterBits,
  expectComplaint,
  filesBelow,
  kadapter,
  kadapterProcess,
  makeWorld,
  type Run,
  sha256,
  stepsDone,
  stopAt,
  type World,
} from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

/** The adapter and the head, which are the best ones, and the last checkpoint: parameters and moments of the last step. */
async function allBits(out: string): Promise<Record<string, string>> {
  const root = join(out, "checkpoints");
  const names = (await readdir(root)).filter((name) => name.startsWith("step-"));
  expect(names).toHaveLength(1);
  const [last = ""] = names;
  return { ...(await adapterBits(out)), [last]: sha256(await readFile(join(root, last, "state.safetensors"))) };
}

const between = (low: number, high: number) => low + Math.floor(Math.random() * (high - low + 1));

async function finish(args: readonly (string | number)[]): Promise<Run> {
  const run = await kadapter(args);
  expect(run.stderr).not.toMatch(/error/);
  expect(run.code).toBe(0);
  return run;
}

describe("a training with dropout", () => {
  const steps = 24;
  const options = ["--dropout", 0.2, "--save-every", 3, "--eval-every", 5, "--batch-size", 8];

  test("killed three times at random steps ends with the same bits", async () => {
    const straight = world.at("straight");
    await finish(world.training(straight, ...options));
    expect(await stepsDone(straight)).toBe(steps);
    const out = world.at("killed");
    // With --resume from the start: an empty folder begins at the beginning.
    const command = world.training(out, ...options, "--resume");
    const kills = [between(1, 7), between(8, 14), between(15, 21)];
    for (const step of kills) {
      const run = await stopAt(step, "SIGKILL", command, out);
      expect(run.signal).toBe("SIGKILL");
      expect(existsSync(join(out, "adapter_config.json"))).toBe(false);
    }
    const last = await finish(command);
    expect(last.stderr).toMatch(/continued from step \d+/);
    expect(await allBits(out), `killed at steps ${kills}`).toEqual(await allBits(straight));
    expect((await filesBelow(out)).filter((name) => name.includes(".tmp"))).toEqual([]);
    // The log reads as if nothing had happened: every step once, in order.
    const events = (await readFile(join(out, "metrics.jsonl"), "utf8")).trim().split("\n");
    const logged = events.map((line) => JSON.parse(line) as { kind: string; step: number });
    expect(logged.filter(({ kind }) => kind === "step").map(({ step }) => step)).toEqual(
      Array.from({ length: steps }, (_, i) => i + 1),
    );
  });

  test("resumed when it has ended stays as it is", async () => {
    const out = world.at("straight");
    const before = await allBits(out);
    await finish(world.training(out, ...options, "--resume"));
    expect(await allBits(out)).toEqual(before);
  });

  test("stopped by Ctrl-C says how to go on, and goes on to the same bits", async () => {
    const out = world.at("interrupted");
    const run = await stopAt(4, "SIGINT", world.training(out, ...options), out);
    expect(run.code).toBe(130);
    expect(run.stderr).toMatch(/\ninterrupted: continue with the same command and --resume\n$/);
    expect(await readdir(join(out, "checkpoints"))).toContainEqual(expect.stringMatching(/^step-\d{8}$/));
    expect(existsSync(join(out, "adapter_config.json"))).toBe(false);
    const line = expectComplaint(await kadapter(world.training(out, ...options)));
    expect(line).toMatch(/holds an adapter or a run; .*--resume/);
    await finish(world.training(out, ...options, "--resume"));
    expect(await allBits(out)).toEqual(await allBits(world.at("straight")));
  });

  test("refuses to go on with other options or from a damaged checkpoint", async () => {
    const out = world.at("refused");
    await stopAt(4, "SIGINT", world.training(out, ...options), out);
    // One line: nothing was computed before it, nor said of that.
    const line = expectComplaint(await kadapter(world.training(out, ...options, "--resume", "--seed", 7)));
    expect(line).toMatch(/step-\d{8}: the run to be resumed had other settings \(seed was 42, is 7\)/);
    const [checkpoint = ""] = await readdir(join(out, "checkpoints")).then((all) => all.filter((n) => /^step/.test(n)));
    const state = join(out, "checkpoints", checkpoint, "state.safetensors");
    await truncate(state, 5000);
    const damaged = expectComplaint(await kadapter(quiet(world.training(out, ...options, "--resume"))));
    expect(damaged).toContain(state);
    expect(existsSync(join(out, "adapter_config.json"))).toBe(false);
  });
});

test("stopped by Ctrl-C while hidden states are computed keeps what is complete of them", async () => {
  const { train } = await writeDemoData(world.at("more"), { perRelation: { train: 100 } });
  const out = world.at("filling");
  const command = world.training(out, "--train", train);
  let asked = false;
  const run = await kadapterProcess(command, {
    onStderr: (soFar, child) => {
      if (asked || !soFar.includes("train: hidden states are cached")) return;
      asked = child.kill("SIGINT");
    },
  });
  expect(asked).toBe(true);
  expect(run.code).toBe(130);
  expect(run.stderr).toMatch(/\ninterrupted: the hidden states so far are kept: continue with the same command\n$/);
  expect(existsSync(out)).toBe(false);
});

test("gradient accumulation resumes to the same bits", async () => {
  const options = ["--gradient-accumulation", 2, "--batch-size", 6, "--save-every", 2, "--dropout", 0.2];
  const straight = world.at("accumulated");
  await finish(world.training(straight, ...options));
  const out = world.at("accumulated-killed");
  const command = world.training(out, ...options, "--resume");
  await stopAt(between(3, 12), "SIGKILL", command, out);
  await finish(command);
  expect(await allBits(out)).toEqual(await allBits(straight));
});

/** Without what a training says on its way: features are read anew, so that stderr holds the error alone. */
function quiet(args: readonly (string | number)[]): readonly (string | number)[] {
  return [...args, "--cache", "off"];
}
