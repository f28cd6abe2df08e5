/**
 * Where trials take place: a folder for each, beside the material, and the undisturbed runs that they are compared with.
 * @module
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileAct } from "./fault.js";
import { type Job, writeMaterial } from "./jobs.js";
import { type Outcome, outcomeOf } from "./outcome.js";
import { kadapter, lastLines } from "./process.js";

/** One thing that was tried. */
export interface Trial {
  readonly what: string;
  /** How it ended: with the undisturbed run's bytes, or refused in one line. */
  readonly ended: "equal" | "refused";
  /** What was not as promised; null where all was. */
  readonly wrong: string | null;
}

/** A run that nothing disturbed. */
export interface Straight {
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** What it did with files, in order: `write appendFile out/metrics.jsonl`. */
  readonly acts: readonly string[];
}

export const allActs: readonly FileAct[] = ["write", "read", "change"];

/** A temporary folder with the material. */
export class Stage {
  private readonly straights = new Map<string, Promise<Straight>>();
  private readonly olders = new Map<string, Promise<string>>();
  private attempts = 0;

  private constructor(private readonly root: string) {}

  static async open(): Promise<Stage> {
    const root = await mkdtemp(join(tmpdir(), "kadapter-crash-"));
    await writeMaterial(root);
    return new Stage(root);
  }

  /** A new folder for a trial; it is removed afterwards, unless something was wrong there. */
  async attempt(tried: (folder: string) => Promise<Trial>): Promise<Trial> {
    const folder = join(this.root, `attempt-${++this.attempts}`);
    await mkdir(folder);
    const trial = await tried(folder);
    if (trial.wrong === null) await rm(folder, { recursive: true });
    return trial.wrong === null ? trial : { ...trial, wrong: `${trial.wrong} (see ${folder})` };
  }

  /** What a kind of run does when nothing disturbs it. */
  straight(job: Job): Promise<Straight> {
    const known = this.straights.get(job.name) ?? this.runStraight(job);
    this.straights.set(job.name, known);
    return known;
  }

  private async runStraight(job: Job): Promise<Straight> {
    const folder = join(this.root, `straight-${this.straights.size}`);
    await mkdir(folder);
    const log = join(folder, "acts.log");
    const fault = { root: folder, acts: allActs, nth: 0, what: "kill", log };
    const run = await kadapter(job.args, { folder, fault });
    if (run.code !== 0) throw new Error(`${job.name} fails undisturbed: ${lastLines(run.stderr)}`);
    const acts = (await readFile(log, "utf8")).trim().split("\n");
    return { outcome: await outcomeOf(join(folder, "out")), milliseconds: run.milliseconds, acts };
  }

  /** The folder of another run's result. */
  older(job: Job): Promise<string> {
    const known = this.olders.get(job.name) ?? this.runOther(job);
    this.olders.set(job.name, known);
    return known;
  }

  private async runOther(job: Job): Promise<string> {
    const folder = join(this.root, `other-${this.olders.size}`);
    await mkdir(folder);
    const run = await kadapter([...job.args, ...job.other], { folder });
    if (run.code !== 0) throw new Error(`${job.name} ${job.other.join(" ")} fails: ${lastLines(run.stderr)}`);
    return join(folder, "out");
  }

  /** @param keep whether something is to be looked at there */
  async close(keep: boolean): Promise<void> {
    if (!keep) await rm(this.root, { recursive: true, force: true });
  }
}
