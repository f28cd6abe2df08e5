/**
 * Encodes the lines of standard input with a model folder's tokenizer, one JSON object {ids, offsets} a line:
 * `node scripts/encode-lines.js FOLDER < FILE`, after `npm run build`. scripts/compare_tokenizers.py reads them.
 */
import { createInterface } from "node:readline";
import { loadTokenizer } from "../dist/text/index.js";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("error: no folder was given; expected node scripts/encode-lines.js FOLDER");
  process.exit(2);
}
const tokenizer = await loadTokenizer(folder);
// JSON strings, so that a line may hold any character.
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(tokenizer.encode(JSON.parse(line))));
}
