import { afterAll, describe, expect, it } from "vitest";
import { KnowledgeFolders } from "../../testing/knowledge-folders.js";

const folder = new KnowledgeFolders();
afterAll(() => folder.remove());
const { file, known, knownOf, refused } = folder;

const entity = (id: string, names: readonly string[], types: readonly string[] = []) => ({ id, names, types });

const [wd, wdt] = ["http://www.wikidata.org/entity/", "http://www.wikidata.org/prop/direct/"];
const label = "<http://www.w3.org/2000/01/rdf-schema#label>";
const other = "<http://www.w3.org/2004/02/skos/core#altLabel>";
const xsd = "http://www.w3.org/2001/XMLSchema#";

describe("Wikidata's truthy dump", () => {
  const truthy = `
<${wd}Q40> ${label} "Austria"@en .
<${wd}Q40> <http://schema.org/name> "Austria"@en .
<${wd}Q40> ${label} "\\u00D6sterreich"@de .
<${wd}Q40> ${other} "Republic of \\"Austria\\""@en .
<${wd}Q40> <http://schema.org/description> "a country"@en .
<${wd}Q40> <${wdt}P31> <${wd}Q6256> .
<${wd}Q40> <${wdt}P36> <${wd}Q1741> .
<${wd}Q40> <${wdt}P571> "1955-07-27T00:00:00Z"^^<${xsd}dateTime> .
<${wd}Q40> <${wdt}P576> "1938-01-01T00:00:00Z"^^<${xsd}dateTime> .
<${wd}Q40> <${wdt}P1082> "+8979894"^^<${xsd}decimal> .
<${wd}Q40> <${wdt}P625> "Point(14 47)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .
<${wd}Q40> <${wdt}P856> <https://austria.example/> .
<${wd}Q40> <${wdt}P6> _:genid1 .
<${wd}Q40> <http://www.wikidata.org/prop/direct-normalized/P214> <http://viaf.org/1> .
<${wd}P36> ${label} "capital"@en .
<${wd}P36> <${wdt}P31> <${wd}Q1> .
<${wd}Q1741> ${label} "Wien"@mul .
<${wd}Q6256> ${label} "country"@en .
`;

  it("gives names in a language, types, dates as far as they are known, and labels of relations", async () => {
    const { entities, triples, relations, manifest } = await knownOf(truthy);
    expect(entities).toEqual([
      entity("Q1741", ["Wien"]),
      entity("Q40", ["Austria", 'Republic of "Austria"'], ["Q6256"]),
      entity("Q6256", ["country"]),
    ]);
    expect(triples).toEqual([
      "Q40 P1082 number:8979894",
      "Q40 P31 Q6256",
      "Q40 P36 Q1741",
      "Q40 P571 date:1955-07-27",
      "Q40 P576 date:1938",
    ]);
    expect(relations).toMatchObject({ P36: "capital", P31: "P31" });
    expect(manifest.sources).toMatchObject([{ format: "ntriples", records: 18 }]);
    expect(manifest.skipped).toEqual({
      ...{ "no-fact": 3, "other-language": 1, "other-kind-of-value": 2, "unknown-value": 1, "about-no-item": 1 },
    });
  });

  it("has names in other languages, too", async () => {
    const { entities } = await knownOf(truthy, { language: "de" });
    expect(entities).toEqual([entity("Q1741", ["Wien"]), entity("Q40", ["Österreich"], ["Q6256"])]);
  });

  it("is read whatever its blocks are cut into, and one line of it may be wrong", async () => {
    const many = Array.from(
      { length: 6000 },
      (_, i) =>
        `<${wd}Q${i + 1}> ${label} "näme ${i}"@en .\n<${wd}Q${i + 1}> <${wdt}P1> <${wd}Q${((i * 7) % 6000) + 1}> .\n`,
    );
    const path = await file(`${many.join("")}<a> <b> .\n`);
    const { manifest, places } = await known([path], { mostBad: 0.1 });
    expect(manifest.counts).toMatchObject({ entities: 6000, triples: 6000 });
    expect(manifest.faults).toEqual({ "not-a-triple": 1 });
    expect(places["not-a-triple"]).toEqual([`${path}:12001`]);
  });
});

