import { open } from "node:fs/promises";
import { LineCounter, parseDocument, visit } from "yaml";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { closest, type Given, type GivenOptions, kebab, type Specs } from "./spec.js";

/** A recipe is a page of settings; whatever is larger is the wrong file. */
const maxBytes = 64 * 1024;

/**
 * Reads a recipe: a YAML map from option names (as the flags write them, without `--`) to values.
 *
 * @throws UserError naming file and line.
 */
export async function readRecipe(path: string, specs: Specs): Promise<GivenOptions> {
  return parseRecipe(path, await readBounded(path), specs);
}

/** {@link readRecipe} on text at hand; `path` is for the error line. */
export function parseRecipe(path: string, text: string, specs: Specs): GivenOptions {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: "core",
    version: "1.2",
    merge: false,
    prettyErrors: false,
    // "silent" would drop a second document without a word.
    logLevel: "error",
  });
  const at = (offset: number | undefined) => (offset === undefined ? path : `${path}:${lines.linePos(offset).line}`);
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw userError({ where: at(problem.pos[0]), what: `not a YAML map of options: ${problem.message}` });
  }
  // A flat map has no use for anchors, and without them nothing can be expanded.
  visit(document, {
    Alias: (_, node) => refuse(at(node.range?.[0]), "an alias (*name)"),
    Node: (_, node) => {
      if ("anchor" in node && node.anchor !== undefined) refuse(at(node.range?.[0]), "an anchor (&name)");
      if (node.tag !== undefined) refuse(at(node.range?.[0]), `a tag (${node.tag})`);
    },
  });
  const values: unknown = document.contents === null ? {} : document.toJS({ mapAsMap: true });
  if (!(values instanceof Map)) {
    if (document.contents === null) return new Map();
    throw userError({ where: path, what: "not a YAML map of options", expected: "lines such as `epochs: 5`" });
  }
  const positions = keyOffsets(document.contents);
  const keys = new Map(Object.keys(specs).map((key) => [kebab(key), key]));
  const given = new Map<string, Given>();
  for (const [name, value] of values as Map<unknown, unknown>) {
    const where = at(positions.get(name));
    const key = typeof name === "string" ? keys.get(name) : undefined;
    if (key === undefined) throw unknownKey(where, String(name), [...keys.keys()]);
    if (value === null) throw userError({ where, what: `${String(name)} has no value` });
    given.set(key, { value: plain(value), where: `${where}: ${String(name)}` });
  }
  return given;
}

function refuse(where: string, what: string): never {
  throw userError({ where, what: `${what} is not allowed in a recipe`, expected: "plain values" });
}

function unknownKey(where: string, name: string, known: readonly string[]): Error {
  const shown = name.length > 60 ? `${name.slice(0, 57)}…` : name;
  const meant = closest(name, known);
  return userError({
    where,
    what: `unknown option "${shown}"`,
    ...(meant === undefined ? { expected: `one of ${known.join(", ")}` } : { fix: `did you mean "${meant}"?` }),
  });
}

/** Where each key of the outermost map stands in the text. */
function keyOffsets(contents: unknown): ReadonlyMap<unknown, number> {
  const offsets = new Map<unknown, number>();
  if (typeof contents !== "object" || contents === null || !("items" in contents)) return offsets;
  for (const item of contents.items as readonly unknown[]) {
    const key = (item as { key?: { value?: unknown; range?: readonly number[] } | null }).key;
    const start = key?.range?.[0];
    if (start !== undefined) offsets.set(key?.value, start);
  }
  return offsets;
}

/** Nested maps become objects again, for the error line; no option takes one. */
function plain(value: unknown): unknown {
  return value instanceof Map ? "(a map)" : value;
}

/** Reads at most a recipe's size, from pipes too. */
async function readBounded(path: string): Promise<string> {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  try {
    const file = await open(path, "r");
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(path, "read the recipe", error);
  }
  if (length > maxBytes) throw userError({ where: path, what: "too large for a recipe", expected: "at most 64 KiB" });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, length));
  } catch {
    throw userError({ where: path, what: "not UTF-8 text", expected: "a YAML file" });
  }
}
