/**
 * Writes examples/company: sentences about invented companies, as facts, as dependency trees and as entity types.
 * The same files come out on every machine. Use: node scripts/company-data.js
 */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../examples/company");

/** Invented companies, the words that follow the name, and what each one makes. */
const companies = `
Marlow Pumps|heat pumps   Tarn Optics|camera lenses   Eldmere Mills|oat flour   Quill and Sons|fountain pens
Hollin Boats|rowing boats   Brackwater Glass|window glass   Fenby Strings|violin strings   Orrin Tools|hand drills
Saltby Foods|fish soup   Wend Robotics|milking robots   Corvan Paper|drawing paper   Lathom Bells|church bells
Perrin Seeds|barley seed   Dunmore Cycles|cargo bicycles   Ashlock Doors|fire doors   Kestle Maps|sea charts
Vannard Clocks|tower clocks   Mirefield Dairy|goat cheese   Tollan Steel|railway wheels   Ivory Lane Games|chess sets
Gorse Candles|beeswax candles   Pellworth Lamps|street lamps   Rusk Bakery|rye bread   Sennet Pianos|concert pianos
Blythe Batteries|bicycle batteries   Harrow Gate Shoes|climbing shoes   Nordal Engines|ship engines   Crane and Tull|steam irons
Winter Tea|mountain tea   Ostrom Scales|letter scales   Farrow Kites|kites   Linnet Radio|kitchen radios
Moorside Wool|wool blankets   Tidewell Nets|fishing nets   Arden Bricks|roof tiles   Calder Ovens|pizza ovens
Juniper Soap|lemon soap   Stroud Locks|safe locks   Vesper Tents|winter tents   Beckett Cranes|harbour cranes
Alder Furniture|school desks   Ravel Yarn|sewing thread   Thornby Jam|cherry jam   Umber Paint|wall paint
Pike Elevators|goods lifts   Skerry Salt|sea salt   Lowick Trains|night trains   Garnet Drums|marching drums
Hatch Printers|book presses   Mallard Coats|rain coats   Sorrel Honey|forest honey   Tern Sails|racing sails
Wexley Chairs|garden chairs   Yarrow Medicine|cough syrup   Zephyr Fans|ceiling fans   Elver Wires|copper wire
Fallow Bridges|foot bridges   Nettle Cloth|linen cloth   Oxbow Turbines|water turbines   Plover Toys|wooden toys`;
const places =
  "Tarnby Eldmere Norwick Saltby Brackwater Holm Dunmore Ashwick Ketterby Valeford Portlinden Mirefield Skerry Lowick Wexley Thornby Gorsefield Calderhaven Oxbow Harlow Pell Arden Stroud".split(
    " ",
  );
const firstNames = "Ada Bruno Clara Dario Edith Felix Greta Hugo Ines Jonas Karin Leo Mira Nils Olga Paul".split(" ");
const lastNames =
  "Varga Lindqvist Okoro Halloran Petrov Sandoval Mbeki Kowalski Tanaka Ferrante Dubois Ahmed Novak Reyes".split(" ");

