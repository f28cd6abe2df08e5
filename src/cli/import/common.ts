import { checkAdapterConfig } from "../../adapters/config.js";
import type { OfficialAdapter, OfficialImportOptions } from "../../adapters/official/import-adapter.js";
import { longestText, usualLengths } from "../../backbones/text-length.js";
import { userError } from "../../errors.js";
import type { BackboneHandle } from "../../features/backbone-handle.js";
import { fileBytes } from "../../files/bounds.js";
import { readJson } from "../../files/json.js";
import { counted } from "../../phrases.js";
import type { ImportSettings } from "../../settings/tools.js";

/** What the files cannot tell of adapters. */
export const shapeOf = ({ layers, adapterHeads: heads, skip, maskPadding }: ImportSettings): OfficialImportOptions => {
  return { layers, heads, skip, maskPadding };
};

/** @throws UserError where an adapter cannot have been trained beside the backbone */
export function checkSizes(
  { architecture, hiddenSize }: Pick<OfficialAdapter, "architecture" | "hiddenSize">,
  backbone: BackboneHandle | null,
  file: string,
) {
  if (backbone && backbone.config.hiddenSize !== hiddenSize) {
    throw userError({
      where: file,
      what: `the adapter reads hidden states of size ${hiddenSize}, the backbone ${backbone.name} has ${backbone.config.hiddenSize}`,
      expected: "the backbone that it was trained beside",
    });
  }
  checkAdapterConfig(architecture, { hiddenSize, layers: backbone?.config.layers ?? Number.POSITIVE_INFINITY });
}

/** The released scripts' lengths. */
const scriptLengths: Readonly<Record<string, number>> = {
  "relation-classification": 64,
  "head-prediction": 128,
  relations: 184,
};

/** The longest text: as given, or as in the released scripts as far as the backbone can read it. */
export function maxLengthOf(task: string, backbone: BackboneHandle | null, given: number | undefined): number {
  const usual = scriptLengths[task] ?? usualLengths.text;
  return backbone ? longestText(given, usual, backbone) : (given ?? usual);
}

/** The classes in the order of the head's rows. Without a file their indices: the released data has such labels. */
export async function labelsOf({ labels: path }: ImportSettings, classes: number): Promise<string[]> {
  if (path === undefined) return Array.from({ length: classes }, (_, i) => String(i));
  const labels = orderedLabels(
    await readJson(path, { what: "the file of labels", expected: labelsForm, mostBytes: fileBytes.names }),
    path,
  );
  if (labels.length === classes) return labels;
  throw userError({
    where: path,
    what: `${counted(labels.length, "label")} for a head of ${counted(classes, "relation")}`,
  });
}

const labelsForm = 'a list ["P19", …] or a map {"P19": 0, …}';

function orderedLabels(json: unknown, where: string): string[] {
  const bad = () => userError({ where, what: "no labels", expected: labelsForm });
  if (typeof json !== "object" || json === null) throw bad();
  const pairs: (readonly [string, unknown])[] = Array.isArray(json)
    ? json.map((name, i) => [typeof name === "string" ? name : "", i] as const)
    : Object.entries(json);
  const names = new Array<string>(pairs.length);
  for (const [name, index] of pairs) {
    if (name === "" || typeof index !== "number" || !(index in pairs) || index in names) throw bad();
    names[index] = name;
  }
  if (new Set(names).size !== names.length) throw userError({ where, what: "a label stands there twice" });
  return names;
}
