import { z } from "zod";
import { partOf, readRelations } from "../data/relation-data.js";
import type { RelationExample } from "../data/relation-example.js";
import { type OnSkip, SkipCounter } from "../data/skips.js";
import { writeWiki80 } from "../data/wiki80-writer.js";
import { userError } from "../errors.js";
import { parseWith, readJson } from "../files/json.js";
import { mapOf } from "../files/lists.js";
import { RandomStream } from "../random.js";
import { sentenceKey } from "./relation-sets.js";

/** Parts into which data are split by subject, and the share of each. */
export interface PartShares {
  readonly train: number;
  readonly dev: number;
  readonly test: number;
}

export interface SampleOptions {
  /** Most examples that are drawn; all by default. */
  readonly limit?: number | undefined;
  /** Decides which; 1 by default. */
  readonly seed?: number;
  /** Only examples of this part of the subjects. */
  readonly part?: keyof PartShares | undefined;
  /** 80, 10 and 10 by default. */
  readonly shares?: PartShares;
  /** A file such as FewRel's `pid2name.json`: relations that it names are written by their id. */
  readonly ids?: string | undefined;
  /** Files whose relations and sentences are left out. */
  readonly without?: readonly string[];
}

export interface SampleCounts {
  /** Examples that were written. */
  readonly chosen: number;
  /** Examples that they were drawn from. */
  readonly of: number;
  /** Left out because another file has their relation, or their sentence. */
  readonly left: { readonly relations: number; readonly sentences: number };
  /** What gave no example, by reason, in the inputs and in the files whose sentences are left out. */
  readonly skipped: SkipCounter["counts"];
}

/**
 * Draws a sample of relation examples of several files, in their order, and writes it as Wiki80's JSON Lines. The same
 * inputs, options and seed give the same file.
 *
 * @throws UserError where a file cannot be read, or nothing is left
 */
export async function sampleRelations(
  inputs: readonly string[],
  out: string,
  options: SampleOptions = {},
): Promise<SampleCounts> {
  const { part, shares = { train: 80, dev: 10, test: 10 }, seed = 1, limit } = options;
  const relationOf = await relationNames(options.ids);
  const { counts: skipped, onSkip } = new SkipCounter();
  const known = await knownIn(options.without ?? [], relationOf, onSkip);
  const examples: RelationExample[] = [];
  const left = { relations: 0, sentences: 0 };
  for (const input of inputs) {
    for await (const example of readRelations(input, { onSkip })) {
      if (part !== undefined && partOf(example, shares) !== part) continue;
      const relation = relationOf(example.relation);
      if (known.relations.has(relation)) left.relations++;
      else if (known.sentences.has(sentenceKey(example))) left.sentences++;
      else examples.push({ ...example, relation });
    }
  }
  if (examples.length === 0) {
    throw userError({ where: inputs.join(" "), what: `no example is left to draw (${JSON.stringify(left)} left out)` });
  }
  const order = new RandomStream(seed, "sample").shuffle([...examples.keys()]);
  const chosen = order.slice(0, limit).sort((a, b) => a - b);
  await writeWiki80(
    out,
    chosen.map((i) => examples[i] as RelationExample),
  );
  return { chosen: chosen.length, of: examples.length, left, skipped };
}

/** What stands in other files. */
async function knownIn(files: readonly string[], relationOf: (name: string) => string, onSkip: OnSkip) {
  const known = { relations: new Set<string>(), sentences: new Set<string>() };
  for (const file of files) {
    for await (const example of readRelations(file, { onSkip })) {
      known.relations.add(relationOf(example.relation));
      known.sentences.add(sentenceKey(example));
    }
  }
  return known;
}

const idsSchema = mapOf(z.tuple([z.string()], z.string()));

/** Names of relations by a file of ids, `{"P22": ["father", …]}`; case does not count. */
async function relationNames(path: string | undefined): Promise<(name: string) => string> {
  if (path === undefined) return (name) => name;
  const expected = 'JSON such as {"P22": ["father", "male parent"]}, as FewRel\'s pid2name.json';
  const file = { what: "the relations' ids", expected };
  const names = parseWith(idsSchema, await readJson(path, file), path, file);
  const ids = new Map(Object.entries(names).map(([id, [name]]) => [name.toLowerCase(), id]));
  return (name) => ids.get(name.toLowerCase()) ?? name;
}
