/**
 * Disks that fail: full, read-only, with errors; files that may not grow.
 * @module
 */
import type { RandomStream } from "../src/random.js";
import { attempt } from "./attempt.js";
import type { Fault, FileAct } from "./fault.js";
import type { Launch } from "./process.js";
import { always, pick, type Scenario } from "./scenario.js";
import type { Straight } from "./stage.js";

interface Failure {
  readonly name: string;
  readonly what: string;
  readonly acts: readonly FileAct[];
  readonly stays: boolean;
}

const failures: readonly Failure[] = [
  { name: "a full disk", what: "ENOSPC", acts: ["write"], stays: true },
  { name: "a read-only disk", what: "EROFS", acts: ["write", "change"], stays: true },
  { name: "an error in writing", what: "EIO", acts: ["write", "change"], stays: false },
  { name: "an error in reading", what: "EIO", acts: ["read"], stays: false },
  { name: "no rights", what: "EACCES", acts: ["change"], stays: true },
];

/** One of the failures, from one of the acts on. */
function failing(
  folder: string,
  { acts }: Straight,
  random: RandomStream,
): { name: string; launch: Omit<Launch, "folder"> } {
  const { name, ...failure } = pick(random, failures);
  const many = acts.filter((act) => failure.acts.includes(act.split(" ")[0] as FileAct)).length;
  const nth = 1 + random.below(Math.max(1, many));
  const fault: Fault = { root: folder, nth, ...failure };
  return { name: `${name} (${nth} of ${many})`, launch: { fault } };
}

/** The system's own limit of a file's size, in KiB. */
function limited(random: RandomStream): { name: string; launch: Omit<Launch, "folder"> } {
  const most = 1 << random.below(8);
  return { name: `files of ${most} KiB at most`, launch: { before: `ulimit -f ${most}` } };
}

/** The disk fails once; then it is in order again. */
export const disks: Scenario = {
  name: "disks",
  share: 1,
  fits: always,
  async trial(stage, job, random) {
    const straight = await stage.straight(job);
    let told = "";
    return attempt(
      stage,
      job,
      () => told,
      async (one) => {
        const { name, launch } = random.uniform() < 0.15 ? limited(random) : failing(one.folder, straight, random);
        told = name;
        const ending = await one.run(launch);
        const wrong = await one.wrongWith(ending);
        if (wrong !== null) return wrong;
        return (await (ending.code === 0 && !job.manyRuns ? one.compare() : one.finish())) ?? refusedOf(ending.code);
      },
    );
  },
};

const refusedOf = (code: number | null) => (code === 0 ? null : ("refused" as const));
