import { isDownstreamFolder } from "../adapters/downstream-folder.js";
import type { Executor } from "../engine/executor.js";
import type { BackboneHandle } from "../features/frozen-backbone.js";
import type { EncodedText, Task, TaskKind } from "../tasks/task.js";
import { loadDownstreamModel } from "./downstream-model.js";
import type { PredictionSession } from "./session.js";
import { type LoadOptions, loadTaskModel } from "./task-model.js";

/** A trained model, whatever it was trained for. */
export interface LoadedModel<Example, Encoded extends EncodedText, Score> {
  readonly task: Task<Example, Encoded, Score>;
  readonly session: PredictionSession<Encoded>;
  readonly backbone: BackboneHandle;
  /** Lets go of its graphs, its weights and its backbone's. */
  close(): Promise<void>;
}

/** Loads the folder of an adapter with its head, or of a fine-tuned model. */
export async function loadModel<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  folder: string,
  kind: TaskKind<Example, Encoded, Score>,
  options: LoadOptions = {},
): Promise<LoadedModel<Example, Encoded, Score>> {
  const load = (await isDownstreamFolder(folder)) ? loadDownstreamModel : loadTaskModel;
  return load(executor, folder, kind, options);
}
