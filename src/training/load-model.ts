import type { AdapterManifest } from "../adapters/adapter-manifest.js";
import { type DownstreamManifest, downstreamFiles, readDownstreamParameters } from "../adapters/downstream-folder.js";
import {
  adapterFiles,
  folderNotes,
  hashOfParameters,
  readAdapterParameters,
  readSubjects,
  requireRecordedTensors,
  requireSameBackbone,
} from "../adapters/folder.js";
import { type FoundModel, findModel } from "../adapters/found-model.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { openedInScope } from "../engine/scopes.js";
import { UserError, userError } from "../errors.js";
import { type BackboneHandle, backboneIdentity, openBackbone } from "../features/backbone-handle.js";
import { namedBackbone } from "../features/named-backbone.js";
import { join } from "../host/paths.js";
import type { AdaptedModel } from "../models/adapted-model.js";
import { designOf } from "../models/design.js";
import type { EncodedText, TaskKind, TaskSettings } from "../tasks/task.js";
import { tensorsOf } from "../weights/parameters.js";
import { type Parameters, type Shapes, shapesOf } from "../weights/strict-load.js";
import { PredictionSession } from "./session.js";
import { frozenTensors, makeTaskModel, streamed, type TaskModel } from "./task-model.js";

/** A trained model, whatever it was trained for, ready to predict. */
export interface LoadedModel<Example, Encoded extends EncodedText, Score>
  extends TaskModel<Example, Encoded, Score>,
    AsyncDisposable {
  readonly manifest: AdapterManifest | DownstreamManifest;
  readonly backbone: BackboneHandle;
  readonly session: PredictionSession<Encoded>;
  /** Lines for the user about what could not be checked or had to be guessed. */
  readonly notes: readonly string[];
  /** Lets go of its graphs, its weights and its backbone's. */
  close(): Promise<void>;
}

/** A trained model as its folder tells of it; nothing is loaded to be run yet. */
export interface ReadModel<Example, Encoded extends EncodedText, Score> extends TaskModel<Example, Encoded, Score> {
  readonly folder: string;
  readonly manifest: AdapterManifest | DownstreamManifest;
  readonly backbone: BackboneHandle;
  /** Names that open an adapter's gate. */
  readonly subjects: readonly string[] | null;
  /** All parameters that its graph reads, by name. */
  readonly state: Tensors;
  /** See {@link LoadedModel.notes}. */
  readonly notes: readonly string[];
}

export interface LoadOptions {
  /** Folder or Hugging Face id; the one named in the adapter by default. */
  readonly backbone?: string | undefined;
  /** Settings of the task that win over the adapter's own, as far as they leave its parameters as they are. */
  readonly taskOptions?: TaskSettings["options"];
  /** How the backbone is opened, where it may be open already. */
  readonly open?: typeof openBackbone;
}

/**
 * Loads the folder of an adapter with its head, or of a fine-tuned model, beside its backbone, which must be the one it
 * was trained beside.
 *
 * @param named the folder, or a Hugging Face id
 * @param kind the task that it was trained for
 * @throws UserError where the folder holds something else, is damaged, or belongs to another backbone
 */
export async function loadModel<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  named: string,
  kind: TaskKind<Example, Encoded, Score>,
  options: LoadOptions = {},
): Promise<LoadedModel<Example, Encoded, Score>> {
  const { task, model, manifest, backbone, state, notes } = await readModel(named, kind, options);
  const made = { task, model };
  const { hiddenStates: dtype, backbonePrecision: precision } = manifest;
  const { maxLength, fixedWidth = false } = manifest.task;
  const { padTokenId } = backbone.config;
  return openedInScope(executor, async (scope) => {
    await scope.setState(state);
    const features = await streamed(scope, backbone, made, { dtype, precision });
    const asked = { executor: scope, features, padTokenId, ...made, maxLength, fixedWidth };
    const session = await PredictionSession.open<Encoded>(asked);
    const close = () => scope.close();
    return { ...made, manifest, backbone, session, notes, close, [Symbol.asyncDispose]: close };
  });
}

/**
 * {@link loadModel} as far as it reads and checks the folder.
 *
 * @throws UserError as that does
 */
