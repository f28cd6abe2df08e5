/**
 * Models for other programs.
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setting, userError } from "../errors.js";
import { type DescribedAnswer, onnxFiles } from "../export/description.js";
import { type NamedModel, readParts } from "../export/parts.js";
import { writeExport } from "../export/write-export.js";
import { lockFile } from "../files/leftovers.js";
import { counted } from "../phrases.js";
import { type ExportSettings, exportSettings } from "../settings/export.js";
import { resolveSettings } from "../settings/setting.js";
import { withOutputFolder } from "./output-folder.js";

/** How models are exported; see `kadapter export onnx --help`. */
export interface ExportOptions extends Partial<Omit<ExportSettings, "adapters" | "out">> {}

/** What was exported. */
export interface ExportResult {
  /** The folder that was written. */
  readonly out: string;
  /** The graphs' files. */
  readonly files: readonly string[];
  /** The graph's answers, the main one first. */
  readonly answers: readonly DescribedAnswer[];
  /** What should be known of them. */
  readonly notes: readonly string[];
}

/**
 * Writes adapters and fine-tuned models, with the backbone that they share, as one ONNX graph with all that a client needs
 * beside it.
 *
 * @param models folders or Hugging Face ids, as `NAME=DIR` or `DIR`; the first is the main one. None exports the backbone
 * alone, which must then be given
 * @param out the folder that is written
 * @throws UserError where models do not share a backbone, or cannot be told in a graph; where the folder is not empty and
 * `overwrite` is not set
 * @example
 * await exportOnnx(["runs/country"], "runs/country-onnx");
 */
export async function exportOnnx(
  models: readonly string[],
  out: string,
  options: ExportOptions = {},
): Promise<ExportResult> {
  const settings = resolveSettings(exportSettings, { ...options, adapters: models, out });
  const { adapters, backbone, overwrite } = settings;
  const all = await readParts(adapters.map(namedModel), backbone);
  return withOutputFolder(out, async () => {
    await makeRoom(out, overwrite);
    return { out, ...(await writeExport(all, settings)), notes: all.notes };
  });
}

/** A path may hold `=`, a name may not hold a slash. */
function namedModel(given: string): NamedModel {
  const [, name, folder] = /^([\w-]+)=(.+)$/.exec(given) ?? [];
  return folder === undefined ? { folder: given } : { name, folder };
}

/** Refuses to mix an export with other files; graphs of an earlier one are removed, as not all may be written again. */
async function makeRoom(out: string, overwrite: boolean): Promise<void> {
  const names = (await readdir(out)).filter((name) => name !== lockFile).sort();
  const [first] = names;
  if (first !== undefined && !overwrite) {
    const others = names.length > 1 ? ` and ${counted(names.length - 1, "other")}` : "";
    throw userError({
      where: out,
      what: `the folder is not empty: it holds ${JSON.stringify(first)}${others}`,
      fix: `choose another ${setting("out")}, or replace what is there with ${setting("overwrite", true)}`,
    });
  }
  for (const { file } of Object.values(onnxFiles)) {
    for (const folder of [out, join(out, "hf")]) {
      for (const name of [file, `${file}_data`]) await rm(join(folder, "onnx", name), { force: true });
    }
  }
}
