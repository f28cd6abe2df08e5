import { filterSubjects, probedSubjects } from "../../data/subject-filter.js";
import { counted } from "../../phrases.js";
import type { FilterSettings } from "../../settings/probe.js";
import { refuseExisting } from "../files.js";
import type { CommandContext } from "../run.js";

/** `probe filter`: training data without the subjects that are probed. */
export async function run(options: FilterSettings, { output }: CommandContext): Promise<void> {
  await refuseExisting(options.out, options.overwrite);
  const subjects = await probedSubjects(options.data);
  const { kept, dropped } = await filterSubjects(options.in, options.out, subjects);
  output.say(
    `${kept} kept in ${options.out}, ${dropped} left out that name one of ${counted(subjects.size, "subject")}`,
  );
  output.result({ out: options.out, kept, dropped, subjects: subjects.size });
}
