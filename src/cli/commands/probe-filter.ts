import { type LamaFact, readLamaSubjects } from "../../data/lama.js";
import { inProbedFifth, SubjectIndex } from "../../data/lama-filters.js";
import { filterSubjects } from "../../data/subject-filter.js";
import type { FilterSettings } from "../../settings/probe.js";
import { refuseExisting } from "../files.js";
import type { CommandContext } from "../run.js";

/** `probe filter`: training data without the subjects that are probed. */
export async function run(options: FilterSettings, { output }: CommandContext): Promise<void> {
  await refuseExisting(options.out, options.overwrite);
  const probed: LamaFact[] = [];
  for await (const fact of readLamaSubjects(options.data)) if (inProbedFifth(fact.subject)) probed.push(fact);
  const subjects = new SubjectIndex(probed);
  const { kept, dropped } = await filterSubjects(options.in, options.out, subjects);
  output.say(`${kept} kept in ${options.out}, ${dropped} left out that name one of ${subjects.size} subjects`);
  output.result({ out: options.out, kept, dropped, subjects: subjects.size });
}
