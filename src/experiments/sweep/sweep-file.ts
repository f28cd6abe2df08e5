/**
 * A sweep's file: one training command, what its runs have in common, and what they differ in.
 *
 * @example
 * ```yaml
 * run: finetune relations
 * out: runs/fusion
 * options: { backbone: roberta-base, train: train.json, dev: dev.json, test: test.json }
 * rows:
 *   - { name: no adapter }
 *   - { name: F, adapter: [fac=runs/facts] }
 * grid: { learning-rate: [1e-5, 2e-5] }
 * seeds: [1, 2, 3]
 * ```
 * @module
 */
import { join } from "node:path";
import { userError } from "../../errors.js";
import { readText } from "../../files/text.js";
import { parseYamlMap, settingsFile, type YamlMap } from "../../files/yaml-map.js";
import { type GivenSettings, resolveGiven } from "../../settings/given.js";
import { kebab } from "../../settings/names.js";
import { givenSettings, readRecipe } from "../../settings/recipe.js";
import { type Table, unknownName } from "../../settings/setting.js";
import { trainingTables } from "../../settings/trainings.js";
import type { Sweep, SweepEvaluation, SweepRun } from "./sweep.js";

const keys = ["run", "out", "recipe", "options", "rows", "grid", "seeds", "eval", "metrics"];
/** A grid is a product; more runs than this are a typing error. */
const mostRuns = 10_000;

/**
 * Reads a sweep's file; options are checked against the command's table before anything is run.
 *
 * @throws UserError naming file and line
 */
export async function readSweep(path: string): Promise<Sweep> {
  const map = parseYamlMap(path, await readText(path, settingsFile), "a sweep");
  const strange = [...map.entries.keys()].find((key) => !keys.includes(String(key)));
  if (strange !== undefined) throw unknownName("option", String(strange), keys, map.where(strange));
  const words = textOf(map, "run").trim().split(/\s+/);
  const table = trainingTables.get(words.join(" "));
  if (!table) {
    const known = [...trainingTables.keys()].join(", ");
    throw userError({ where: map.where("run"), what: `${words.join(" ")} is no training`, expected: known });
  }
  const out = textOf(map, "out");
  const recipe = map.entries.has("recipe") ? await readRecipe(textOf(map, "recipe"), table) : new Map();
  const common = [givenSettings(belowOf(map, "options"), table), recipe];
  const evaluations = evaluationsOf(belowOf(map, "eval"));
  const metrics = map.entries.has("metrics") ? listOf(map, "metrics").map(String) : [];
  return { command: words, out, runs: runsOf(map, table, out, common), evaluations, metrics };
}

function textOf(map: YamlMap, key: string): string {
  const value = map.entries.get(key);
  if (typeof value === "string" && value.trim() !== "") return value;
  throw userError({
    where: map.where(key),
    what: value === undefined ? `"${key}" is missing` : `${key}: ${JSON.stringify(value)} is no text`,
    expected: key === "run" ? "a training such as `finetune relations`" : "a text",
  });
}

function listOf(map: YamlMap, key: unknown): readonly unknown[] {
  const value = map.entries.get(key);
  if (Array.isArray(value) && value.length > 0) return value;
  throw userError({ where: map.where(key), what: `${String(key)} is no list`, expected: "a list such as [1, 2, 3]" });
}

/** A map below a key; empty where the key is not there. */
function belowOf(map: YamlMap, key: string): YamlMap {
  const below = map.below(key);
  if (below) return below;
  if (!map.entries.has(key) || map.entries.get(key) === null) {
    return { path: map.path, entries: new Map(), where: map.where, below: () => undefined, list: () => undefined };
  }
  throw userError({ where: map.where(key), what: `${key} is no map`, expected: "lines such as `epochs: 5` below it" });
}

function evaluationsOf(map: YamlMap): SweepEvaluation[] {
  return [...map.entries].map(([name, value]) => {
    const files = typeof value === "string" ? [value] : value;
    if (Array.isArray(files) && files.length > 0 && files.every((file) => typeof file === "string")) {
      return { name: String(name), files: files as string[] };
    }
    throw userError({ where: map.where(name), what: `${String(name)} names no files`, expected: "`name: FILE`" });
  });
}