/** Sentences of each relation: {s} is the company, {o} the other name. No test pattern is a training pattern. */
const patterns = {
  headquarters: {
    train: [
      "{s} has its head office in {o} .",
      "The headquarters of {s} are in {o} .",
      "{s} is based in {o} .",
      "{o} is home to the head office of {s} .",
      "From its offices in {o} , {s} sells to forty countries .",
      "{s} , a company from {o} , has opened a shop .",
      "The head office of {s} is found in {o} .",
      "{s} moved to {o} ten years ago .",
      "In {o} , the offices of {s} look out over the river .",
      "{o} is where {s} has its headquarters .",
    ],
    dev: ["The main office of {s} stands in {o} .", "{s} moved its headquarters to {o} ."],
    test: ["Visitors to {o} often pass the headquarters of {s} .", "{s} , based in {o} , is hiring ."],
  },
  founder: {
    train: [
      "{o} founded {s} .",
      "{s} was founded by {o} .",
      "{o} is the founder of {s} .",
      "{s} was started by {o} in a garage .",
      "The founder of {s} is called {o} .",
      "{o} , founder of {s} , still visits the factory .",
      "Long ago , {o} founded a company called {s} .",
      "{s} owes its beginning to {o} , its founder .",
      "{s} was set up by {o} .",
      "When {o} founded {s} , there were only three workers .",
    ],
    dev: ["{o} set up {s} with borrowed money .", "{s} is the creation of its founder , {o} ."],
    test: ["It was {o} who founded {s} .", "{s} was founded by a young engineer , {o} ."],
  },
  "chief executive": {
    train: [
      "{o} runs {s} .",
      "{o} is the chief executive of {s} .",
      "{s} is led by {o} .",
      "The chief executive of {s} is {o} .",
      "{s} named {o} as its new chief executive .",
      "{o} leads {s} .",
      "{o} , chief executive of {s} , gave a speech .",
      "The company {s} is run by {o} .",
      "{o} was chosen to lead {s} .",
      "{o} became the head of {s} last spring .",
    ],
    dev: ["{o} took over as head of {s} .", "At {s} , {o} is in charge ."],
    test: ["{s} is run by its chief executive , {o} .", "The board of {s} chose {o} to lead it ."],
  },
  product: {
    train: [
      "{s} makes {o} .",
      "{s} is known for its {o} .",
      "{s} sells {o} to schools and shops .",
      "The {o} of {s} are sold in many shops .",
      "Workers at {s} produce {o} .",
      "{s} is a maker of {o} .",
      "The factory of {s} makes {o} .",
      "{o} made by {s} are of good quality .",
      "{s} produces and repairs {o} .",
      "Nobody makes better {o} than {s} .",
    ],
    dev: ["{s} builds and repairs {o} .", "Customers buy {o} from {s} ."],
    test: ["{s} produces {o} of high quality .", "The workers of {s} make {o} by hand ."],
  },
  owner: {
    train: [
      "{s} belongs to {o} .",
      "{o} owns {s} .",
      "{s} is owned by {o} .",
      "{o} is the parent company of {s} .",
      "{s} was bought by {o} .",
      "{s} , owned by {o} , has many workers .",
      "{o} bought {s} last year .",
      "{s} is part of the group of {o} .",
      "The owner of {s} is {o} .",
      "All shares of {s} are in the hands of {o} .",
    ],
    dev: ["{o} holds all shares of {s} .", "{s} is a part of {o} ."],
    test: ["{s} is a company that {o} owns .", "Last year {o} bought all of {s} ."],
  },
};

const random = generator(7);
const pick = (items) => items[Math.floor(random() * items.length)];

function* allFacts() {
  const rows = companies
    .trim()
    .split(/\s{2,}|\n/)
    .map((row) => row.split("|"));
  for (const [index, [name, product]] of rows.entries()) {
    const split = index % 6 === 5 ? "test" : index % 6 === 4 ? "dev" : "train";
    const person = () => `${pick(firstNames)} ${pick(lastNames)}`;
    const owner = rows[(index * 7 + 13) % rows.length][0];
    const objects = {
      headquarters: pick(places),
      founder: person(),
      "chief executive": person(),
      product,
      owner: owner === name ? rows[0][0] : owner,
    };
    for (const [relation, object] of Object.entries(objects)) yield { split, name, relation, object };
  }
}

const types = {
  headquarters: "place",
  founder: "person",
  "chief executive": "person",
  product: "product",
  owner: "company",
};

/** One sentence as a record of Wiki80 (words, entities as ranges of words) and as one of OpenEntity (characters). */
function sentence(pattern, { name, relation, object }) {
  const token = [];
  const spans = {};
  for (const word of pattern.split(" ")) {
    const value = word === "{s}" ? name : word === "{o}" ? object : undefined;
    if (value === undefined) {
      token.push(word);
      continue;
    }
    const words = value.split(" ");
    spans[word] = { name: value, pos: [token.length, token.length + words.length] };
    token.push(...words);
  }
  return { token, h: spans["{s}"], t: spans["{o}"], relation };
}

function typed({ token, h, t, relation }, subject) {
  const { pos } = subject ? h : t;
  const before = token.slice(0, pos[0]).join(" ");
  const start = before === "" ? 0 : before.length + 1;
  const end = start + token.slice(...pos).join(" ").length;
  return { sent: token.join(" "), start, end, labels: [subject ? "company" : types[relation]] };
}

const facts = { train: [], dev: [], test: [] };
for (const fact of allFacts()) {
  const own = patterns[fact.relation][fact.split];
  const count = 2;
  const first = Math.floor(random() * own.length);
  for (let i = 0; i < count; i++) facts[fact.split].push(sentence(own[(first + i) % own.length], fact));
}
for (const split of ["train", "dev", "test"]) {
  write(
    `${split}.jsonl`,
    shuffled(facts[split]).map((record) => JSON.stringify(record)),
  );
  const chosen = shuffled(facts[split]).slice(0, split === "train" ? 200 : 100);
  const records = chosen.map((record, index) => JSON.stringify(typed(record, index % 5 === 4)));
  write(`types-${split}.json`, [`[\n${records.join(",\n")}\n]`]);
}

