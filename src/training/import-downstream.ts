import { adapterScope } from "../adapters/adapter-set.js";
import type { KAdapterConfig } from "../adapters/config.js";
import type { DownstreamManifest } from "../adapters/downstream-folder.js";
import { hashOfParameters, unknownHashes } from "../adapters/folder.js";
import type { FusionConfig } from "../adapters/fusion.js";
import {
  adapterShapes,
  matrix,
  type OfficialImportOptions,
  officialArchitecture,
} from "../adapters/official/import-adapter.js";
import { setting, userError } from "../errors.js";
import { type BackboneHandle, backboneIdentity } from "../features/backbone-handle.js";
import { AdaptedModel } from "../models/adapted-model.js";
import { downstreamDesign } from "../models/design.js";
import type { TaskHead } from "../models/task-head.js";
import type { ParamScope } from "../nn/index.js";
import { ChoiceHead } from "../tasks/choice/choice-head.js";
import { multipleChoice } from "../tasks/choice/multiple-choice.js";
import { downstreamRelations } from "../tasks/relations/downstream-relations.js";
import { RelationHead } from "../tasks/relations/relation-head.js";
import { entityTyping } from "../tasks/typing/entity-typing.js";
import { TypingHead } from "../tasks/typing/typing-head.js";
import { openWeights } from "../weights/open.js";
import type { WeightSource } from "../weights/source.js";
import { type Parameters, readParameters, type Shapes, shapesOf, strictLoad } from "../weights/strict-load.js";

/** What the files do not say. */
export interface DownstreamImportOptions extends OfficialImportOptions {
  readonly backbone: BackboneHandle | null;
  /** The trained backbone's file; null: the backbone was frozen. */
  readonly backboneWeights: string | null;
}

/** A fine-tuned model of the released code, all of its tensors included. */
export interface OfficialDownstreamModel {
  readonly manifest: Pick<DownstreamManifest, "fusion" | "trains" | "adapters" | "backbone">;
  readonly task: {
    readonly name: string;
    /** Rows of the head; null for multiple choice. */
    readonly classes: number | null;
    readonly options: Readonly<Record<string, string | number | boolean>>;
  };
  readonly parameters: Parameters;
  /** Entries that are no tensors, adapters that take no part, and what no hidden state needs (the backbone's pooler). */
  readonly leftOut: readonly string[];
}

/** Classes of the OpenEntity script's head; FIGER's has others. */
const openEntityClasses = 9;
const adapterPattern = /^(\w+)_adapter\.adapter\.0\.down_project\.weight$/;

/** Whether a file of weights is a fine-tuned model of the released code, by its tensors' names. */
export function isOfficialDownstream(source: Pick<WeightSource, "keys" | "info">): boolean {
  const shape = (name: string) => source.info(`${name}.weight`)?.shape;
  if ([...source.keys()].some((key) => adapterPattern.test(key))) return true;
  // A model without adapters has a head alone; an adapter's own head has a com_dense.
  return shape("classifier")?.[0] === 1 || (!!shape("out_proj") && !!shape("dense") && !shape("com_dense"));
}

/**
 * Reads a fine-tuned model. Task, fusion, adapters and sizes are told by names and shapes; every tensor must have its
 * place.
 *
 * @throws UserError that lists all missing and unexpected tensors
 */
export async function readOfficialDownstream(
  path: string,
  options: DownstreamImportOptions,
): Promise<OfficialDownstreamModel> {
  const source = await openWeights(path);
  try {
    const form = formOf(source);
    const adapters = form.adapters.map((name) => ({
      name,
      config: officialArchitecture(source, options, `${adapterScope(name)}.`).architecture,
    }));
    const isIgnored = (key: string) => form.ignored.some((name) => key.startsWith(`${adapterScope(name)}.`));
    const own = await readAll(source, modelShapes(form, adapters), (key) => (isIgnored(key) ? null : key));
    const trained = await readBackbone(options);
    const parameters = new Map([...own.parameters, ...(trained?.parameters ?? [])]);
    const manifest = {
      fusion: form.fusion,
      trains: trained ? ("backbone" as const) : ("none" as const),
      adapters: await Promise.all(adapters.map((adapter) => recordOf(adapter, form.hiddenSize, own.parameters, path))),
      backbone: options.backbone
        ? backboneIdentity(options.backbone)
        : { name: null, modelType: null, hiddenSize: form.hiddenSize, layers: null, ...unknownHashes },
    };
    const { name, classes, options: taskOptions } = form.task;
    const task = { name, classes, options: taskOptions };
    return { manifest, task, parameters, leftOut: [...own.leftOut, ...(trained?.leftOut ?? [])] };
  } finally {
    await source.close();
  }
}