interface Choice {
  readonly setting: Readonly<Record<string, string>>;
  readonly given: GivenSettings;
}

/** Rows × grid × seeds. */
function runsOf(map: YamlMap, table: Table, out: string, common: readonly GivenSettings[]): SweepRun[] {
  const rows = rowsOf(map, table);
  const points = pointsOf(belowOf(map, "grid"), table);
  const seeds = map.entries.has("seeds") ? listOf(map, "seeds") : [null];
  if (rows.length * points.length * seeds.length > mostRuns) {
    throw userError({ where: map.path, what: `more than ${mostRuns} runs`, fix: "make the grid smaller" });
  }
  const settings = rows.flatMap((row) =>
    points.map((point): Choice => {
      const setting = { ...row.setting, ...point.setting };
      return { setting, given: new Map([...row.given, ...point.given]) };
    }),
  );
  const runs = seeds.flatMap((seed) => settings.map((choice) => runOf(choice, seed)));
  const doubled = runs.find(({ name }, i) => runs.findIndex((other) => other.name === name) !== i);
  if (doubled) throw userError({ where: map.path, what: `two runs are the same: ${doubled.name}` });
  return runs;

  function runOf({ setting, given }: Choice, seed: unknown): SweepRun {
    const parts = Object.entries(setting).map(([key, value]) => (key === "row" ? value : `${key}=${value}`));
    const name = [...parts, ...(seed === null ? [] : [`seed=${String(seed)}`])].map(fileName).join(",") || "run";
    const own = new Map([["out", { value: join(out, name), where: map.where("out") }]]);
    const seeded = seed === null ? [] : [new Map([["seed", { value: seed, where: `${map.where("seeds")}: seeds` }]])];
    const sources = [own, ...seeded, given, ...common].map((source) => withSeed(source, seed));
    const options = resolveGiven(table, ...sources);
    return { name, setting, seed: typeof seed === "number" ? seed : null, options };
  }
}

/** `{seed}` in a text stands for the run's seed, so that a run can read what another sweep's run of that seed made. */
function withSeed(given: GivenSettings, seed: unknown): GivenSettings {
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace);
    return typeof value === "string" && seed !== null ? value.replaceAll("{seed}", String(seed)) : value;
  };
  return new Map([...given].map(([key, { value, where }]) => [key, { value: replace(value), where }]));
}

/** Settings that are written out, each with a name. */
function rowsOf(map: YamlMap, table: Table): Choice[] {
  if (!map.entries.has("rows")) return [{ setting: {}, given: new Map() }];
  const rows = map.list("rows");
  if (!rows) throw userError({ where: map.where("rows"), what: "rows is no list of maps", expected: "- name: …" });
  return rows.map((row) => {
    const name = row.entries.get("name");
    if (typeof name !== "string" || name === "") {
      throw userError({ where: map.where("rows"), what: "a row has no name", expected: "- name: …" });
    }
    const entries = new Map([...row.entries].filter(([key]) => key !== "name"));
    return { setting: { row: name }, given: givenSettings({ ...row, entries }, table) };
  });
}

/** All combinations of a grid's values; the first option varies slowest. */
function pointsOf(grid: YamlMap, table: Table): Choice[] {
  const given = givenSettings(grid, table);
  let points: Choice[] = [{ setting: {}, given: new Map() }];
  for (const [key, { where }] of given) {
    const name = kebab(key);
    const values = listOf(grid, name);
    points = points.flatMap((point) =>
      values.map((value) => ({
        setting: { ...point.setting, [name]: shown(value) },
        given: new Map([...point.given, [key, { value, where }]]),
      })),
    );
  }
  return points;
}

/** A value in a table and in a folder's name. */
const shown = (value: unknown): string => (Array.isArray(value) ? value.map(shown).join("+") || "none" : String(value));

/** A text as a part of a file's name. */
const fileName = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}=+.[\]-]+/gu, "-")
    // `..` is another folder.
    .replace(/^\.+/, "-")
    .slice(0, 100);
