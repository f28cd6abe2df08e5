import { group, type Settings } from "./setting.js";
import { partSetting } from "./shared.js";
import { innerCommand } from "./values.js";

/** `features`. */
export const featuresSettings = {
  ...group("Training", {
    command: innerCommand(
      "a training's whole command line behind `--`, such as `pretrain factual` with its settings",
      "the training whose hidden states are computed: its whole command line, behind `--`; it is not begun, and its output folder is not touched",
    ),
  }),
  part: partSetting(
    "computes this share of the hidden states, such as 0/8; the parts may run on many machines that share the cache, in any order, twice or at once",
  ),
};

export type FeaturesSettings = Settings<typeof featuresSettings>;
