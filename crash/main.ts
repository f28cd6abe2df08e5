/**
 * `npm run crash`: runs that are killed and stopped, on disks that fail, with files that change behind their back. Each
 * ends with the bytes of a run that nothing disturbed, or in one line that says what to do.
 * @module
 */
import { parseArgs } from "node:util";
import { RandomStream } from "../src/random.js";
import { cachesBetween, cachesDuring, checkpoints, clocks } from "./damage.js";
import { disks } from "./disks.js";
import { type Job, jobs } from "./jobs.js";
import { kills, overwrites, signals } from "./kills.js";
import { pairs } from "./pairs.js";
import type { Scenario } from "./scenario.js";
import { Stage, type Trial } from "./stage.js";

const scenarios: readonly Scenario[] = [
  ...[kills, overwrites, signals, disks, checkpoints, cachesBetween, cachesDuring, pairs, clocks],
];

const usage = `npm run crash -- [options]
  --kills N         trials with kills; the other scenarios take their share of it (10)
  --scenario NAME   N trials of this one alone: ${scenarios.map(({ name }) => name).join(", ")}
  --job NAME        with this kind of run alone: ${jobs.map(({ name }) => name).join(", ")}
  --trial I         that trial alone, as its number is printed (give the same --job)
  --seed S          of all that is drawn (1)`;

interface Counts {
  trials: number;
  equal: number;
  refused: number;
  wrong: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "10" },
      scenario: { type: "string" },
      job: { type: "string" },
      trial: { type: "string" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(usage);
  const chosen = scenarios.filter(({ name }) => values.scenario === undefined || name === values.scenario);
  const some = jobs.filter(({ name }) => values.job === undefined || name === values.job);
  if (chosen.length === 0 || some.length === 0) throw new Error(`there is no such scenario or kind of run\n${usage}`);
  const [many, seed] = [Number(values.kills), Number(values.seed)];
  const counts = new Map<string, Counts>();
  const stage = await Stage.open();
  try {
    for (const scenario of chosen) {
      const count = Math.ceil(many * (values.scenario === undefined ? scenario.share : 1));
      const numbers = values.trial === undefined ? Array.from({ length: count }, (_, i) => i) : [Number(values.trial)];
      const fitting = some.filter((job) => scenario.fits(job));
      if (fitting.length > 0) counts.set(scenario.name, await tryAll(scenario, stage, fitting, numbers, seed));
    }
  } finally {
    await stage.close([...counts.values()].some(({ wrong }) => wrong > 0));
  }
  report(counts);
}

async function tryAll(
  scenario: Scenario,
  stage: Stage,
  some: readonly Job[],
  numbers: readonly number[],
  seed: number,
): Promise<Counts> {
  const counts: Counts = { trials: 0, equal: 0, refused: 0, wrong: 0 };
  for (const i of numbers) {
    const job = some[i % some.length] as Job;
    const trial = await scenario.trial(stage, job, new RandomStream("crash", seed, scenario.name, i));
    counts.trials++;
    counts[trial.wrong === null ? trial.ended : "wrong"]++;
    console.log(`${scenario.name} ${i}: ${told(trial)}`);
  }
  return counts;
}

const told = ({ what, ended, wrong }: Trial): string =>
  `${what}: ${wrong === null ? (ended === "equal" ? "the same bytes" : "refused, then the same bytes") : `WRONG: ${wrong}`}`;

function report(counts: ReadonlyMap<string, Counts>): void {
  const line = (name: string, ...cells: readonly (string | number)[]) =>
    console.log(name.padEnd(16) + cells.map((cell) => String(cell).padStart(10)).join(""));
  line("scenario", "trials", "equal", "refused", "wrong");
  for (const [name, { trials, equal, refused, wrong }] of counts) line(name, trials, equal, refused, wrong);
  if ([...counts.values()].some(({ wrong }) => wrong > 0)) process.exitCode = 1;
}

await main();
