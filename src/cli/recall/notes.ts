import { counted } from "../../phrases.js";

const mostNamed = 5;

/** A line about relations that no wording was given for; none where there are none. */
export function madeNotes(made: readonly string[]): readonly string[] {
  if (made.length === 0) return [];
  const names = made.length > mostNamed ? [...made.slice(0, mostNamed), "…"] : made;
  return [`wordings are made from the names of ${counted(made.length, "relation")}: ${names.join(", ")}`];
}
