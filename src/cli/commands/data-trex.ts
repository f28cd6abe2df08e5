import { writeTrexSet } from "../../knowledge/trex-set.js";
import { inOutputFolder } from "../../library/output-folder.js";
import { counted, tally } from "../../phrases.js";
import type { TrexSetSettings } from "../../settings/trex.js";
import type { CommandContext } from "../run.js";

/** What K-Adapter's paper (§3.3) tells of its set. */
const paper = { relations: 430, examples: 5_500_000 } as const;

/** `data trex`: the examples of T-REx's dump whose relations have enough entity pairs. */
export async function run(options: TrexSetSettings, { output, signal }: CommandContext): Promise<void> {
  const { out, resume, overwrite, data, minEntityPairs, mostBad, exclude = [], dev, test, seed } = options;
  const shares = { train: 1 - dev - test, dev, test };
  const plan = { data, minEntityPairs, mostBad, dropRelations: exclude, shares, seed };
  const set = await inOutputFolder({ out, overwrite, resume }, () => writeTrexSet(out, plan, resume, signal));
  const { examples, relations, skipped } = set;
  const all = examples.train + examples.dev + examples.test;
  const row = (name: string, here: number, there: number) =>
    output.say(`${name.padEnd(10)}  ${String(here).padStart(9)}  ${String(there).padStart(9)}`);
  output.say(`${"".padEnd(10)}  ${"here".padStart(9)}  ${"paper".padStart(9)}`);
  row("relations", relations.length, paper.relations);
  row("examples", all, paper.examples);
  output.say(
    `${counted(all, "example")} in ${out} (train ${examples.train}, dev ${examples.dev}, test ${examples.test})`,
  );
  if (Object.keys(skipped).length > 0) output.note(`left out ${tally(skipped)}`);
  output.result({ out, examples, relations, skipped, paper });
}