/** What the names and shapes say. */
interface Form {
  readonly hiddenSize: number;
  readonly adapters: readonly string[];
  /** Adapters that are in the file and take no part: `concat` leaves the entity-typing adapter out. */
  readonly ignored: readonly string[];
  readonly fusion: FusionConfig;
  readonly task: OfficialDownstreamModel["task"] & { makeHead(scope: ParamScope): TaskHead };
}

function formOf(source: WeightSource): Form {
  // Sorted, as the scripts join them: fac, lin.
  const all = [...source.keys()].flatMap((key) => adapterPattern.exec(key)?.[1] ?? []).sort();
  const joined = all.filter((name) => source.info(`task_dense_${name}.weight`));
  const concat = joined.length > 0;
  const adapters = concat ? joined : all;
  const task = taskOf(source);
  const choice = task.name === multipleChoice.name;
  return {
    hiddenSize: task.hiddenSize,
    adapters,
    ignored: all.filter((name) => !adapters.includes(name)),
    fusion: { kind: concat ? "concat" : "add", adapterDense: choice && adapters.length > 0 },
    task,
  };
}

function taskOf(source: WeightSource): Form["task"] & { readonly hiddenSize: number } {
  const own = (hiddenSize: number) => ({ hiddenSize, dropout: 0, init: "official" as const });
  if (source.info("classifier.weight")) {
    const [, hiddenSize] = matrix(source, "classifier.weight");
    const choices = 4;
    const makeHead = (scope: ParamScope) => new ChoiceHead(scope, choices, own(hiddenSize));
    return { name: multipleChoice.name, classes: null, options: { choices }, hiddenSize, makeHead };
  }
  const [hiddenSize, inputs] = matrix(source, "dense.weight");
  const [classes] = matrix(source, "out_proj.weight");
  if (inputs === 2 * hiddenSize) {
    const makeHead = (scope: ParamScope) =>
      new RelationHead(scope, { featureSize: hiddenSize, hiddenSize }, classes, own(hiddenSize));
    return { name: downstreamRelations.name, classes, options: { official: true }, hiddenSize, makeHead };
  }
  const official = classes === openEntityClasses ? "openentity" : "figer";
  const makeHead = (scope: ParamScope) => new TypingHead(scope, classes, own(hiddenSize));
  const options = { official, alwaysOne: official === "figer" };
  return { name: entityTyping.name, classes, options, hiddenSize, makeHead };
}

interface NamedArchitecture {
  readonly name: string;
  readonly config: KAdapterConfig;
}

/** The parameters that such a model has, the backbone's aside. */
function modelShapes({ hiddenSize, fusion, task }: Form, adapters: readonly NamedArchitecture[]) {
  const model = new AdaptedModel({
    ...downstreamDesign({ adapters, fusion, headInit: "official", trains: "none", frozenDropout: false }),
    ...{ hiddenSize, backboneLayers: 0 },
    makeHead: (scope) => task.makeHead(scope),
  });
  return shapesOf(model.parameters);
}

interface ReadParameters {
  readonly parameters: Parameters;
  readonly leftOut: readonly string[];
}

async function readAll(
  source: WeightSource,
  shapes: Shapes,
  canonicalKey: (key: string) => string | null,
): Promise<ReadParameters> {
  const loader = strictLoad(shapes, source, { canonicalKey, listAll: true });
  const parameters = await readParameters(loader, shapes);
  return { parameters, leftOut: [...loader.others, ...loader.ignored] };
}

/** The trained backbone; its names stand below `model.`. */
async function readBackbone(options: DownstreamImportOptions): Promise<ReadParameters | null> {
  const { backbone, backboneWeights: path } = options;
  if (path === null) return null;
  if (!backbone) {
    throw userError({
      where: path,
      what: "a trained backbone cannot be read without its kind and tokenizer",
      fix: `give it with ${setting("backbone")}`,
    });
  }
  const { definition, config } = backbone;
  const shapes = shapesOf(definition.build(config).parameters);
  const source = await openWeights(path);
  try {
    return await readAll(source, shapes, (key) => definition.canonicalKey(key.replace(/^model\./, ""), false));
  } finally {
    await source.close();
  }
}

async function recordOf(
  { name, config }: NamedArchitecture,
  hiddenSize: number,
  parameters: Parameters,
  folder: string,
): Promise<DownstreamManifest["adapters"][number]> {
  const keys = [...adapterShapes(config, hiddenSize).keys()];
  const own = new Map(keys.map((key) => [key, parameters.get(`${adapterScope(name)}.${key}`)!]));
  return { name, architecture: config, folder, hash: await hashOfParameters(own) };
}
