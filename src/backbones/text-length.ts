/**
 * How long texts may be beside a model.
 * @module
 */
import { setting, userError } from "../errors.js";
import type { ConfiguredBackbone } from "./backbone.js";

/** Tokens of the longest text where no number is given, as far as the model can read them. */
export const usualLengths = { sentence: 128, text: 256 } as const;

/** The most tokens that a model has positions for, special tokens included. */
export function maxTokens({ definition, config }: ConfiguredBackbone): number {
  return config.maxPositions - (definition.firstPosition?.(config) ?? 0);
}

/**
 * The longest text: as given, or the usual one as far as the model can read it.
 *
 * @param key the setting that gives it
 * @throws UserError where the model cannot read so many tokens
 */
export function longestText(
  given: number | undefined,
  usual: number,
  backbone: ConfiguredBackbone,
  key = "maxLength",
): number {
  if (given === undefined) return Math.min(maxTokens(backbone), usual);
  checkMaxLength(given, backbone, key);
  return given;
}

/** @throws UserError where texts may be longer than the backbone can read */
export function checkMaxLength(maxLength: number, backbone: ConfiguredBackbone, key = "maxLength"): void {
  const limit = maxTokens(backbone);
  if (maxLength <= limit) return;
  throw userError({
    where: setting(key),
    what: `${maxLength} tokens are more than the backbone has positions for`,
    expected: `at most ${limit}`,
  });
}
