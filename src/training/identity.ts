/**
 * What a run must have in common with the one that goes on with it: all of its settings and data, less a short list.
 * @module
 */
import { setting, userError } from "../errors.js";
import { shown } from "../phrases.js";
import { hashJson, type JsonValue } from "../weights/hash.js";

/** What decides the bits of a run's result, by the names of its settings. */
export type RunIdentity = Readonly<Record<string, string>>;

/** Settings that may differ: where things are kept, how often, and what the finished folder says of them. */
const free: ReadonlySet<string> = new Set([
  "out",
  "resume",
  "recipe",
  "saveEvery",
  "cache",
  "cacheLimit",
  "signal",
  "ranks",
]);

/** Groups of settings, each of which counts by its own name. */
const groups: ReadonlySet<string> = new Set(["settings", "architecture", "featureOptions", "masking"]);

/** What is compared by its hash: a backbone, an adapter, given weights. Something new has the hash null. */
interface Hashed {
  readonly hash: string | null;
  readonly name?: string;
  readonly config?: object;
}

const isHashed = (value: unknown): value is Hashed => typeof value === "object" && value !== null && "hash" in value;

/**
 * The identity of a run: every field of its configuration but the {@link free} ones. A field that is added to a
 * configuration counts from then on, without a word here.
 *
 * @param data hashes by name of the training data, of the data that choose the best parameters, and of other things that
 * are no settings
 */
export function identityOf(config: object, data: RunIdentity = {}): RunIdentity {
  const fields: Record<string, string> = {};
  const put = (name: string, group: string | null, value: string) => {
    // Two groups may use one name with two meanings.
    const key = group !== null && name in fields && fields[name] !== value ? `${group}.${name}` : name;
    fields[key] = value;
  };
  const add = (object: object, group: string | null) => {
    for (const [name, value] of Object.entries(object) as [string, unknown][]) {
      if (free.has(name) || value === undefined) continue;
      if (groups.has(name) && typeof value === "object" && value !== null) add(value, name);
      else if (isHashed(value)) {
        put(name, group, value.hash ?? "new");
        if (value.config) put(`${name}.config`, group, hashOf([value.config]));
      } else if (Array.isArray(value) && value.every(isHashed)) {
        put(name, group, value.map((one) => `${one.name}=${one.hash}`).join(" "));
        if (value.length > 0) put(`${name}.config`, group, hashOf(value.map(({ config = {} }) => config)));
      } else if (typeof value === "function") {
        throw new Error(`the setting ${name} is a function: nobody can tell whether it is the same`);
      } else put(name, group, JSON.stringify(value));
    }
  };
  add(config, null);
  return { ...fields, ...data };
}

/** Hash of plain objects, without their undefined fields. */
const hashOf = (values: readonly object[]) => hashJson(JSON.parse(JSON.stringify(values)) as JsonValue);

/** Names that versions before {@link identityVersion} had for settings. */
const formerNames: Readonly<Record<string, string>> = { featureDtype: "dtype", backbonePrecision: "precision" };

/** Earlier versions noted only some settings; nothing can be told about the others. */
export const identityVersion = 2;

/**
 * Refuses to go on with a run that had other settings or data.
 *
 * @param before what the checkpoint says, and in which version
 * @returns a line about what could not be compared, or null
 * @throws UserError that names each setting that differs
 */
export function requireSameRun(
  path: string,
  before: { readonly version: number; readonly settings: Readonly<Record<string, unknown>> },
  now: RunIdentity,
): string | null {
  const earlier = before.version < identityVersion;
  const named = Object.entries(before.settings).map(([name, value]) => [formerNames[name] ?? name, value] as const);
  const then: Readonly<Record<string, unknown>> = Object.fromEntries(earlier ? named : Object.entries(before.settings));
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const compared = earlier ? names.filter((name) => name in then && name in now) : names;
  const different = compared.filter((name) => then[name] !== now[name]);
  if (different.length === 0) {
    return earlier ? `${path} is of an earlier version, which did not note the dev data: it must be the same` : null;
  }
  // Data differ where the seed chose what is held out, say: the settings tell what was meant.
  const settings = different.filter((name) => !dataNames.has(name));
  const told = settings.length > 0 ? settings : different;
  const shown = told
    .slice(0, mostDifferences)
    .map((name) => `${name} was ${brief(then[name])}, is ${brief(now[name])}`);
  const left = told.length - shown.length;
  const differences = left > 0 ? [...shown, `and ${left} more: it was another kind of training`] : shown;
  throw userError({
    where: path,
    what: `the run to be resumed had other settings (${differences.join("; ")})`,
    fix: `resume with the same options and data, or start anew with ${setting("overwrite", true)}`,
  });
}

/** Where more settings differ, they say no more than that the run was another one. */
const mostDifferences = 5;

/** Hashes of what was learnt from. */
const dataNames: ReadonlySet<string> = new Set(["train", "dev"]);

/** A value as it was given; of a long one, such as a hash, the beginning. */
export function brief(value: unknown): string {
  if (value === undefined) return "not set";
  // Values that are no texts stand as JSON.
  const isList = typeof value === "string" && value.startsWith("[");
  const text = isList ? shown(JSON.parse(value)) : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 16)}…` : text;
}
