import { countries } from "./facts-countries.js";
import { people } from "./facts-people.js";
import { mountains, rivers } from "./facts-places.js";
import { elements, inventions, moons } from "./facts-science.js";
import { books, music, paintings } from "./facts-works.js";

/** A name as sentences use it: `the` stands before it, outside the name. */
export interface Name {
  readonly article: boolean;
  readonly text: string;
}

/** A true statement. */
export interface Fact {
  readonly subject: Name;
  readonly relation: string;
  readonly object: Name;
  /** What else is known of the subject, by relation. */
  readonly others: ReadonlyMap<string, Name>;
}

/** Each table's relations, one a column after the first. */
const tables: readonly (readonly [table: string, ...relations: string[]])[] = [
  [countries, "capital", "largest city", "currency", "official language", "continent"],
  [elements, "element symbol", "named after"],
  [moons, "parent astronomical body"],
  [inventions, "discoverer or inventor"],
  [rivers, "mouth of the watercourse"],
  [mountains, "country"],
  [people, "place of birth", "place of death"],
  [books, "author"],
  [paintings, "creator"],
  [music, "composer"],
];

/** Every built-in fact, in the tables' order. */
export const facts: readonly Fact[] = tables.flatMap(([table, ...relations]) =>
  table
    .trim()
    .split("\n")
    .flatMap((line) => factsOfLine(line, relations)),
);

function factsOfLine(line: string, relations: readonly string[]): Fact[] {
  const [subject, ...cells] = line.split("|");
  if (subject === undefined || cells.length !== relations.length)
    throw new Error(`a fact table's line is broken: ${line}`);
  const known = relations.flatMap((relation, column): [string, Name][] => {
    const cell = cells[column]!;
    return cell === "-" ? [] : [[relation, name(cell)]];
  });
  const others = new Map(known);
  return known.map(([relation, object]) => ({ subject: name(subject), relation, object, others }));
}

function name(cell: string): Name {
  const article = cell.startsWith("the ");
  return { article, text: article ? cell.slice(4) : cell };
}
