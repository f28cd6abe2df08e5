/**
 * Settings as the command line writes them.
 * @module
 */
import { nameSettings, type SettingNames } from "../errors.js";
import { kebab } from "../settings/names.js";

/** `batchSize` → `--batch-size`; with a value: `--init backbone`; a switch that is off: `--no-mask-padding`. */
export const flagName: SettingNames = (key, value) => {
  const name = kebab(key);
  if (value === undefined || value === true) return `--${name}`;
  return value === false ? `--no-${name}` : `--${name} ${value}`;
};

/** A text with its settings named as flags. */
export const withFlags = (text: string): string => nameSettings(text, flagName);
