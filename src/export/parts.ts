/**
 * The finished models that go into one graph.
 * @module
 */
import { basename } from "node:path";
import type { AdapterManifest } from "../adapters/adapter-manifest.js";
import { checkAdapterNames, type DownstreamManifest } from "../adapters/downstream-folder.js";
import { findModel } from "../adapters/found-model.js";
import type { Tensors } from "../engine/executor.js";
import { userError } from "../errors.js";
import { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
import type { AdaptedModel } from "../models/adapted-model.js";
import { trainsBackbone } from "../models/design.js";
import { multipleChoice } from "../tasks/choice/multiple-choice.js";
import { openQa } from "../tasks/qa/open-qa.js";
import { recall } from "../tasks/recall/recall.js";
import { downstreamRelations } from "../tasks/relations/downstream-relations.js";
import { relationClassification } from "../tasks/relations/relation-classification.js";
import { relationContrast } from "../tasks/relations/relation-contrast.js";
import type { EncodedText, TaskKind } from "../tasks/task.js";
import { headPrediction } from "../tasks/trees/head-prediction.js";
import { entityTyping } from "../tasks/typing/entity-typing.js";
import { type LoadOptions, type ReadModel, readModel } from "../training/load-model.js";
import { isHubName, parseModelId } from "../weights/hub-cache.js";

/** What a model tells, as far as its inputs and outputs go. */
export type PartKind = "words" | "relations" | "pairs" | "types" | "trees" | "choices" | "spans";

/** A finished model under the name that its outputs have. */
export interface ExportPart {
  readonly name: string;
  readonly kind: PartKind;
  readonly manifest: AdapterManifest | DownstreamManifest;
  readonly model: AdaptedModel;
  readonly state: Tensors;
  readonly subjects: readonly string[] | null;
}

/** A backbone, and models that were all trained beside it. */
export interface ExportParts {
  readonly backbone: BackboneHandle;
  readonly parts: readonly ExportPart[];
  /** Lines for the user. */
  readonly notes: readonly string[];
}

/** A model's folder or Hugging Face id, and the name that it is to have; by default the folder's own. */
export interface NamedModel {
  readonly name?: string | undefined;
  readonly folder: string;
}

type AnyRead = Pick<
  ReadModel<never, EncodedText, unknown>,
  "model" | "manifest" | "backbone" | "subjects" | "state" | "notes"
>;
type Reader = (folder: string, options: LoadOptions) => Promise<AnyRead>;

const kinds: ReadonlyMap<string, readonly [PartKind, Reader]> = new Map([
  entry("words", recall),
  entry("relations", relationClassification),
  entry("relations", downstreamRelations),
  entry("pairs", relationContrast),
  entry("types", entityTyping),
  entry("trees", headPrediction),
  entry("choices", multipleChoice),
  entry("spans", openQa),
]);

function entry<Example, Encoded extends EncodedText, Score>(
  kind: PartKind,
  task: TaskKind<Example, Encoded, Score>,
): readonly [string, readonly [PartKind, Reader]] {
  return [task.name, [kind, (folder, options) => readModel(folder, task, options)]];
}

/**
 * Reads models that are to share one backbone, which is computed once.
 *
 * @param backbone a folder or a Hugging Face id; the one that the first model names by default
 * @throws UserError where a folder is no model's, or is damaged; where models were trained beside different backbones, or
 * one of several has changed its own; where two have the same name
 */
export async function readParts(named: readonly NamedModel[], backbone?: string): Promise<ExportParts> {
  let shared = backbone === undefined ? undefined : await openBackbone(backbone);
  const parts: ExportPart[] = [];
  const notes = new Set<string>();
  for (const { folder, name = nameOf(folder) } of named) {
    const read = await readPart(folder, shared);
    shared = read.backbone;
    parts.push({ ...read, name });
    for (const note of [...read.notes, ...notesOf(folder, read)]) notes.add(note);
  }
  if (shared === undefined)
    throw userError({ what: "nothing is given to export", expected: "adapters, or a backbone" });
  checkAdapterNames(parts.map(({ name }) => name));
  checkShared(parts, named);
  return { backbone: shared, parts, notes: [...notes] };
}

async function readPart(name: string, backbone: BackboneHandle | undefined) {
  const { folder, manifest } = await findModel(name);
  const known = kinds.get(manifest.task.name);
  if (!known) {
    throw userError({
      where: folder,
      what: `nothing is known of its task ${manifest.task.name}`,
      expected: [...kinds.keys()].join(", "),
    });
  }
  const [kind, read] = known;
  const options = backbone ? { backbone: backbone.name, open: async () => backbone } : {};
  return { kind, ...(await read(folder, options)) };
}

/** Names stand before a dot in those of outputs, and in a server's paths. */
const nameOf = (given: string): string => {
  const folder = isHubName(given) ? (parseModelId(given)?.id ?? given) : given;
  return basename(folder.replace(/[/\\]+$/, "")).replace(/[^\w-]+/g, "_") || "model";
};

/** What of a model the graph does not do as its training did. */
function notesOf(folder: string, { manifest, model }: AnyRead): readonly string[] {
  const { task, backbonePrecision } = manifest;
  return [
    ...(task.fixedWidth
      ? [
          `${folder}: it was trained with every text padded to ${task.maxLength} tokens, and says something else of shorter ones: pad to that length`,
        ]
      : model.adapters.readsPadding
        ? [`${folder}: its adapter reads padding, so what it says of a text depends on how far that is padded`]
        : []),
    ...(backbonePrecision === "int8"
      ? [`${folder}: it was trained beside an int8 backbone; the graph computes that as it is asked to`]
      : []),
  ];
}

function checkShared(parts: readonly ExportPart[], named: readonly NamedModel[]): void {
  const own = parts.findIndex(({ model }) => trainsBackbone(model.options.trains));
  if (own < 0 || parts.length === 1) return;
  throw userError({
    where: named[own]?.folder ?? "",
    what: "the model has changed its backbone, which it cannot share with others",
    fix: "export it alone",
  });
}
