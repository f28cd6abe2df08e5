/**
 * The wordings of relations for which none may be given: the package's own, or such as a relation's name makes.
 * @module
 */

import { commonWordings } from "./common-wordings.js";
import type { Wordings } from "./wordings.js";

const prepositions = "of|in|at|by|from|to|for|on|with|near|after|under";

/**
 * Wordings made from a relation's name, so that facts can be taught with none at hand. What kind of phrase the name is
 * decides: `born in` and `is the capital of` are said of the subject as they stand, `capital of` makes the subject the
 * object's capital, and `capital` makes the object the subject's.
 *
 * @param relation words, with spaces, underscores, hyphens or capitals (`placeOfBirth`) between them
 */
export function wordingsFor(relation: string): readonly string[] {
  const words = relation
    .replace(/(?<=\p{Ll})\p{Lu}/gu, (capital) => ` ${capital.toLowerCase()}`)
    .replace(/[_\-/\s]+/g, " ")
    .replace(/[[\]]/g, "")
    .trim();
  const phrase = words === words.toUpperCase() ? words : words.charAt(0).toLowerCase() + words.slice(1);
  const verb = /^(is|was|are|were|has|had|have|can|will|does|did)( |$)/.test(phrase);
  if (verb) return said(phrase);
  const last = new RegExp(`^(.*) (${prepositions})$`).exec(phrase);
  const participle = last !== null && /(ed|born|made|built|found|known|written|sung|won|held|led)$/.test(last[1] ?? "");
  if (participle) return [...said(`is ${phrase}`), ...said(`was ${phrase}`)];
  return last ? subjectIs(phrase) : objectIs(phrase === "" ? "relation" : phrase);
}

/** A phrase that a sentence's subject is followed by. */
const said = (phrase: string): readonly string[] => [
  `[X] ${phrase} [Y].`,
  `It is known that [X] ${phrase} [Y].`,
  `As everyone knows, [X] ${phrase} [Y].`,
  `We read that [X] ${phrase} [Y].`,
];

/** `capital of`: the subject is the capital of the object. */
const subjectIs = (phrase: string): readonly string[] => [
  `[X] is the ${phrase} [Y].`,
  `[X], the ${phrase} [Y].`,
  `The ${phrase} [Y] is [X].`,
  `[X] is known as the ${phrase} [Y].`,
  `It is known that [X] is the ${phrase} [Y].`,
  `We read that [X] was the ${phrase} [Y].`,
];

/** `capital`: the object is the subject's capital. */
const objectIs = (phrase: string): readonly string[] => [
  `The ${phrase} of [X] is [Y].`,
  `[X]'s ${phrase} is [Y].`,
  `[Y] is the ${phrase} of [X].`,
  `[X] has the ${phrase} [Y].`,
  `As for [X], its ${phrase} is [Y].`,
  `It is known that the ${phrase} of [X] is [Y].`,
];

/**
 * The wordings of some relations: those that are given, else the package's own of common relations, else those that
 * their names make.
 *
 * @returns for each relation, and the names of those whose wordings were made
 */
export async function wordingsOf(
  relations: Iterable<string>,
  given: Wordings,
): Promise<{ readonly wordings: Wordings; readonly made: readonly string[] }> {
  const wordings = new Map<string, readonly string[]>();
  const made: string[] = [];
  for (const relation of new Set(relations)) {
    const known = given.get(relation) ?? (await commonWordings(relation));
    wordings.set(relation, known ?? wordingsFor(relation));
    if (known === undefined) made.push(relation);
  }
  return { wordings, made };
}
