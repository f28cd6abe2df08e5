/**
 * How the command line and the library train: they read the data, make a plan from the settings, make the folder and run
 * the training.
 * @module
 */

import { openAdapters } from "../adapters/opened-adapter.js";
import type { Executor } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { type BackboneHandle, backboneIdentity } from "../features/backbone-handle.js";
import type { FilledCache } from "../features/features.js";
import type { Part } from "../part.js";
import { counted } from "../phrases.js";
import { alone, type Ranks } from "../ranks/index.js";
import type { FinetuneSettings } from "../settings/finetune.js";
import type { EncodedText } from "../tasks/task.js";
import type { DownstreamTaskData, ExampleSet, RecordedTaskData } from "../tasks/task-data.js";
import { type FinetuneResult, fillFinetuning, finetune } from "../training/finetune.js";
import { fillPretraining, type PretrainResult, pretrain } from "../training/pretrain.js";
import type { OnEvent } from "../training/run.js";
import { type Beginning, inOutputFolder } from "./output-folder.js";
import { finetuneConfig, type Note, type PretrainSettings, pretrainConfig } from "./plan.js";

/** Where a training runs, beside which model, and who follows it. */
export interface Learning {
  readonly executor: Executor;
  readonly backbone: BackboneHandle;
  /** Whether it goes on from the last checkpoint, or replaces what its folder holds. */
  readonly begin: Pick<Beginning, "resume" | "overwrite">;
  readonly onEvent: OnEvent;
  readonly note: Note;
  readonly signal?: AbortSignal | undefined;
  /** The processes that train together; this one is alone if it is left out. */
  readonly ranks?: Ranks | undefined;
}

/** Trains an adapter beside a frozen model and writes its folder. */
export function learnAdapter<Example, Encoded extends EncodedText, Score>(
  { executor, backbone, begin, onEvent, note, signal, ranks = alone() }: Learning,
  settings: PretrainSettings,
  read: (backbone: BackboneHandle) => Promise<RecordedTaskData<Example, Encoded, Score>>,
): Promise<PretrainResult<Score>> {
  const { out } = settings;
  return inOutputFolder({ out, ...begin, ranks }, async () => {
    const config = pretrainConfig(settings, backbone, begin.resume, note);
    const data = await read(backbone);
    const recipe = { ...config.recipe, ...heldOutOf(data.dev, note), ...data.recorded };
    return pretrain(executor, { ...config, ranks, recipe }, data, onEvent, signal);
  });
}

/** What {@link fillForAdapter} and {@link fillForDownstream} work with. */
export interface Filling extends Omit<Learning, "begin"> {
  /** A share of the hidden states; all where it is left out. */
  readonly part?: Part | undefined;
}

/** Computes and keeps the hidden states that {@link learnAdapter} reads; the training's own folder is not touched. */
export async function fillForAdapter<Example, Encoded extends EncodedText, Score>(
  { executor, backbone, onEvent, note, signal, part }: Filling,
  settings: PretrainSettings,
  read: (backbone: BackboneHandle) => Promise<RecordedTaskData<Example, Encoded, Score>>,
): Promise<readonly FilledCache[]> {
  const config = pretrainConfig(settings, backbone, false, note);
  return fillPretraining(executor, config, await read(backbone), part, onEvent, signal);
}

/** Computes and keeps the hidden states that {@link learnDownstream} reads; the training's own folder is not touched. */
export async function fillForDownstream<Example, Encoded extends EncodedText, Score>(
  { executor, backbone, onEvent, signal, part }: Filling,
  settings: FinetuneSettings,
  read: () => Promise<DownstreamTaskData<Example, Encoded, Score>>,
): Promise<readonly FilledCache[]> {
  const config = finetuneConfig(settings, backbone, await adaptersOf(settings, backbone), false);
  return fillFinetuning(executor, config, await read(), part, onEvent, signal);
}

const adaptersOf = (settings: FinetuneSettings, backbone: BackboneHandle) =>
  openAdapters(settings.adapter.map(namedAdapter), backboneIdentity(backbone));

/** Trains a downstream model with any adapters and writes its folder. */
export function learnDownstream<Example, Encoded extends EncodedText, Score>(
  { executor, backbone, begin, onEvent, note, signal, ranks = alone() }: Learning,
  settings: FinetuneSettings,
  read: () => Promise<DownstreamTaskData<Example, Encoded, Score>>,
): Promise<FinetuneResult<Score>> {
  const { out } = settings;
  return inOutputFolder({ out, ...begin, ranks }, async () => {
    const config = finetuneConfig(settings, backbone, await adaptersOf(settings, backbone), begin.resume);
    const data = await read();
    const recipe = { ...config.recipe, ...heldOutOf(data.dev, note) };
    return finetune(executor, { ...config, ranks, recipe }, data, onEvent, signal);
  });
}

/** `NAME=DIR` */
function namedAdapter(given: string): { readonly name: string; readonly folder: string } {
  const [name = "", ...folder] = given.split("=");
  if (name !== "" && folder.length > 0) return { name, folder: folder.join("=") };
  throw userError({
    where: setting("adapter"),
    what: `${JSON.stringify(given)} names no folder`,
    expected: "NAME=DIR",
  });
}

/** What a folder records of held-out examples; a note says that there were no data for evaluation. */
export function heldOutOf({ heldOut }: Pick<ExampleSet<unknown>, "heldOut">, note: Note) {
  if (!heldOut) return {};
  const { examples, of, together } = heldOut;
  const are = examples === 1 ? "is" : "are";
  note(
    `${setting("dev")} is not given: ${examples} of ${counted(of, "training example")} ${are} held out for evaluation${together ? ", whole subjects or texts" : ""}`,
  );
  return { heldOut: { ...heldOut } };
}
