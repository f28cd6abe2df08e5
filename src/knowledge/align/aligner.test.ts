import { describe, expect, it } from "vitest";
import { documentOf, known, mentionsIn, pairsIn } from "../../testing/known.js";
import { Aligner } from "./aligner.js";
import type { SourceDocument } from "./document.js";
import type { AlignOptions } from "./options.js";
import { buildTables } from "./tables.js";

type Given = Parameters<typeof known>;

async function align(
  entities: Given[0],
  triples: Given[1],
  text: string,
  options: Partial<AlignOptions> = {},
  more: Partial<SourceDocument> = {},
) {
  const tables = await buildTables(known(entities, triples));
  return new Aligner(tables, options).align(documentOf(text, more));
}

const cities: Given[0] = [
  ["Q1741", ["Vienna", "Wien"], ["city"]],
  ["Q40", ["Austria"], ["country"]],
  ["Q90", ["Paris"], ["city"]],
  ["Q142", ["France"], ["country"]],
  ["Q167646", ["Paris"], ["person"]],
];
const capitals: Given[1] = [
  ["Q40", "P36", "Q1741"],
  ["Q1741", "P17", "Q40"],
  ["Q142", "P36", "Q90"],
  ["Q90", "P17", "Q142"],
];

describe("Aligner", () => {
  it("finds every relation of a pair, in both directions", async () => {
    const found = await align(cities, capitals, "Vienna is the capital of Austria.", { types: "off" });
    expect(mentionsIn(found)).toEqual(["Vienna=Q1741", "Austria=Q40"]);
    expect([...pairsIn(found)].sort()).toEqual(["Q1741 P17 Q40", "Q40 P36 Q1741"]);
  });

  it("gives offsets in the sentence, and the sentence's in the document", async () => {
    const text = "A story.  It begins in Wien. 😀 Then Austria wins.";
    const { sentences } = await align(cities, capitals, text);
    for (const { text: sentence, start, mentions } of sentences) {
      expect(text.slice(start, start + sentence.length)).toBe(sentence);
      for (const { start, end } of mentions) expect(["Wien", "Austria"]).toContain(sentence.slice(start, end));
    }
    expect(sentences.flatMap(({ mentions }) => mentions)).toHaveLength(2);
  });

  it("takes no pair from two sentences", async () => {
    expect(pairsIn(await align(cities, capitals, "Vienna is a town. Austria is a country."))).toEqual([]);
  });

  it("chooses the entity that others in the document have triples with", async () => {
    const text = "Paris is large. It is in France.";
    const triples: Given[1] = [
      ...capitals,
      ["Q167646", "P1", "Q40"],
      ["Q167646", "P2", "Q40"],
      ["Q167646", "P3", "Q40"],
    ];
    expect(mentionsIn(await align(cities, triples, text))).toContain("Paris=Q90");
    expect(mentionsIn(await align(cities, triples, "Paris is alone."))).toEqual(["Paris=Q167646"]);
  });

  it("takes a name for what the title names", async () => {
    const entities: Given[0] = [
      ["Q308", ["Mercury"]],
      ["Q925", ["Mercury", "Mercury (element)"]],
    ];
    const found = await align(
      entities,
      [["Q308", "P1", "Q925"]],
      "Mercury is near.",
      {},
      { title: "Mercury (element)" },
    );
    expect(mentionsIn(found)).toEqual(["Mercury=Q925"]);
  });

  it("prefers links to names, and finds nothing in a link to what is not known", async () => {
    const text = "Paris met Paris and Vienna.";
    const links = [
      { start: 0, end: 5, target: "Q167646" },
      { start: 20, end: 26, target: "Vienna, Virginia" },
    ];
    const found = await align(cities, capitals, text, {}, { links });
    expect(mentionsIn(found)).toEqual(["Paris=Q167646", "Paris=Q90"]);
    expect(found.sentences[0]?.mentions.map(({ found }) => found)).toEqual(["link", "name"]);
    expect(found.skipped).toEqual({ "links to what is not known": 1 });
  });

  it("refuses links that stand outside the text or over another", async () => {
    const links = [
      { start: 0, end: 5, target: "Q90" },
      { start: 3, end: 9, target: "Q90" },
      { start: 20, end: 99, target: "Q90" },
    ];
    const found = await align(cities, capitals, "Paris is here.", {}, { links });
    expect(mentionsIn(found)).toEqual(["Paris=Q90"]);
    expect(found.skipped).toEqual({ "links that stand nowhere, or over another": 2 });
  });

  const people: Given[0] = [
    ["Q1", ["Ada Lovelace"], ["Q5"]],
    ["Q2", ["London Bridge"], ["bridge"]],
    ["Q3", ["Anne Isabella Byron"], ["Q5"]],
  ];

  it("takes a surname for a person whose full name stood before", async () => {
    const text =
      "Lovelace wrote. Ada Lovelace met Anne Isabella Byron near London Bridge. Lovelace and Byron left the Bridge.";
    expect(mentionsIn(await align(people, [["Q1", "P25", "Q3"]], text))).toEqual([
      "Ada Lovelace=Q1",
      "Anne Isabella Byron=Q3",
      "London Bridge=Q2",
      "Lovelace=Q1",
      "Byron=Q3",
    ]);
    expect(mentionsIn(await align(people, [], text, { surnames: false }))).toHaveLength(3);
  });

  it("takes no place for a surname, and no name without a type for a person", async () => {
    const entities: Given[0] = [
      ["Q1", ["Philip V of Spain"], ["PER"]],
      ["Q2", ["New York"]],
      ["Q3", [`Jo ${"X".repeat(50)}`], ["PER"]],
    ];
    const text = `Philip V of Spain and Jo ${"X".repeat(50)} saw New York. Spain is not York, nor ${"Y".repeat(50)}.`;
    expect(mentionsIn(await align(entities, [], text))).toHaveLength(3);
  });

  it("takes pronouns for what the title names where it is asked to", async () => {
    const text = "Ada Lovelace was born. She met Anne Isabella Byron.";
    const more = { title: "Ada Lovelace" };
    const triples: Given[1] = [["Q1", "P25", "Q3"]];
    expect(pairsIn(await align(people, triples, text, {}, more))).toEqual([]);
    const found = await align(people, triples, text, { pronouns: true }, more);
    expect(pairsIn(found)).toEqual(["Q1 P25 Q3"]);
    expect(found.sentences[1]?.mentions[0]).toMatchObject({ found: "pronoun", start: 0, end: 3 });
  });

  it("matches dates and numbers in their normal forms", async () => {
    const entities: Given[0] = [["Q1", ["Apollo 11"]]];
    const triples: Given[1] = [
      ["Q1", "P585", { kind: "date", value: "1969-07-20" }],
      ["Q1", "P571", { kind: "date", value: "1968" }],
      ["Q1", "P1082", { kind: "number", value: "1200000" }],
    ];
    const text = "Apollo 11 landed on July 20, 1969 for 1.2 million people, planned in May 1968.";
    const found = await align(entities, triples, text);
    expect(mentionsIn(found)).toEqual([
      "Apollo 11=Q1",
      "July 20, 1969=1969-07-20",
      "1.2 million=1200000",
      "May 1968=1968-05",
    ]);
    expect([...pairsIn(found)].sort()).toEqual(["Q1 P1082 1200000", "Q1 P571 1968-05", "Q1 P585 1969-07-20"]);
  });

  it("leaves out pairs by distance, relation and stem, and counts them", async () => {
    const entities: Given[0] = [
      ["Q20", ["Norway"]],
      ["Q9043", ["Norwegian"]],
      ["Q585", ["Oslo"]],
    ];
    const triples: Given[1] = [
      ["Q20", "P37", "Q9043"],
      ["Q20", "P36", "Q585"],
      ["Q585", "P17", "Q20"],
    ];
    const text = "Norwegian is spoken in Norway, where many cities such as Oslo are.";
    const found = await align(entities, triples, text, { noSharedStem: true, exclude: ["P17"], maxDistance: 5 });
    expect(pairsIn(found)).toEqual(["Q20 P36 Q585"]);
    expect(found.skipped).toEqual({ "pairs that share a stem": 1, "pairs of relations that are not wanted": 1 });
    const near = await align(entities, triples, text, { maxDistance: 4 });
    expect(near.skipped).toEqual({ "pairs further apart than is wanted": 2 });
  });

  it("leaves out pairs whose types are unusual for the relation", async () => {
    const entities: Given[0] = [
      ["odd", ["Odd Thing"], ["thing"]],
      ...Array.from({ length: 300 }, (_, i) => [`p${i}`, [`Person ${i}x`], ["person"]] as const),
      ["Q1", ["Vienna"], ["city"]],
    ];
    const triples: Given[1] = [
      ["odd", "P19", "Q1"],
      ...Array.from({ length: 300 }, (_, i) => [`p${i}`, "P19", "Q1"] as const),
    ];
    const text = "Odd Thing and Person 7x are from Vienna.";
    const found = await align(entities, triples, text);
    expect(pairsIn(found)).toEqual(["p7 P19 Q1"]);
    expect(found.skipped).toEqual({ "pairs of types that are unusual for the relation": 1 });
    expect(pairsIn(await align(entities, triples, text, { types: "off" }))).toHaveLength(2);
  });

  it("draws as many pairs without a fact as it is asked for, from the seed alone", async () => {
    const text = "Vienna is in Austria, Paris in France.";
    const one = await align(cities, capitals, text, { types: "off", negatives: 0.5 });
    const relations = one.sentences[0]?.pairs.map(({ relation }) => relation) ?? [];
    expect(relations.filter((relation) => relation === null)).toHaveLength(2);
    expect(relations.filter((relation) => relation !== null)).toHaveLength(4);
    expect(await align(cities, capitals, text, { types: "off", negatives: 0.5 })).toEqual(one);
    const seeds = [2, 3, 4, 5].map((seed) => align(cities, capitals, text, { types: "off", negatives: 0.5, seed }));
    const drawn = await Promise.all(seeds);
    expect(drawn.some((other) => JSON.stringify(other) !== JSON.stringify(one))).toBe(true);
  });

  it("ends no sentence inside a name", async () => {
    const found = await align([["Q1", ["Who? What! Where."]]], [], "They played Who? What! Where. Then they left.");
    expect(found.sentences.map(({ text }) => text)).toEqual(["They played Who? What! Where.", "Then they left."]);
  });
});