/* Trees: a small grammar. A phrase is a list of words {form, upos, deprel, head}, head relative to the list, -1 its root. */
const nouns = "company office boat lamp worker engineer factory harbour customer bridge clock train shop drill".split(
  " ",
);
const adjectives = "old small new large quiet famous local empty cheap young".split(" ");
const transitive = "sells builds repairs buys owns paints visits needs".split(" ");
const intransitive = "works waits closes opens grows sleeps".split(" ");
/** Those after a noun and those after a verb differ, so that what a phrase hangs on can be told. */
const prepositions = { nmod: "near behind of beside".split(" "), obl: "with for after before".split(" ") };
const adverbs = "often slowly quickly never today again".split(" ");
const names = "Ada Bruno Clara Dario Edith Felix Greta Hugo Ines Jonas".split(" ");

const word = (form, upos, deprel, head = -1) => ({ form, upos, deprel, head });

/** Puts parts one after another. The root of each hangs on the root of the part at `main`, by its relation there. */
function joined(main, parts) {
  const starts = [];
  let length = 0;
  for (const { words } of parts) {
    starts.push(length);
    length += words.length;
  }
  const rootOf = (index) => starts[index] + parts[index].words.findIndex(({ head }) => head === -1);
  const words = parts.flatMap(({ words: own, deprel }, index) =>
    own.map((entry) => {
      if (entry.head !== -1) return { ...entry, head: entry.head + starts[index] };
      return index === main ? entry : { ...entry, head: rootOf(main), deprel };
    }),
  );
  return words;
}

function nounPhrase(depth = 0) {
  if (random() < 0.2) return [word(pick(names), "PROPN", "root")];
  const parts = [{ words: [word(pick(["the", "a", "this", "every"]), "DET", "root")], deprel: "det" }];
  if (random() < 0.45) parts.push({ words: [word(pick(adjectives), "ADJ", "root")], deprel: "amod" });
  const main = parts.length;
  parts.push({ words: [word(pick(nouns), "NOUN", "root")], deprel: "root" });
  if (depth < 2 && random() < 0.3) parts.push({ words: prepositional("nmod", depth + 1), deprel: "nmod" });
  if (depth < 1 && random() < 0.12) parts.push({ words: relative(), deprel: "acl:relcl" });
  return joined(main, parts);
}

function prepositional(deprel, depth) {
  return joined(1, [
    { words: [word(pick(prepositions[deprel]), "ADP", "root")], deprel: "case" },
    { words: nounPhrase(depth), deprel: "root" },
  ]);
}

function relative() {
  return joined(1, [
    { words: [word("that", "PRON", "root")], deprel: "nsubj" },
    { words: [word(pick(transitive), "VERB", "root")], deprel: "root" },
    { words: nounPhrase(1), deprel: "obj" },
  ]);
}

function clause() {
  const parts = [{ words: nounPhrase(), deprel: "nsubj" }];
  if (random() < 0.25) parts.push({ words: [word(pick(adverbs), "ADV", "root")], deprel: "advmod" });
  const main = parts.length;
  const object = random() < 0.65;
  parts.push({ words: [word(pick(object ? transitive : intransitive), "VERB", "root")], deprel: "root" });
  if (object) parts.push({ words: nounPhrase(), deprel: "obj" });
  if (random() < 0.3) parts.push({ words: prepositional("obl", 1), deprel: "obl" });
  return joined(main, parts);
}

function tree(id) {
  const parts = [{ words: clause(), deprel: "root" }];
  if (random() < 0.2) {
    const second = [
      { words: [word("and", "CCONJ", "root")], deprel: "cc" },
      { words: clause(), deprel: "root" },
    ];
    parts.push({ words: joined(1, second), deprel: "conj" });
  }
  parts.push({ words: [word(".", "PUNCT", "root")], deprel: "punct" });
  const words = joined(0, parts);
  words[0] = { ...words[0], form: words[0].form[0].toUpperCase() + words[0].form.slice(1) };
  const lines = words.map(({ form, upos, deprel, head }, index) => {
    const space = index === words.length - 2 ? "SpaceAfter=No" : "_";
    return [index + 1, form, "_", upos, "_", "_", head + 1, deprel, "_", space].join("\t");
  });
  const text = words.map(({ form }) => form).join(" ");
  return [`# sent_id = ${id}`, `# text = ${text.replace(/ \.$/, ".")}`, ...lines, ""];
}

for (const [split, count] of [
  ["train", 240],
  ["dev", 40],
  ["test", 60],
]) {
  const lines = Array.from({ length: count }, (_, index) => tree(`${split}-${index + 1}`)).flat();
  write(`trees-${split}.conllu`, lines);
}

function write(name, lines) {
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
}

/** mulberry32: numbers from 0 to below 1. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(items) {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
}
