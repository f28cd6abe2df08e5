/**
 * YAML files of settings: small maps of plain values, with the line of each key for error lines.
 * @module
 */

import { LineCounter, parseDocument, visit } from "yaml";
import { userError } from "../errors.js";
import { fileBytes } from "./bounds.js";

/** A file of settings is a page; whatever is larger is the wrong file. */
export const settingsFile = { what: "the file of settings", mostBytes: fileBytes.settings };

/** A map of a YAML file, and where its keys stand. */
export interface YamlMap {
  readonly path: string;
  readonly entries: ReadonlyMap<unknown, unknown>;
  /** `file:line` of a key. */
  where(key: unknown): string;
  /** A value that is a map itself; undefined where it is none. */
  below(key: unknown): YamlMap | undefined;
  /** The maps of a value that is a list of them; undefined where it is none. */
  list(key: unknown): readonly YamlMap[] | undefined;
}

/**
 * Reads a YAML map of plain values: no anchors, aliases and tags, no second document.
 *
 * @param of what the map is of, for the error line
 */
export function parseYamlMap(path: string, text: string, of: string): YamlMap {
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
    throw userError({ where: at(problem.pos[0]), what: `not a YAML map of ${of}: ${problem.message}` });
  }
  // Plain settings have no use for anchors, and without them nothing can be expanded.
  visit(document, {
    Alias: (_, node) => refuse(at(node.range?.[0]), "an alias (*name)"),
    Node: (_, node) => {
      if ("anchor" in node && node.anchor !== undefined) refuse(at(node.range?.[0]), "an anchor (&name)");
      if (node.tag !== undefined) refuse(at(node.range?.[0]), `a tag (${node.tag})`);
    },
  });
  const values: unknown = document.contents === null ? new Map() : document.toJS({ mapAsMap: true });
  if (values instanceof Map) return yamlMap(path, at, document.contents, values);
  throw userError({ where: path, what: `not a YAML map of ${of}`, expected: "lines such as `epochs: 5`" });
}

function yamlMap(
  path: string,
  at: (offset: number | undefined) => string,
  node: unknown,
  entries: ReadonlyMap<unknown, unknown>,
): YamlMap {
  const nodes = entryNodes(node);
  const mapOf = (value: unknown, child: unknown) =>
    value instanceof Map ? yamlMap(path, at, child, value) : undefined;
  return {
    path,
    entries,
    where: (key) => at(nodes.get(key)?.start),
    below: (key) => mapOf(entries.get(key), nodes.get(key)?.value),
    list: (key) => {
      const value = entries.get(key);
      const items = itemsOf(nodes.get(key)?.value);
      const maps = Array.isArray(value) ? value.map((item, i) => mapOf(item, items[i])) : [undefined];
      return maps.every((map) => map !== undefined) ? maps : undefined;
    },
  };
}

function refuse(where: string, what: string): never {
  throw userError({ where, what: `${what} is not allowed here`, expected: "plain values" });
}

/** The nodes of a map's entries, and where their keys start. */
function entryNodes(contents: unknown): ReadonlyMap<unknown, { readonly start: number; readonly value: unknown }> {
  const nodes = new Map<unknown, { readonly start: number; readonly value: unknown }>();
  for (const item of itemsOf(contents)) {
    const { key, value } = item as {
      key?: { value?: unknown; range?: readonly number[] } | null;
      value?: unknown;
    };
    const start = key?.range?.[0];
    if (start !== undefined) nodes.set(key?.value, { start, value });
  }
  return nodes;
}

const itemsOf = (node: unknown): readonly unknown[] =>
  typeof node === "object" && node !== null && "items" in node ? (node.items as readonly unknown[]) : [];
