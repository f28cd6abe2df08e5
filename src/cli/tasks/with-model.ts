import type { FoundModel } from "../../adapters/found-model.js";
import type { EncodedText } from "../../tasks/task.js";
import { type LoadedModel, loadModel } from "../../training/load-model.js";
import type { Output } from "../output.js";
import { type RuntimeSettings, withEngine } from "../runtime.js";
import { taskOf } from "./index.js";
import type { TaskCommands } from "./task-commands.js";

/** Flags of the commands that ask a finished model. */
interface ModelFlags extends RuntimeSettings {
  readonly backbone?: string | undefined;
  readonly tree: boolean;
}

/** What a command does with the model that its flags name. */
type UseModel = <Example, Encoded extends EncodedText, Score>(
  model: LoadedModel<Example, Encoded, Score>,
  commands: TaskCommands<Example, Encoded, Score>,
) => Promise<void>;

/** Opens a finished model, says what there is to say of it, and closes it when it was used. */
export async function withModel(found: FoundModel, flags: ModelFlags, output: Output, use: UseModel): Promise<void> {
  const useTask = taskOf(found);
  await useTask((commands) =>
    withEngine(flags, async (executor) => {
      const taskOptions = commands.taskOptions?.(flags) ?? {};
      const model = await loadModel(executor, found.name, commands.kind, { backbone: flags.backbone, taskOptions });
      try {
        for (const note of model.notes) output.note(note);
        await use(model, commands);
      } finally {
        await model.close();
      }
    }),
  );
}
