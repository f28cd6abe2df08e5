import { ownModel } from "../library/own-model.js";
import { ClozeModel } from "../probing/cloze-model.js";
import type { FillSettings } from "../settings/probe.js";
import type { Output } from "./output.js";
import { type RuntimeSettings, withEngine } from "./runtime.js";

type ClozeSettings = RuntimeSettings & Pick<FillSettings, "backbone" | "heads" | "sets" | "adapter">;

/**
 * Opens the model that is asked for words, and closes it when it was used: the named backbone's, that of the heads or of
 * the adapters, or the package's own.
 */
export function withClozeModel(
  settings: ClozeSettings,
  output: Output,
  use: (model: ClozeModel) => Promise<void>,
): Promise<void> {
  const { heads, sets, adapter: adapters } = settings;
  const alone = heads.length === 0 && Object.keys(adapters).length === 0;
  const backbone = settings.backbone ?? (alone ? ownModel() : undefined);
  return withEngine(settings, async (executor) => {
    const model = await ClozeModel.open(executor, { backbone, heads, sets, adapters });
    try {
      for (const note of model.notes) output.note(note);
      await use(model);
    } finally {
      await model.close();
    }
  });
}
