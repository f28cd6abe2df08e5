import type { TreeSummary } from "../../data/tree-data.js";
import { counted } from "../../phrases.js";
import type { Output } from "../output.js";

/** What `inspect` says of a file of dependency trees. */
export function reportTrees(path: string, trees: TreeSummary, output: Output): void {
  const { sentences, words, wordsNoPunct, relations, skipped } = trees;
  output.say(
    `dependency trees: ${counted(sentences, "sentence")}, ${counted(words, "word")}, ${wordsNoPunct} of them no punctuation`,
  );
  for (const [reason, count] of Object.entries(skipped)) output.say(`no tree ${count}: ${reason}`);
  const width = Math.max(8, ...relations.map(({ relation }) => relation.length));
  output.say(`${"relation".padEnd(width)}     words`);
  for (const { relation, count } of relations) output.say(`${relation.padEnd(width)}  ${String(count).padStart(8)}`);
  output.say(`words in a sentence: ${(sentences === 0 ? 0 : words / sentences).toFixed(1)} on average`);
  output.result({ kind: "data", path, ...trees });
}
