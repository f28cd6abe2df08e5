// Draws a sample of relation examples, of one part of a split by subject if asked, and writes it as Wiki80's JSON Lines.
//
//   node scripts/sample-relations.js FILE OUT [--limit N] [--seed N] [--part train|dev|test]
//
// Parts hold 80, 10 and 10 % of the subjects: no subject stands in two of them. Needs `npm run build`.
import { parseArgs } from "node:util";
import { partOf, readRelations } from "../dist/data/index.js";
import { wiki80Record } from "../dist/demo/index.js";
import { writeFileAtomically } from "../dist/files/atomic.js";
import { RandomStream } from "../dist/random.js";

const { values, positionals } = parseArgs({
  options: { limit: { type: "string" }, seed: { type: "string", default: "1" }, part: { type: "string" } },
  allowPositionals: true,
});
const [input, output] = positionals;
if (!input || !output) throw new Error("usage: sample-relations.js FILE OUT [--limit N] [--seed N] [--part NAME]");

const parts = { train: 0.8, dev: 0.1, test: 0.1 };
const examples = [];
for await (const example of readRelations(input)) {
  if (values.part === undefined || partOf(example, parts) === values.part) examples.push(example);
}
const order = new RandomStream(Number(values.seed), "sample").shuffle([...examples.keys()]);
const chosen = order.slice(0, values.limit === undefined ? undefined : Number(values.limit)).sort((a, b) => a - b);
const lines = chosen.map((i) => JSON.stringify(wiki80Record(examples[i])));
await writeFileAtomically(output, `${lines.join("\n")}\n`);
console.log(`${chosen.length} of ${examples.length} examples`);
