/** Dependency trees for the slow tests. */
import { writeFile } from "node:fs/promises";
import { demoExamples } from "../src/demo/examples.js";

/** Chains of the demo's sentences: each word depends on the one before it, and a full stop on the first word. */
export async function writeTrees(path: string, from: number, count: number): Promise<string> {
  const blocks = demoExamples("train")
    .slice(from, from + count)
    .map(({ text }, i) => {
      const words = [...text.matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)];
      const lines = words.map(({ 0: form, index }, w) => {
        const glued = words[w + 1]?.index === index + form.length;
        const punct = /^\P{L}$/u.test(form) && w > 0;
        const [head, relation] = w === 0 ? [0, "root"] : punct ? [1, "punct"] : [w, w % 2 ? "dep:odd" : "dep"];
        const upos = punct ? "PUNCT" : "X";
        return [w + 1, form, "_", upos, "_", "_", head, relation, "_", glued ? "SpaceAfter=No" : "_"].join("\t");
      });
      return [`# sent_id = ${from + i}`, ...lines, "", ""].join("\n");
    });
  await writeFile(path, blocks.join(""));
  return path;
}
