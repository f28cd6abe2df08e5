/**
 * Two processes of one command, in one folder.
 * @module
 */
import { setTimeout as wait } from "node:timers/promises";
import { attempt } from "./attempt.js";
import { type Job, jobs } from "./jobs.js";
import { type Ending, misbehaviour } from "./process.js";
import type { Scenario } from "./scenario.js";

/** One does its work; the other one is told that it may not. */
export const pairs: Scenario = {
  name: "pairs",
  share: 0.25,
  async trial(stage, i, random) {
    const job = jobs[i % jobs.length] as Job;
    const { milliseconds } = await stage.straight(job);
    const apart = random.uniform() * random.uniform() * milliseconds;
    return attempt(stage, job, `${apart.toFixed(0)} ms apart`, async (one) => {
      const second = wait(apart).then(() => one.run({}, []));
      const endings = await Promise.all([one.run({}, []), second]);
      const wrong = endings.map(misbehaviour).find((found) => found !== null) ?? wrongPair(endings, job);
      return wrong ?? one.compare();
    });
  },
};

function wrongPair(endings: readonly Ending[], { atOnce }: Job): string | null {
  const codes = endings.map(({ code }) => code).sort();
  if (codes[0] === 0 && (codes[1] === 2 || atOnce)) return null;
  return `they ended with ${codes.join(" and ")}: ${JSON.stringify(endings.map(({ stderr }) => stderr.slice(-200)))}`;
}
