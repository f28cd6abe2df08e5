/**
 * What trials have in common: a kind of run in a folder of its own, disturbed in some way, then brought to its end.
 * @module
 */
import { cp, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Job } from "./jobs.js";
import { difference, falseWhole, leftover, type Outcome, outcomeOf } from "./outcome.js";
import { type Ending, kadapter, type Launch, lastLines, misbehaviour } from "./process.js";
import type { Stage, Trial } from "./stage.js";

/** A kind of run in a folder. */
export class Attempt {
  private runs = 0;
  /** A result that was there before. */
  private older: Outcome | null = null;

  constructor(
    readonly stage: Stage,
    readonly job: Job,
    readonly folder: string,
  ) {}

  get out(): string {
    return join(this.folder, "out");
  }

  /** Runs the command: as it is at first, then so that it goes on. */
  async run(launch: Omit<Launch, "folder"> = {}, more: readonly string[] = this.runs > 0 ? this.job.resume : []) {
    this.runs++;
    return kadapter([...this.job.args, ...more], { folder: this.folder, ...launch });
  }

  /** Puts another run's result there, which this one is to replace. */
  async putOlder(): Promise<void> {
    const older = await this.stage.older(this.job);
    await cp(older, this.out, { recursive: true });
    this.older = await outcomeOf(older);
  }

  /**
   * What is wrong with a disturbed run's ending, and with what it left.
   *
   * @param killed whether a signal may have ended it
   */
  async wrongWith(ending: Ending, killed = false): Promise<string | null> {
    const byItself = killed && ending.signal !== null ? null : misbehaviour(this.asOne(ending));
    const { outcome } = await this.stage.straight(this.job);
    return (
      byItself ??
      (await this.outlived()) ??
      (await falseWhole(this.out, this.job.marks, [outcome, ...(this.older ? [this.older] : [])]))
    );
  }

  /** A sweep goes on without the runs that fail, and ends with 1: each of them ended as a command does. */
  private asOne(ending: Ending): Ending {
    return this.job.manyRuns && ending.code === 1 ? { ...ending, code: 0 } : ending;
  }

  /** Whether a process is left that was begun here. */
  private async outlived(): Promise<string | null> {
    for (let tries = 0; tries < 200; tries++) {
      if (!(await this.processes())) return null;
      await wait(50);
    }
    return "a process goes on though the one that began it is gone";
  }

  private async processes(): Promise<boolean> {
    const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
    const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
    return folders.includes(this.folder);
  }

  /** Brings the run to its end; what is wrong with that, or with the result. */
  async finish(): Promise<string | null> {
    const ending = await this.run();
    if (ending.code !== 0)
      return `it did not go on: exit code ${ending.code}, ${JSON.stringify(lastLines(ending.stderr))}`;
    return misbehaviour(ending) ?? (await this.compare());
  }

  /** How the result differs from the undisturbed one, or what is left beside it. */
  async compare(): Promise<string | null> {
    const { outcome } = await this.stage.straight(this.job);
    return difference(await outcomeOf(this.out), outcome) ?? (await leftover(this.folder));
  }
}

/**
 * Tries one kind of run in a folder of its own. `tried` gives how it ended, and what was wrong.
 *
 * @param what how it is disturbed; asked for at the end, as some learn it on the way
 */
export function attempt(
  stage: Stage,
  job: Job,
  what: () => string,
  tried: (attempt: Attempt) => Promise<string | null | "refused">,
): Promise<Trial> {
  return stage.attempt(async (folder) => {
    const wrong = await tried(new Attempt(stage, job, folder)).catch((error: unknown) => String(error));
    const refused = wrong === "refused";
    return { what: `${job.name}, ${what()}`, ended: refused ? "refused" : "equal", wrong: refused ? null : wrong };
  });
}
