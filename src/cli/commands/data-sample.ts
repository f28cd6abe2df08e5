import { sampleRelations } from "../../experiments/sample-relations.js";
import { counted } from "../../phrases.js";
import type { SampleSettings } from "../../settings/sample.js";
import { refuseExisting } from "../files.js";
import type { CommandContext } from "../run.js";

/** `data sample`: a sample of relation data, of one part of their subjects if that is asked for. */
export async function run(options: SampleSettings, { output }: CommandContext): Promise<void> {
  const { data, out, overwrite, limit, seed, part, shares, ids, without = [] } = options;
  await refuseExisting(out, overwrite);
  const { chosen, of, left, skipped } = await sampleRelations(data, out, { limit, seed, part, shares, ids, without });
  const other =
    without.length === 0
      ? ""
      : `; left out ${left.relations} of relations and ${counted(left.sentences, "sentence")} that stand in ${without.join(" ")}`;
  output.say(`${chosen} of ${counted(of, "example")} in ${out}${other}`);
  for (const [reason, count] of Object.entries(skipped)) output.note(`${count} gave no example: ${reason}`);
  output.result({ out, chosen, of, left, skipped });
}
