import { type Fact, questionKey } from "../../data/fact.js";
import type { Wordings } from "../../data/wordings.js";
import { userError } from "../../errors.js";
import { hash32, RandomStream } from "../../random.js";
import { readQuestions } from "../../tasks/recall/recall-data.js";
import type { SkipCounts } from "../../tasks/task-data.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { wordIds } from "../../text/word-ids.js";

/** What the experiment draws its facts from, and how they are said and asked. */
export interface RecallPool {
  /** Facts whose object is one token, and those whose object is several; a question has one answer. */
  readonly single: readonly Fact[];
  readonly several: readonly Fact[];
  /** Two wordings of each relation are held out: nothing is ever taught in them. */
  readonly taught: Wordings;
  readonly heldOut: Wordings;
  /** Facts that are left out, by reason. */
  readonly skipped: SkipCounts;
}

const heldOutWordings = 2;
/** At least two are to be taught. */
const leastWordings = 4;
/** Objects of more tokens are left out. */
const mostTokens = 8;

/**
 * Reads facts and wordings, and holds out the last two wordings of each relation by hash.
 *
 * @throws UserError where no relation has four wordings
 */
export async function readRecallPool(
  files: { readonly facts: string; readonly wordings: string },
  tokenizer: Tokenizer,
): Promise<RecallPool> {
  const { facts, wordings, skipped: left } = await readQuestions({ ...files, sentences: false });
  const parted = new Map([...wordings].filter(([, all]) => all.length >= leastWordings).map(partOf));
  if (parted.size === 0) {
    throw userError({
      where: files.wordings,
      what: "no relation of the facts has enough wordings",
      expected: `${leastWordings} wordings of a relation, ${heldOutWordings} of which are held out`,
    });
  }
  const pool = { single: [] as Fact[], several: [] as Fact[] };
  const skipped: Record<string, number> = { ...left };
  const seen = new Set<string>();
  const skip = (reason: string) => {
    skipped[reason] = (skipped[reason] ?? 0) + 1;
  };
  for (const fact of facts) {
    const question = questionKey(fact);
    const tokens = wordIds(tokenizer, fact.object).length;
    if (!parted.has(fact.relation)) skip("too-few-wordings");
    else if (seen.has(question)) skip("another-object");
    else if (tokens === 0 || tokens > mostTokens) skip("unfit-object");
    else {
      seen.add(question);
      pool[tokens === 1 ? "single" : "several"].push(fact);
    }
  }
  const part = (key: "taught" | "heldOut") => new Map([...parted].map(([relation, parts]) => [relation, parts[key]]));
  return { ...pool, taught: part("taught"), heldOut: part("heldOut"), skipped };
}

function partOf([relation, patterns]: readonly [string, readonly string[]]) {
  const order = (pattern: string) => hash32("held-out wording", pattern);
  const held = new Set([...patterns].sort((a, b) => order(a) - order(b)).slice(-heldOutWordings));
  const taught = patterns.filter((one) => !held.has(one));
  return [relation, { taught, heldOut: patterns.filter((one) => held.has(one)) }] as const;
}

/** Some facts, and others whose subjects are none of theirs; the same for the same seed. */
export function drawFacts(
  facts: readonly Fact[],
  seed: number,
  count: number,
  others: number,
): { readonly facts: readonly Fact[]; readonly others: readonly Fact[] } {
  const drawn = new RandomStream("recall facts", seed).shuffle([...facts]);
  const some = drawn.slice(0, count);
  const subjects = new Set(some.map(({ subject }) => subject));
  return {
    facts: some,
    others: drawn
      .slice(count)
      .filter(({ subject }) => !subjects.has(subject))
      .slice(0, others),
  };
}

/** The same subjects and relations, the objects of each relation permuted: facts that nobody can know or guess. */
export function permuted(facts: readonly Fact[], seed: number): readonly Fact[] {
  const random = new RandomStream("permuted objects", seed);
  const objects = new Map<string, string[]>();
  for (const { relation, object } of facts) {
    const own = objects.get(relation);
    if (own) own.push(object);
    else objects.set(relation, [object]);
  }
  for (const own of objects.values()) random.shuffle(own);
  return facts.map((fact) => ({ ...fact, object: objects.get(fact.relation)?.pop() as string, aliases: [] }));
}
