/**
 * Recipes: YAML files of settings.
 * @module
 */
import { userError } from "../errors.js";
import { parseYamlMap, readBounded, type YamlMap } from "../files/yaml-map.js";
import type { Given, GivenSettings } from "./given.js";
import { kebab } from "./names.js";
import { type Table, unknownName } from "./setting.js";

/**
 * Reads a recipe: a YAML map from settings' names, in kebab case as flags are without `--`, to values.
 *
 * @throws UserError naming file and line
 */
export async function readRecipe(path: string, table: Table): Promise<GivenSettings> {
  return parseRecipe(path, await readBounded(path), table);
}

/** {@link readRecipe} on text at hand; `path` is for the error line. */
export function parseRecipe(path: string, text: string, table: Table): GivenSettings {
  return givenSettings(parseYamlMap(path, text, "options"), table);
}

/** A map's entries as given settings. */
export function givenSettings(map: YamlMap, table: Table): GivenSettings {
  const keys = new Map(Object.keys(table).map((key) => [kebab(key), key]));
  const given = new Map<string, Given>();
  for (const [name, value] of map.entries) {
    const where = map.where(name);
    const key = typeof name === "string" ? keys.get(name) : undefined;
    if (key === undefined) throw unknownName("option", String(name), [...keys.keys()], where);
    if (value === null) throw userError({ where, what: `${String(name)} has no value` });
    given.set(key, { value: plain(value), where: `${where}: ${String(name)}` });
  }
  return given;
}

/** Nested maps become objects again, for the error line; no option takes one. */
function plain(value: unknown): unknown {
  return value instanceof Map ? "(a map)" : value;
}

/** A recipe that resolves to the same settings: what a training writes beside its adapter. */
export function formatRecipe(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${kebab(key)}: ${JSON.stringify(value)}\n`)
    .join("");
}