describe("other RDF", () => {
  const turtle = `@prefix : <http://e.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:a rdfs:label "Anna", "Anne"@fr ; a :Person ; :knows :b ; :born "1980-01-01"^^<${xsd}date> ; :tall 1.70 ; :alive true .
:b rdfs:label "Ben"@en ; rdfs:comment "Somebody." ; :says "Hello\\nyou" .
:Person rdfs:label "person" .
:knows rdfs:label "knows"@en .
[] :knows :a .
`;
  const triples = [
    "http://e.org/a http://e.org/born date:1980-01-01",
    "http://e.org/a http://e.org/knows http://e.org/b",
    "http://e.org/a http://e.org/tall number:1.7",
    "http://e.org/a http://www.w3.org/1999/02/22-rdf-syntax-ns#type http://e.org/Person",
    "http://e.org/b http://e.org/says text:Hello you",
  ];

  it("is read as Turtle", async () => {
    const found = await knownOf(turtle);
    expect(found.entities).toEqual([
      entity("http://e.org/Person", ["person"]),
      entity("http://e.org/a", ["Anna"], ["http://e.org/Person"]),
      entity("http://e.org/b", ["Ben"]),
    ]);
    expect(found.triples).toEqual(triples);
    expect(found.relations).toMatchObject({ "http://e.org/knows": "knows", "http://e.org/tall": "tall" });
    expect(found.manifest.sources).toMatchObject([{ format: "turtle" }]);
  });

  it.each([
    ["@prefix : <http://e.org/> .\n:a :b c:d .\n", 'file-\\d+:2: not Turtle \\(Undefined prefix "c:"'],
    ["@prefix : <http://e.org/> .\n:a :b :c", "not Turtle"],
    [`@prefix : <http://e.org/> .\n:a :b """${"x".repeat(5_000_000)}`, "no triple within 4194304 bytes"],
    ["<a> <b> <c> .\n<a> <b> <c> ; <d> <e> .\n", "1 of 2 records are wrong"],
  ])("is refused where it is broken (%#)", async (content, message) => {
    expect(await refused(content)).toMatch(new RegExp(message));
  });
});

