import { filterSubjects, probedSubjects } from "../data/subject-filter.js";
import { hashJson } from "../weights/hash.js";
import type { DataFiles } from "./data-files.js";
import { sampleRelations } from "./sample-relations.js";

/** Makes samples of relation data; see {@link unprobedSamples}. */
export type DrawSample = (name: string, from: string, limit: number) => Promise<string>;

/**
 * How relation data are drawn in which no subject is named that LAMA's clean fifth is asked about.
 *
 * @param lama the folder of LAMA's data
 */
export async function unprobedSamples(
  files: DataFiles,
  lama: string,
): Promise<{ readonly clean: DrawSample; readonly seen: DrawSample }> {
  const subjects = await probedSubjects(lama);
  const asked = { subjects: hashJson(subjects.keys()) };
  const filtered = (name: string, from: string) =>
    files.made({ name, from: [from], how: asked }, (path) => filterSubjects(from, path, subjects));
  const seen: DrawSample = (name, from, limit) =>
    files.made({ name: `${name}.jsonl`, from: [from], how: { limit } }, (path) =>
      sampleRelations([from], path, { limit }),
    );
  // Sampled records are written in another form, so they are asked once more whom they name.
  const clean: DrawSample = async (name, from, limit) => {
    const all = await filtered(`${name}-all.json.gz`, from);
    return filtered(`${name}.jsonl`, await seen(`${name}-sample`, all, limit));
  };
  return { clean, seen };
}
