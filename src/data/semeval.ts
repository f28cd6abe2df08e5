import { userError } from "../errors.js";
import { type Line, readLines } from "./records.js";
import { example, type LabelOptions, type RelationExample } from "./relation-example.js";

const format = 'blocks of `id TAB "text with <e1>…</e1> and <e2>…</e2>"` and a relation, then an empty line';

/**
 * Reads SemEval-2010 Task 8's own files (`TRAIN_FILE.TXT`, `TEST_FILE_FULL.TXT`, and test files without relations).
 * e1 is the subject; comments are passed over.
 */
export async function* readSemEval(path: string, options: LabelOptions = {}): AsyncGenerator<RelationExample> {
  let block: Line[] = [];
  for await (const line of readLines(path)) {
    // A test file without relations has a sentence a line and nothing between them.
    const next = /^\d+\t/.test(line.text) && block.length > 0;
    if (line.text.trim() === "" || next) {
      if (block.length > 0) yield parseBlock(path, block, options);
      block = [];
    }
    if (line.text.trim() === "" || line.text.startsWith("Comment:")) continue;
    if (block.length === 2) throw broken(`${path}:${line.line}`, "a third line in a block");
    block.push(line);
  }
  if (block.length > 0) yield parseBlock(path, block, options);
}

const broken = (where: string, what: string): Error =>
  userError({ where, what, expected: format, fix: "repair the record" });

function parseBlock(path: string, [first, second]: readonly Line[], { unlabelled }: LabelOptions): RelationExample {
  const where = `${path}:${first?.line}`;
  const match = /^(\d+)\t(.*)$/s.exec(first?.text ?? "");
  if (!match) throw broken(where, "the line is no sentence with a number before it");
  const [, id, quoted = ""] = match;
  const marked = quoted.trimEnd().replace(/^"/, "").replace(/"$/, "");
  if (!second && !unlabelled) throw broken(where, `the sentence ${id} has no relation`);
  const relation = second?.text.trim() ?? "";
  if (relation.length > 4096) throw broken(`${path}:${second?.line}`, "the relation is longer than 4096 characters");
  const { text, spans } = takeTags(marked, where);
  return example(text, spans.e1, spans.e2, relation, where, { id });
}

/** The text without its tags, and where the tagged words stand in it. */
function takeTags(marked: string, where: string) {
  const at: Record<string, number> = {};
  let text = "";
  for (const part of marked.split(/(<\/?e[12]>)/)) {
    if (!/^<\/?e[12]>$/.test(part)) text += part;
    else if (part in at) throw broken(where, `${part} stands there twice`);
    else at[part] = text.length;
  }
  const span = (name: "e1" | "e2") => {
    const [start, end] = [at[`<${name}>`], at[`</${name}>`]];
    if (start === undefined || end === undefined || start >= end) throw broken(where, `no words stand in <${name}>`);
    return { start, end };
  };
  return { text, spans: { e1: span("e1"), e2: span("e2") } };
}
