import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setting, userError } from "../../errors.js";
import { lockFile } from "../../files/leftovers.js";
import { type Imported, type ImportProgress, importKnowledge } from "../../knowledge/import.js";
import { manifestFile } from "../../knowledge/manifest.js";
import { withOutputFolder } from "../../library/output-folder.js";
import { counted } from "../../phrases.js";
import type { FactsImportSettings } from "../../settings/facts.js";
import { refuseExisting } from "../files.js";
import type { Output } from "../output.js";
import { type CommandContext, Interrupted, isAbort } from "../run.js";

/** `facts import FILE…`: facts of any form become a folder of entities and triples. */
export async function run(options: FactsImportSettings, { output, signal }: CommandContext): Promise<void> {
  const { out, overwrite, ...what } = options;
  await refuseExisting(join(out, manifestFile), overwrite);
  const imported = await withOutputFolder(out, async () => {
    if (!overwrite) await refuseOthers(out);
    return importKnowledge({ ...what, out, signal, onProgress: progressNotes(output) });
  }).catch((error: unknown) => {
    if (!isAbort(error)) throw error;
    throw new Interrupted("nothing was written: give the same command again");
  });
  report(out, imported, output);
}

/** Refuses to write among somebody's own files. */
async function refuseOthers(out: string): Promise<void> {
  const [first] = (await readdir(out)).filter((name) => name !== lockFile).sort();
  if (first === undefined) return;
  throw userError({
    where: out,
    what: `the folder is not empty: it holds ${JSON.stringify(first)}`,
    fix: `choose another ${setting("out")}`,
  });
}

/** Seconds between notes. */
const interval = 10;

/** Says every few seconds how far an import has come. */
function progressNotes(output: Output): (progress: ImportProgress) => void {
  let last = performance.now();
  return (progress) => {
    const now = performance.now();
    if (now - last < interval * 1000) return;
    last = now;
    output.note(
      progress.doing === "reading"
        ? `${progress.file}: ${counted(progress.records, "record")} read`
        : `${counted(progress.lines, "line")} of names and triples written`,
    );
  };
}

function report(out: string, { manifest, places }: Imported, output: Output): void {
  const { counts, sources, skipped, faults } = manifest;
  output.say(
    `${counted(counts.entities, "entity", "entities")} with ${counted(counts.names, "name")}, ${counted(counts.triples, "triple")} of ${counted(counts.relations, "relation")} in ${out}`,
  );
  for (const { file, format, records } of sources) output.note(`${file}: ${format}, ${counted(records, "record")}`);
  for (const [reason, count] of Object.entries({ ...faults, ...skipped })) {
    const at = places[reason] ? `, at ${places[reason].join(", ")}${count > places[reason].length ? " …" : ""}` : "";
    output.note(`left out ${count}: ${reason}${at}`);
  }
  output.result({ out, ...counts, sources, skipped, faults });
}
