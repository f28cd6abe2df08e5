/**
 * Items in the form of Wikidata's truthy dump (N-Triples), made up: for tests and benchmarks.
 * @module
 */

const entity = "http://www.wikidata.org/entity/";
const direct = "http://www.wikidata.org/prop/direct/";
const languages = ["en", "de", "fr", "es", "ru", "zh", "ja", "nl", "it", "pt"];
const namedBy = [
  "http://www.w3.org/2000/01/rdf-schema#label",
  "http://www.w3.org/2004/02/skos/core#prefLabel",
  "http://schema.org/name",
];

/**
 * The lines of an item as the truthy dump has them, about four kilobytes: most are names in other languages.
 *
 * @param id from 1
 * @param items how many there are
 */
export function madeItemLines(id: number, items: number): string {
  const subject = `<${entity}Q${id}>`;
  const lines = languages.flatMap((language) => {
    const name = language === "ru" ? `Имя ${id}` : language === "zh" ? `名字 ${id}` : `Name ${id} of ${language}`;
    const names = namedBy.map((predicate) => `${subject} <${predicate}> "${name}"@${language} .`);
    return [...names, `${subject} <http://schema.org/description> "thing \\u2116 ${id}"@${language} .`];
  });
  lines.push(`${subject} <http://www.w3.org/2004/02/skos/core#altLabel> "Alias \\"${id}\\""@en .`);
  for (let i = 0; i < 8; i++) {
    lines.push(`${subject} <${direct}P${31 + i}> <${entity}Q${((id * 7919 + i * 104_729) % items) + 1}> .`);
  }
  const born = `${1900 + (id % 100)}-0${1 + (id % 9)}-1${id % 10}T00:00:00Z`;
  lines.push(`${subject} <${direct}P569> "${born}"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`);
  return `${lines.join("\n")}\n`;
}
