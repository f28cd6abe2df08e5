/**
 * Two processes of one command, in one folder.
 * @module
 */
import { setTimeout as wait } from "node:timers/promises";
import { attempt } from "./attempt.js";
import type { Job } from "./jobs.js";
import { type Ending, misbehaviour } from "./process.js";
import { always, type Scenario } from "./scenario.js";

/** One does its work; the other one is told that it may not. */
export const pairs: Scenario = {
  name: "pairs",
  share: 0.25,
  fits: always,
  async trial(stage, job, random) {
    const { milliseconds } = await stage.straight(job);
    const apart = random.uniform() * random.uniform() * milliseconds;
    return attempt(
      stage,
      job,
      () => `${apart.toFixed(0)} ms apart`,
      async (one) => {
        const second = wait(apart).then(() => one.run({}, []));
        const endings = await Promise.all([one.run({}, []), second]);
        const wrong = endings.map(misbehaviour).find((found) => found !== null) ?? wrongPair(endings, job);
        return wrong ?? one.compare();
      },
    );
  },
};

function wrongPair(endings: readonly Ending[], { atOnce, manyRuns }: Job): string | null {
  const codes = endings.map(({ code }) => code).sort();
  // The second one may come when all is done, which is no mistake where that is not done again.
  if (codes[0] === 0 && (codes[1] === 2 || ((atOnce || manyRuns) && codes[1] === 0))) return null;
  return `they ended with ${codes.join(" and ")}: ${JSON.stringify(endings.map(({ stderr }) => stderr.slice(-200)))}`;
}
