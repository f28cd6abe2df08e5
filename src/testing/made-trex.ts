/**
 * Documents in the form of T-REx's dump, made up: for tests and benchmarks.
 * @module
 */
import { mix32 } from "../random.js";

const names = ["Ada Quill", "Bonn", "Marta Vell", "Lake Torr", "Ostmark", "Vellmar 😀", "Karla Brandt", "Tessin"];
const verbs = ["was born in", "lies beside", "works for", "is the capital of", "moved to"];

interface Mention {
  readonly uri: string;
  readonly boundaries: readonly [number, number];
  readonly surfaceform: string;
  readonly annotator: string;
}

const entityUri = (number: number) => `http://www.wikidata.org/entity/Q${number}`;

/**
 * The same document for the same number: some kilobytes of JSON, as the published ones. Of its eleven triples two say what
 * others say, and one has no sentence.
 */
export function madeTrexDocument(number: number): object {
  let text = "";
  let points = 0;
  const sentences: (readonly [number, number])[] = [];
  const words: (readonly [number, number])[] = [];
  const entities: Mention[] = [];
  const triples: object[] = [];
  const add = (word: string) => {
    const begin = points;
    text += word;
    points += [...word].length;
    return [begin, points] as const;
  };
  for (let s = 0; s < 8; s++) {
    const draw = (salt: number, most: number) => mix32((number * 8 + s) * 16 + salt) % most;
    const begin = points;
    const place = (salt: number): Mention => {
      const surfaceform = names[draw(salt, names.length)] as string;
      const uri = entityUri(draw(salt + 1, 100_000));
      return { uri, boundaries: add(surfaceform), surfaceform, annotator: "Wikidata_Spotlight_Entity_Linker" };
    };
    const subject = place(1);
    words.push(subject.boundaries, add(` ${verbs[draw(3, verbs.length)]} `));
    const object = place(4);
    words.push(object.boundaries);
    for (const word of " , as all the old maps of the land say that were drawn by hand in those years .".split(
      /(?= )/,
    )) {
      words.push(add(word));
    }
    sentences.push([begin, points]);
    add("\n");
    entities.push(subject, object);
    const triple = (annotator: string, sentence_id: number | null = s) => ({
      ...{ subject, object, sentence_id, annotator, dependency_path: null, confidence: null },
      predicate: {
        uri: `http://www.wikidata.org/prop/direct/P${1 + draw(6, 40) * draw(7, 12)}`,
        boundaries: null,
        surfaceform: null,
        annotator,
      },
    });
    triples.push(triple("NoSubject-Triple-aligner"));
    if (s < 2) triples.push(triple("Simple-Aligner"));
    if (s === 2) triples.push(triple("SPOAligner", null));
  }
  return {
    docid: entityUri(number),
    title: `Document ${number}`,
    uri: entityUri(number),
    text,
    sentences_boundaries: sentences,
    words_boundaries: words,
    entities,
    triples,
  };
}
