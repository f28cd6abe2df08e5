/**
 * Files that were made to hurt, by reader: what once took seconds, a gigabyte, or a stack. Made here rather than kept, as
 * most are megabytes of the same thing. Each is to be refused in one line, or read, as any other.
 * @module
 */
import { gzipSync } from "node:zlib";

const deep = (open: string, times = 1_000_000) => Buffer.from(open.repeat(times));
const list = (item: string, times = 1_000_000) => Buffer.from(`[${`${item},`.repeat(times - 1)}${item}]`);
const text = (content: string) => Buffer.from(content);

/** Strings that make patterns of the kind `a+…b` try every way. */
const blanks = " ".repeat(500_000);
const marks = "<e1>".repeat(50_000);

/** Entities that name others ten times each, nine levels deep. */
const laughs = Array.from({ length: 9 }, (_, i) =>
  i === 0 ? "a0: &a0 [x,x,x,x,x,x,x,x,x,x]" : `a${i}: &a${i} [${`*a${i - 1},`.repeat(10).slice(0, -1)}]`,
).join("\n");

const doubling = JSON.stringify({ type: "Replace", pattern: { String: "e" }, content: "ee" });
const sequenceOf = (normalizers: string) => `{"type":"Sequence","normalizers":[${normalizers}]}`;
const tokenizerWith = (normalizer: string) =>
  text(
    `{"version":"1.0","added_tokens":[],"normalizer":${normalizer},"pre_tokenizer":{"type":"BertPreTokenizer"},` +
      `"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","vocab":{"[UNK]":0,"e":1}}}`,
  );
const nested = (depth: number) => `${sequenceOf("\0").split("\0")[0]?.repeat(depth)}${doubling}${"]}".repeat(depth)}`;

function safetensorsHeader(header: string, length = Buffer.byteLength(header)): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([size, text(header)]);
}

const bomb = () => gzipSync(Buffer.alloc(200 << 20));

export const hurtful: Readonly<Record<string, () => readonly (readonly [name: string, bytes: Buffer])[]>> = {
  relations: () => [
    ["a million wrong records", list("0")],
    ["records in records", deep("[")],
    ["objects in objects", deep('{"a":')],
    ["marks without an end", text(`1\t"${marks}"\nOther\nComment:\n`)],
    ["a comment of blanks", text(`1\t"<e1>a</e1> <e2>b</e2>"\nOther\nComment:${blanks}x\n`)],
    ["a key of megabytes", text(`{"${"k".repeat(5_000_000)}":[]}`)],
    ["words without end", text(`{"token":${list('"a"').toString()},"h":{"pos":[0,1]},"t":{"pos":[1,2]}}`)],
    ["a bomb", bomb()],
  ],
  knowledge: () => [
    [
      "rows of another length",
      text(`_id,_labels,name,_start,_end,_type\n1,:City,Graz,,,\n${",A\n".repeat(1_000_000)}`),
    ],
    ["a bomb", bomb()],
  ],
  trees: () => [
    ["a comment of blanks", text(`# text =${blanks}x\n1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n\n`)],
    ["a cycle", text("1\ta\ta\tX\t_\t_\t2\tx\t_\t_\n2\tb\tb\tX\t_\t_\t1\tx\t_\t_\n\n")],
    ["a sentence without end", text("1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n".repeat(200_000))],
    ["a bomb", bomb()],
  ],
  facts: () => [
    ["a quotation without end", text(`subject,relation,object\n"${"a".repeat(5_000_000)}`)],
    ["a hundred thousand columns", text(`subject,relation,object${",x".repeat(100_000)}\n`)],
    ["escapes of a terminal", text("subject,relation,object\n\u001b[2J\u001b]0;x\u0007,a,b\n")],
    ["a name that every object has", text("subject,relation,object\n__proto__,constructor,toString\n")],
  ],
  wordings: () => [
    ["holes without end", text(JSON.stringify({ relation: "r", pattern: "[X]".repeat(100_000) }))],
    ["what names itself", text(laughs)],
    ["lists in lists", deep("- ", 100_000)],
  ],
  choices: () => [["a quotation without end", text(`id,context,question,answer0\n1,"${"a".repeat(5_000_000)}`)]],
  types: () => [
    ["a million wrong records", list("0")],
    ["a million labels", text(`[{"sent":"a","start":0,"end":1,"labels":${list("0").toString()}}]`)],
  ],
  questions: () => [
    ["a million wrong paragraphs", text(`[{"question":"q","answer":"a","search_results":${list("0").toString()}}]`)],
  ],
  text: () => [
    ["a bomb", bomb()],
    ["a line without end", Buffer.alloc(70 << 20, "a")],
  ],
  safetensors: () => [
    ["a header longer than the file", safetensorsHeader("{}", 2 ** 40)],
    ["a header in a header", safetensorsHeader('{"a":'.repeat(100_000))],
    [
      "a name that every object has",
      safetensorsHeader('{"__proto__":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
    ],
    [
      "a shape beyond all numbers",
      safetensorsHeader('{"a":{"dtype":"F32","shape":[1e9,1e9,1e9],"data_offsets":[0,0]}}'),
    ],
  ],
  tokenizer: () => [
    ["texts that double", tokenizerWith(sequenceOf(Array(24).fill(doubling).join()))],
    ["sequences in sequences", tokenizerWith(nested(5000))],
    ["brackets", deep("[")],
  ],
  config: () => [["brackets", deep("[")]],
  adapter: () => [["brackets", deep('{"format":')]],
  downstream: () => [["brackets", deep('{"format":')]],
  progress: () => [["brackets", deep('{"step":')]],
  recipe: () => [
    ["what names itself", text(laughs)],
    ["lists in lists", deep("- ", 30_000)],
  ],
  sweep: () => [
    ["what names itself", text(`grid:\n${laughs}`)],
    ["a row that leaves its folder", text("run: finetune relations\nout: x\nrows:\n  ..:\n    epochs: 1\n")],
  ],
};