describe("Wikidata's JSON", () => {
  const snak = (type: string, value: unknown, datatype?: string) => ({
    ...{ snaktype: "value", datatype, datavalue: { type, value } },
  });
  const item = (id: string) => snak("wikibase-entityid", { id, "entity-type": "item" });
  const time = (text: string, precision: number) => snak("time", { time: text, precision });
  const claim = (mainsnak: object, rank = "normal") => ({ mainsnak, rank });
  const records = [
    {
      ...{ type: "item", id: "Q40", labels: { en: { value: "Austria" }, de: { value: "Österreich" } } },
      aliases: { en: [{ value: "Republic of Austria" }, { value: "a\u0007" }] },
      claims: {
        P31: [claim(item("Q6256"))],
        P36: [claim(item("Q1")), claim(item("Q1741"), "preferred"), claim(item("Q2"), "deprecated")],
        P571: [claim(time("+1955-07-27T00:00:00Z", 11)), claim(time("+1156-00-00T00:00:00Z", 9))],
        P580: [claim(time("-0044-03-15T00:00:00Z", 11)), claim(time("+1900-00-00T00:00:00Z", 7))],
        P1082: [claim(snak("quantity", { amount: "+8979894", unit: "1" }))],
        P1448: [claim(snak("monolingualtext", { text: "Austria", language: "en" }))],
        P214: [claim(snak("string", "1", "external-id"))],
        P856: [claim(snak("string", "https://a.example", "url"))],
        P6: [claim({ snaktype: "somevalue" }), claim({ snaktype: "novalue" })],
      },
    },
    { type: "item", id: "Q1741", labels: { mul: { value: "Wien" } }, aliases: [], claims: [] },
    { type: "item", id: "Q6256", labels: { en: { value: "country" } }, claims: { __proto__: [] } },
    { type: "property", id: "P36", labels: { en: { value: "capital" } }, claims: {} },
    { type: "lexeme", id: "L1", lemmas: {} },
  ];
  const dump = `[\n${records.map((record) => JSON.stringify(record)).join(",\n")}\n]\n`;

  it("gives the statements of the best rank, dates as exact as they are known, and counts the rest", async () => {
    const { entities, triples, relations, manifest } = await knownOf(dump);
    expect(entities).toEqual([
      entity("Q1741", ["Wien"]),
      entity("Q40", ["Austria", "Republic of Austria"], ["Q6256"]),
      entity("Q6256", ["country"]),
    ]);
    expect(triples).toEqual([
      "Q40 P1082 number:8979894",
      "Q40 P1448 text:Austria",
      "Q40 P31 Q6256",
      "Q40 P36 Q1741",
      "Q40 P571 date:1156",
      "Q40 P571 date:1955-07-27",
      "Q40 P580 date:-0043-03-15",
    ]);
    expect(relations["P36"]).toBe("capital");
    expect(manifest.sources).toMatchObject([{ format: "wikidata", records: 5 }]);
    expect(manifest.skipped).toEqual({
      ...{ deprecated: 1, "imprecise-date": 1, "external-id": 1, "other-kind-of-value": 1, "unknown-value": 1 },
      ...{ "no-value": 1, "unusable-text": 1, "about-no-item": 1 },
    });
  });

  it("may have a line each, and nonsense in any field", async () => {
    const nonsense = ["labels", "aliases", "claims"].flatMap((key) =>
      [null, 1, "x", [], [[]], { en: 5, P1: 7 }, { en: [null, { value: 3 }], P1: [null, { mainsnak: [] }] }].map(
        (value, i) => ({ ...records[0], id: `Q${i + 100}`, [key]: value }),
      ),
    );
    const content = [...records, ...nonsense, { id: "Q0", labels: {} }]
      .map((one) => `${JSON.stringify(one)}\n`)
      .join("");
    const { manifest } = await knownOf(content, { mostBad: 0.1 });
    expect(manifest.faults).toEqual({ "no-id": 1 });
    expect(manifest.counts.triples).toBeGreaterThan(7);
  });
});

describe("Neo4j's tables", () => {
  it("are nodes and relationships, whose ids stand in spaces", async () => {
    const people = await file(
      "personId:ID(Person),:LABEL,name,aliases:string[],born:int,note,alive:boolean\n1,Person;Actor,Keanu Reeves,Neo;K. R.,1964,likes: bikes,true\n",
    );
    const films = await file(":ID(Film),name,:LABEL\n1,The Matrix,Film\n");
    const roles = await file(":START_ID(Person),role,:END_ID(Film),:TYPE\n1,Neo,1,ACTED_IN\n");
    const { entities, triples } = await known([people, films, roles]);
    expect(entities).toEqual([
      entity("Film/1", ["The Matrix"], ["Film"]),
      entity("Person/1", ["Keanu Reeves", "Neo", "K. R."], ["Actor", "Person"]),
    ]);
    expect(triples).toEqual([
      "Person/1 ACTED_IN Film/1",
      "Person/1 born number:1964",
      "Person/1 note text:likes: bikes",
    ]);
  });

  it("may be APOC's single file", async () => {
    const { entities, triples, manifest } = await knownOf(
      '"_id","_labels","name","born","_start","_end","_type"\n"0",":Person","Ann","1980",,,\n"1",":City","Graz","",,,\n,,,,"0","1","LIVES_IN"\n',
    );
    expect(entities).toEqual([entity("0", ["Ann"], ["Person"]), entity("1", ["Graz"], ["City"])]);
    expect(triples).toEqual(["0 LIVES_IN 1", "0 born date:1980"]);
    expect(manifest.sources).toMatchObject([{ format: "neo4j", records: 3 }]);
  });

  it.each([
    [":START_ID,:END_ID,:TYPE\n1,,X\n", "no-object"],
    [":START_ID,:END_ID,:TYPE\n1,2,\n", "no-relation"],
    [":START_ID,:END_ID,:TYPE\n,,\n", "no-id"],
    [":ID,name\n1\n", "wrong-number-of-cells"],
  ])("are refused where they are %j", async (content, reason) => {
    expect(await refused(content)).toContain(`1: ${reason}`);
  });
});