export async function readModel<Example, Encoded extends EncodedText, Score>(
  named: string,
  kind: TaskKind<Example, Encoded, Score>,
  { backbone: backboneName, taskOptions = {}, open = openBackbone }: LoadOptions = {},
): Promise<ReadModel<Example, Encoded, Score>> {
  const { folder, manifest, what, notes: origin, subjects, read } = await openFolder(named);
  const { task, backbone: recorded } = manifest;
  if (task.name !== kind.name) {
    throw userError({
      where: folder,
      what: `the ${what}'s task is ${task.name}`,
      expected: `one for the task ${kind.name}`,
    });
  }
  const backbone = await open(await namedBackbone(folder, what, recorded, backboneName));
  requireSameBackbone(folder, manifest, backboneIdentity(backbone));
  const options = { ...task.options, ...taskOptions };
  const settings = { labels: task.labels, options, ...(subjects ? { subjects } : {}) };
  const made = madeFrom(folder, manifest, kind, settings, backbone);
  const state = { ...(await read(made.model)), ...(await frozenTensors(backbone, made.model)) };
  const notes = [...origin, ...folderNotes(folder, manifest), ...backbone.tokenizer.notes];
  return { ...made, folder, manifest, backbone, subjects, state, notes };
}

interface OpenFolder extends Pick<FoundModel, "folder" | "notes" | "what" | "manifest"> {
  /** Names that open an adapter's gate. */
  readonly subjects: readonly string[] | null;
  /** Reads the parameters of the model that the manifest tells of, all of them and no others. */
  read(model: AdaptedModel): Promise<Tensors>;
}

async function openFolder(name: string): Promise<OpenFolder> {
  const found = await findModel(name);
  const { folder } = found;
  if (found.what === "adapter") {
    const subjects = await readSubjects(folder, found.manifest);
    const read = (model: AdaptedModel) =>
      readTaskState(model, { adapter: folder, head: folder }, found.manifest.tensors);
    return { ...found, subjects, read };
  }
  const read = async ({ parameters: wanted }: AdaptedModel) => {
    const parameters = await readDownstreamParameters(folder, shapesOf(wanted));
    const { tensors: recorded } = found.manifest;
    const path = join(folder, downstreamFiles.model);
    if (recorded) requireRecordedTensors(path, recorded, await hashOfParameters(parameters));
    return asState(parameters);
  };
  return { ...found, subjects: null, read };
}

function madeFrom<Example, Encoded extends EncodedText, Score>(
  folder: string,
  manifest: AdapterManifest | DownstreamManifest,
  kind: TaskKind<Example, Encoded, Score>,
  settings: TaskSettings,
  backbone: BackboneHandle,
): TaskModel<Example, Encoded, Score> {
  const { maxLength } = manifest.task;
  const how = { backbone, maxLength, headInit: "official", dropout: 0, featureDtype: manifest.hiddenStates } as const;
  try {
    return makeTaskModel(kind, settings, { ...how, design: designOf(manifest) });
  } catch (error) {
    throw error instanceof UserError ? userError({ where: folder, what: error.line }) : error;
  }
}

/**
 * The parameters of a pre-trained adapter and of a head, which may stand in different folders.
 *
 * @param recorded their hashes, where they are known
 * @throws UserError where they are others
 */
export async function readTaskState(
  { adapterParameters, taskParameters }: AdaptedModel,
  folders: { readonly adapter: string; readonly head: string },
  recorded: AdapterManifest["tensors"] = undefined,
): Promise<Tensors> {
  const read = async (file: "adapter" | "head", shapes: Shapes) => {
    const parameters = await readAdapterParameters(folders[file], file, shapes);
    if (recorded?.[file]) {
      requireRecordedTensors(
        join(folders[file], adapterFiles[file]),
        recorded[file],
        await hashOfParameters(parameters),
      );
    }
    return parameters;
  };
  const adapter = await read("adapter", shapesOf(adapterParameters));
  const head = await read("head", shapesOf(taskParameters));
  return { ...asState(adapter), ...asState(head) };
}

const asState = (parameters: Parameters): Tensors => Object.fromEntries(tensorsOf(parameters));
