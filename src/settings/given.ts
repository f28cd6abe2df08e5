import { setting } from "../errors.js";
import { resolveSettings, type Settings, type Table } from "./setting.js";

/** What was given for a setting, and where: a flag, or a recipe's line such as `recipe.yaml:3: epochs`. */
export interface Given {
  readonly value: unknown;
  readonly where: string;
}

/** Given values by the settings' names. */
export type GivenSettings = ReadonlyMap<string, Given>;

/**
 * {@link resolveSettings} of several sources; what an earlier one gives wins.
 *
 * @throws UserError naming the flag or the recipe's line of the first value that is missing or wrong
 */
export function resolveGiven<T extends Table>(table: T, ...sources: readonly GivenSettings[]): Settings<T> {
  const given = new Map(sources.toReversed().flatMap((source) => [...source]));
  const values = Object.fromEntries([...given].map(([key, { value }]) => [key, value]));
  return resolveSettings(table, values, (key) => given.get(key)?.where ?? setting(key));
}
