/**
 * Kills and other signals: at a random time, or at a chosen act.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import type { RandomStream } from "../src/random.js";
import { type Attempt, attempt } from "./attempt.js";
import type { Fault } from "./fault.js";
import { type Ending, type Launch, lastLines } from "./process.js";
import { always, pick, type Scenario } from "./scenario.js";
import { allActs, type Straight } from "./stage.js";

/** A moment at which a process is killed. */
interface Moment {
  readonly name: string;
  readonly launch: Omit<Launch, "folder">;
}

/** Parts of paths by which moments are known. */
const places = {
  start: "/out",
  cache: "/features/",
  checkpoint: "/checkpoints/step-",
  best: "/best.safetensors",
  end: "",
} as const;

/** The path of an act, from the trial's folder on. */
const pathOf = (act: string): string => `/${act.split(" ")[2]}`;

/** A process that kills itself at one of its acts. */
function atAct(folder: string, { acts }: Straight, random: RandomStream): Moment {
  const [chosen, part] = pick(random, Object.entries(places));
  const some = acts.some((act) => pathOf(act).includes(part));
  const [name, file] = some ? [chosen, part] : ["any act", ""];
  const many = acts.filter((act) => pathOf(act).includes(file)).length;
  const near = random.below(Math.min(many, 8));
  const nth = name === "start" ? 1 + near : name === "end" ? many - near : 1 + random.below(many);
  const fault: Fault = { root: folder, acts: allActs, file, nth, what: "kill" };
  return { name: `${name} (${nth} of ${many})`, launch: { fault } };
}

/** A signal after some time. */
function afterTime(signals: readonly NodeJS.Signals[], { milliseconds }: Straight, random: RandomStream): Moment {
  const after = random.uniform() * milliseconds;
  const onStart = (child: ChildProcess) => {
    signals.forEach((signal, i) => {
      setTimeout(() => child.kill(signal), after + 30 * i);
    });
  };
  return { name: `${signals.join(" and ")} after ${after.toFixed(0)} ms`, launch: { onStart } };
}

/** SIGKILL once or twice, then to the end. */
export const kills: Scenario = {
  name: "kills",
  share: 1,
  fits: always,
  async trial(stage, job, random) {
    const straight = await stage.straight(job);
    const told: string[] = [];
    return attempt(
      stage,
      job,
      () => `killed at ${told.join(", then at ")}`,
      async (one) => {
        for (let kill = 0; kill <= random.below(2); kill++) {
          const byTime = random.uniform() < 0.4;
          const { name, launch } = byTime
            ? afterTime(["SIGKILL"], straight, random)
            : atAct(one.folder, straight, random);
          told.push(name);
          const wrong = await one.wrongWith(await one.run(launch), true);
          if (wrong !== null) return wrong;
        }
        return one.finish();
      },
    );
  },
};

/** Goes on, or begins to replace once more where it had not begun when it was killed. */
async function replaceAgain(one: Attempt): Promise<string | null> {
  const ending = await one.run();
  const wrong = await one.wrongWith(ending);
  if (wrong !== null || ending.code === 0) return wrong ?? one.compare();
  if (!/had other settings|with other options/.test(ending.stderr)) return lastLines(ending.stderr);
  const again = await one.run({}, ["--overwrite"]);
  return again.code === 0 ? one.compare() : lastLines(again.stderr);
}

/** SIGKILL while another run's result is replaced; what is there then is the old one, the new one, or none. */
export const overwrites: Scenario = {
  name: "overwrites",
  share: 0.4,
  fits: ({ other }) => other.length > 0,
  async trial(stage, job, random) {
    const straight = await stage.straight(job);
    let told = "";
    return attempt(
      stage,
      job,
      () => `an older result replaced, killed at ${told}`,
      async (one) => {
        await one.putOlder();
        const { name, launch } = atAct(one.folder, straight, random);
        told = name;
        return (await one.wrongWith(await one.run(launch, ["--overwrite"]), true)) ?? replaceAgain(one);
      },
    );
  },
};

/** SIGINT, SIGTERM, or SIGINT twice; then what the last line says. */
export const signals: Scenario = {
  name: "signals",
  share: 0.5,
  fits: always,
  async trial(stage, job, random) {
    const straight = await stage.straight(job);
    const sent = pick<readonly NodeJS.Signals[]>(random, [["SIGINT"], ["SIGTERM"], ["SIGINT", "SIGINT"]]);
    const { name, launch } = afterTime(sent, straight, random);
    return attempt(
      stage,
      job,
      () => name,
      async (one) => {
        const ending = await one.run(launch);
        // Before it listens for them, and at the second one, a signal ends a process at once.
        const wrong = await one.wrongWith(ending, ending.signal === sent[0]);
        return wrong ?? goOn(one, ending);
      },
    );
  },
};

/** Goes on as the last line says, to the word. */
async function goOn(one: Attempt, { code, stderr }: Ending): Promise<string | null> {
  if (code === 0) return one.compare();
  if (code !== 130) return one.finish();
  const hint = stderr.trimEnd().split("\n").at(-1) ?? "";
  const ending = await one.run({}, hint.includes("--resume") ? ["--resume"] : []);
  if (ending.code === 0) return one.compare();
  return `after ${JSON.stringify(hint)}: exit code ${ending.code}, ${JSON.stringify(ending.stderr.slice(-300))}`;
}
