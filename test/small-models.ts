/**
 * A tiny random model of every kind, with a tokenizer of its own, and data of every task.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backboneDefinition, backboneDefinitions } from "../src/backbones/index.js";
import { demoExamples, writeDemoData } from "../src/demo/examples.js";
import { initialValue } from "../src/nn/index.js";
import { float32Tensor } from "../src/tensor.js";
import { smallConfig } from "../src/testing/small-backbones.js";
import { trainBpe } from "../src/text/bpe-trainer.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";

export const backboneKinds: readonly string[] = [...backboneDefinitions.keys()];

interface TokenizerFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly vocabSize: number;
  readonly pad: number;
}

const symbols = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"()@#-"];

function wordsOf(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => text.match(/[A-Za-z]{2,}/g) ?? []))].slice(0, 400);
}

function wordPiece(texts: readonly string[]): TokenizerFiles {
  const words = wordsOf(texts).filter((word) => word.length > 1);
  const continued = symbols.map((symbol) => `##${symbol}`);
  const vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...symbols, ...continued, ...words];
  const files = { "vocab.txt": vocab.join("\n"), "tokenizer_config.json": JSON.stringify({ do_lower_case: false }) };
  return { files, vocabSize: vocab.length, pad: 0 };
}

/** XLM-RoBERTa's layout, or XLNet's. */
function unigram(texts: readonly string[], specials: readonly string[]): TokenizerFiles {
  const rows: [string, number][] = [
    ...specials.map((name): [string, number] => [name, 0]),
    ["▁", -3],
    ...symbols.map((symbol): [string, number] => [symbol, -12]),
    ...wordsOf(texts).map((word, i): [string, number] => [`▁${word}`, -4 - i / 100]),
  ];
  const added = specials.map((content, id) => ({ id, content, special: true }));
  const json = {
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
    decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
    model: { type: "Unigram", unk_id: specials.indexOf("<unk>"), vocab: rows },
  };
  return { files: { "tokenizer.json": JSON.stringify(json) }, vocabSize: rows.length, pad: specials.indexOf("<pad>") };
}

async function byteLevel(texts: readonly string[]): Promise<TokenizerFiles> {
  const { vocabJson, mergesTxt, vocabSize } = await trainBpe(texts, { vocabSize: 600 });
  return { files: { "vocab.json": vocabJson, "merges.txt": mergesTxt }, vocabSize, pad: 1 };
}

/** GPT-2's has one special token, the last. */
async function gpt2(texts: readonly string[]): Promise<TokenizerFiles> {
  const { files } = await byteLevel(texts);
  const names = Object.keys(JSON.parse(files["vocab.json"] as string)).filter((token) => !/^<.+>$/.test(token));
  const vocab = Object.fromEntries([...names, "<|endoftext|>"].map((token, id) => [token, id]));
  return {
    files: { ...files, "vocab.json": JSON.stringify(vocab) },
    vocabSize: names.length + 1,
    pad: names.length,
  };
}

type MakeTokenizer = (texts: readonly string[]) => TokenizerFiles | Promise<TokenizerFiles>;

const tokenizers: ReadonlyMap<string, MakeTokenizer> = new Map<string, MakeTokenizer>([
  ["bert", wordPiece],
  ["distilbert", wordPiece],
  ["electra", wordPiece],
  ["roberta", byteLevel],
  ["gpt2", gpt2],
  ["xlm-roberta", (texts) => unigram(texts, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])],
  ["xlnet", (texts) => unigram(texts, ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>"])],
]);

async function tokenizerOf(kind: string, texts: readonly string[]): Promise<TokenizerFiles> {
  const make = tokenizers.get(kind);
  if (!make) throw new Error(`test/small-models.ts: say what tokenizer a model of the kind ${kind} has`);
  return make(texts);
}

/** Writes a model's folder: two layers of width 16, weights drawn anew, its language-model head among them. */
export async function writeSmallModel(folder: string, kind: string, texts: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { files, vocabSize, pad } = await tokenizerOf(kind, texts);
  const positions = kind === "gpt2" ? { n_positions: 64 } : kind === "xlnet" ? {} : { max_position_embeddings: 66 };
  const json = { ...smallConfig(kind), vocab_size: vocabSize, pad_token_id: pad, eos_token_id: pad, ...positions };
  const definition = backboneDefinition(json, kind);
  const backbone = definition.build(definition.parseConfig(json, kind));
  const all = [...backbone.parameters, ...backbone.headParameters, ...(backbone.targets?.parameters ?? [])];
  const tensors = all.map((parameter) => {
    return [parameter.name, float32Tensor(parameter.shape, initialValue(parameter, 1))] as const;
  });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
  await writeFile(join(folder, "config.json"), JSON.stringify(json));
}

type Pair = readonly [train: string, dev: string];

/** A word a line: its head, counted from 1. */
function conllu(words: readonly string[], heads: readonly number[]): string {
  return words.map((word, i) => [i + 1, word, "_", "X", "_", "_", heads[i], "dep", "_", "_"].join("\t")).join("\n");
}

/** Small files of every task, the same for all models. */
export async function taskFiles(folder: string) {
  const { train, dev } = await writeDemoData(folder, { perRelation: { train: 2, dev: 1, test: 1 } });
  const texts = demoExamples("train").map(({ text }) => text);
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const both = async (name: string, text: string): Promise<Pair> => {
    const file = await write(name, text);
    return [file, file];
  };
  const tree = conllu(["Vienna", "is", "the", "capital", "of", "Austria"], [4, 4, 4, 0, 6, 4]);
  const mentions = ["Vienna", "Austria"].map((name) => {
    const sent = "Vienna is the capital of Austria .";
    return { sent, start: sent.indexOf(name), end: sent.indexOf(name) + name.length, labels: [`type of ${name}`] };
  });
  const choice = ["Vienna is the capital of Austria .", "Which city is it ?", "Vienna", "Rome", "Bern", "Linz"];
  const rows = [0, 1, 0, 1].map((label, i) => [`q${i}`, ...choice, label].join(","));
  const header = "id,context,question,answer0,answer1,answer2,answer3,label";
  const question = ["What", "is", "the", "capital", "of", "Austria", "?"];
  const paragraph = (i: number) => ({
    id: [`q${i}`, 0],
    question,
    document: ["Vienna", "is", "the", "capital", "of", "Austria", ",", "a", "country", "."],
  });
  const asked = [0, 1].map(() => JSON.stringify({ question: question.join(" "), answers: ["Vienna"] }));
  await write("questions.json", [0, 1].map((i) => JSON.stringify([paragraph(i)])).join("\n"));
  return {
    texts,
    text: await write("text.txt", texts.slice(0, 120).join("\n")),
    relations: [train, dev] as Pair,
    trees: await both("trees.conllu", `${Array.from({ length: 8 }, () => tree).join("\n\n")}\n\n`),
    typing: await both("typing.json", JSON.stringify([...mentions, ...mentions])),
    choices: await both("choices.csv", `${[header, ...rows].join("\n")}\n`),
    questions: await both("questions.txt", asked.join("\n")),
  };
}
