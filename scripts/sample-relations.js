// Draws a sample of relation examples, of one part of a split by subject if asked, and writes it as Wiki80's JSON Lines.
//
//   node scripts/sample-relations.js FILE [FILE …] OUT [--limit N] [--seed N] [--part train|dev|test] [--shares 80,10,10] \
//     [--ids pid2name.json] [--without FILE …]
//
// Parts hold 80, 10 and 10 % of the subjects (--shares): no subject stands in two of them. --ids makes relations of several
// data sets comparable: names become the ids that FewRel's pid2name.json gives them. --without leaves out, and counts,
// relations and sentences that stand in another file. Needs `npm run build`.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { partOf, readRelations } from "../dist/data/index.js";
import { wiki80Record } from "../dist/demo/index.js";
import { sentenceKey } from "../dist/experiments/index.js";
import { writeFileAtomically } from "../dist/files/atomic.js";
import { RandomStream } from "../dist/random.js";

const text = { type: "string" };
const { values, positionals } = parseArgs({
  options: {
    limit: text,
    seed: { ...text, default: "1" },
    part: text,
    shares: { ...text, default: "80,10,10" },
    ids: text,
    without: { ...text, multiple: true, default: [] },
  },
  allowPositionals: true,
});
const inputs = positionals.slice(0, -1);
const output = positionals.at(-1);
if (!output || inputs.length === 0) throw new Error("usage: sample-relations.js FILE [FILE …] OUT [options]");

const [train = 0, dev = 0, test = 0] = values.shares.split(",").map(Number);
const parts = { train, dev, test };
const ids = new Map(
  Object.entries(values.ids === undefined ? {} : JSON.parse(readFileSync(values.ids, "utf8"))).map(([id, [name]]) => [
    name.toLowerCase(),
    id,
  ]),
);
const relationOf = ({ relation }) => ids.get(relation.toLowerCase()) ?? relation;

let skipped = 0;
const onSkip = () => skipped++;
const known = { relations: new Set(), sentences: new Set() };
for (const file of values.without) {
  for await (const example of readRelations(file, { onSkip })) {
    known.relations.add(relationOf(example));
    known.sentences.add(sentenceKey(example));
  }
}

const examples = [];
const left = { relations: 0, sentences: 0 };
for (const input of inputs) {
  for await (const example of readRelations(input, { onSkip })) {
    if (values.part !== undefined && partOf(example, parts) !== values.part) continue;
    const relation = relationOf(example);
    if (known.relations.has(relation)) left.relations++;
    else if (known.sentences.has(sentenceKey(example))) left.sentences++;
    else examples.push({ ...example, relation });
  }
}
const order = new RandomStream(Number(values.seed), "sample").shuffle([...examples.keys()]);
const chosen = order.slice(0, values.limit === undefined ? undefined : Number(values.limit)).sort((a, b) => a - b);
const lines = chosen.map((i) => JSON.stringify(wiki80Record(examples[i])));
await writeFileAtomically(output, `${lines.join("\n")}\n`);
const without =
  values.without.length === 0
    ? ""
    : `; left out ${left.relations} of relations and ${left.sentences} sentences that stand in ${values.without.join(" ")}`;
console.log(
  `${chosen.length} of ${examples.length} examples${without}${skipped > 0 ? `; ${skipped} gave no example` : ""}`,
);
