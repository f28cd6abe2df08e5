/**
 * Files that change behind a run's back: checkpoints between two runs, caches between and during them.
 * @module
 */
import { readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RandomStream } from "../src/random.js";
import { type Attempt, attempt } from "./attempt.js";
import type { Job } from "./jobs.js";
import { filesBelow } from "./outcome.js";
import { lastLines } from "./process.js";
import { always, pick, type Scenario } from "./scenario.js";
import { allActs } from "./stage.js";

/** Ways in which a file is damaged in its place. */
const damages: Readonly<Record<string, (path: string, random: RandomStream) => Promise<void>>> = {
  cut: async (path, random) => truncate(path, random.below((await readFile(path)).length + 1)),
  zeroed: async (path) => writeFile(path, Buffer.alloc((await readFile(path)).length), { flag: "r+" }),
  "one bit flipped": async (path, random) => {
    const bytes = await readFile(path);
    if (bytes.length === 0) return;
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    await writeFile(path, bytes, { flag: "r+" });
  },
  deleted: (path) => rm(path, { force: true }),
};

/** Damages one of the files below a folder that a pattern names; tells which and how. */
async function damage(folder: string, pattern: RegExp, random: RandomStream): Promise<string> {
  const found = (await filesBelow(folder)).filter((name) => pattern.test(name));
  if (found.length === 0) return "nothing was there";
  const [name, how] = [pick(random, found), pick(random, Object.keys(damages))];
  // A run that is on may have put another file in its place.
  await damages[how]?.(join(folder, name), random).catch(() => undefined);
  return `${name} ${how}`;
}

/** Caches and checkpoints of one training. */
const isTraining = ({ stops, manyRuns }: Job): boolean => stops && !manyRuns;

/** A run is killed; then a file of its checkpoint is damaged. */
export const checkpoints: Scenario = {
  name: "checkpoints",
  share: 0.5,
  fits: isTraining,
  async trial(stage, job, random) {
    const { acts } = await stage.straight(job);
    let told = "";
    return attempt(
      stage,
      job,
      () => told,
      async (one) => {
        // Behind the middle there is a checkpoint, and a best one.
        const nth = Math.ceil(acts.length * (0.6 + 0.4 * random.uniform()));
        await one.run({ fault: { root: one.folder, acts: allActs, nth, what: "kill" } });
        told = await damage(one.folder, /checkpoints\/(step-\d+\/[^/]+|best\.safetensors)$/, random);
        return afterDamage(one);
      },
    );
  },
};

/** Goes on, and where it is refused, does what the line says. */
async function afterDamage(one: Attempt): Promise<string | null | "refused"> {
  const ending = await one.run();
  const wrong = await one.wrongWith(ending);
  if (wrong !== null) return wrong;
  if (ending.code === 0) return one.compare();
  const named = /; delete (?:the folder )?([^\s,]+)/.exec(ending.stderr)?.[1];
  if (named === undefined) return `the line does not say what to delete: ${JSON.stringify(lastLines(ending.stderr))}`;
  await rm(join(one.folder, named.replace(`${one.folder}/`, "")), { recursive: true });
  return (await one.finish()) ?? "refused";
}

const cacheFiles = /^caches\/kadapter\/features\/.*\.(bin|json|safetensors)$/;

/** Files of the cache are damaged between two runs. */
export const cachesBetween: Scenario = {
  name: "caches",
  share: 0.25,
  fits: isTraining,
  async trial(stage, job, random) {
    let told = "";
    return attempt(
      stage,
      job,
      () => told,
      async (one) => {
        const first = await one.run();
        if (first.code !== 0) return lastLines(first.stderr);
        told = await damage(one.folder, cacheFiles, random);
        await rm(one.out, { recursive: true });
        return one.finish();
      },
    );
  },
};

/** Files of the cache are damaged while a run reads them. */
export const cachesDuring: Scenario = {
  name: "caches-in-use",
  share: 0.25,
  fits: isTraining,
  async trial(stage, job, random) {
    let told = "it was over before";
    return attempt(
      stage,
      job,
      () => told,
      async (one) => {
        let harm: Promise<void> | null = null;
        const onStderr = (soFar: string) => {
          if (harm !== null || !/^step [23]\b/m.test(soFar)) return;
          harm = damage(one.folder, cacheFiles, random).then((done) => {
            told = done;
          });
        };
        const ending = await one.run({ onStderr });
        await harm;
        const wrong = await one.wrongWith(ending);
        if (wrong !== null || ending.code === 0) return wrong ?? one.compare();
        return (await afterDamage(one)) ?? "refused";
      },
    );
  },
};

const year = 365 * 24 * 3600 * 1000;

/** The clock jumps while a run is on, which is killed; what it left is of a time to come when it goes on. */
export const clocks: Scenario = {
  name: "clocks",
  share: 0.25,
  fits: always,
  async trial(stage, job, random) {
    const { acts } = await stage.straight(job);
    const clock = { by: pick(random, [-10 * year, 10 * year, -3_600_000]), every: 1 + random.below(20) };
    return attempt(
      stage,
      job,
      () => `by ${clock.by} ms every ${clock.every} looks`,
      async (one) => {
        const nth = 1 + random.below(acts.length);
        const fault = { root: one.folder, acts: allActs, nth, what: "kill", clock } as const;
        const wrong = await one.wrongWith(await one.run({ fault }), true);
        if (wrong !== null) return wrong;
        const later = new Date(Date.now() + year);
        for (const name of await filesBelow(one.folder)) await utimes(join(one.folder, name), later, later);
        const ending = await one.run({ fault: { ...fault, nth: 0 } });
        return ending.code === 0 ? one.compare() : lastLines(ending.stderr);
      },
    );
  },
};
