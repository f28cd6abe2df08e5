/**
 * Everything that reads a file of somebody else, and files that it reads.
 * @module
 */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveAdapterConfig } from "../src/adapters/config.js";
import { readDownstreamManifest } from "../src/adapters/downstream-folder.js";
import { readAdapterManifest } from "../src/adapters/folder.js";
import { backboneDefinition } from "../src/backbones/index.js";
import { readEntityTyping } from "../src/data/entity-typing.js";
import { readFacts } from "../src/data/facts.js";
import { readLamaFacts } from "../src/data/lama.js";
import { readMultipleChoice } from "../src/data/multiple-choice.js";
import { readOpenQuestions } from "../src/data/open-questions.js";
import { readRelations } from "../src/data/relation-data.js";
import { readTextLines } from "../src/data/text.js";
import { readTrees } from "../src/data/tree-data.js";
import { readPairCounts } from "../src/data/trex/pair-counts.js";
import { readWordings } from "../src/data/wordings.js";
import { readSweep } from "../src/experiments/sweep/sweep-file.js";
import { readJson } from "../src/files/json.js";

import { documentFiles } from "../src/knowledge/documents/document-file.js";
import { readDocuments } from "../src/knowledge/documents/documents.js";
import { importKnowledge } from "../src/knowledge/import.js";
import { factualSettings } from "../src/settings/factual.js";
import { readRecipe } from "../src/settings/recipe.js";
import { madeTrexDocument } from "../src/testing/made-trex.js";
import { parquetOf } from "../src/testing/parquet-writer.js";
import { zipOf } from "../src/testing/zip-writer.js";
import { loadTokenizer } from "../src/text/tokenizer.js";
import { latestCheckpoint } from "../src/training/checkpoint.js";
import { openWeights } from "../src/weights/open.js";
import { torchLegacy, torchZip } from "../test/torch-writer.js";

/** A reader of one kind of file. */
export interface Reader {
  readonly name: string;
  /** What the file is called where the name decides. */
  readonly file: string;
  /** Reads all of it. */
  read(path: string, folder: string): Promise<unknown>;
  /** Whole files. */
  readonly seeds: readonly Buffer[];
}

async function all(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const onSkip = () => undefined;
const example = (name: string) => readFile(join("examples", name));
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

async function readTensors(path: string): Promise<void> {
  const source = await openWeights(path);
  try {
    for (const key of source.keys()) await source.read(key);
  } finally {
    await source.close();
  }
}

/** A header and some floats, as safetensors has them. */
function safetensors(): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      "a.weight": { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
      __metadata__: { format: "pt" },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(16, 1)]);
}

/** A state dict in both formats of torch.save. */
function stateDicts(): Buffer[] {
  const tensors = new Map([["a.weight", { shape: [2, 2], data: new Float32Array(4) }]]);
  return [torchZip(tensors), torchLegacy(tensors)];
}

const someText = "Here the deep river leaves the valley.\n";
const sentencePiece = (file: string) => join("test", "compat", "tokenizers", "xlnet-plain", file);

/** A small tokenizer of each kind that the compatibility tests hold. */
async function tokenizers(): Promise<Buffer[]> {
  const folder = join("test", "compat", "tokenizers");
  const found: Buffer[] = [];
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name, "tokenizer.json")).catch(() => null);
    if (bytes && bytes.length < 60_000) found.push(bytes);
  }
  return found;
}

const hash = "0".repeat(64);
const adapterManifest = {
  format: "kadapter/1",
  features: "adapter",
  architecture: resolveAdapterConfig({ hiddenSize: 64, layers: 4 }, "official"),
  hiddenStates: "float32",
  backbonePrecision: "float32",
  backbone: { name: "x", modelType: "bert", hiddenSize: 64, layers: 4, hash, configHash: hash, tokenizerHash: hash },
  task: { name: "relation-classification", labels: ["a"], maxLength: 128, options: {} },
  recipe: { epochs: 1 },
  metrics: { accuracy: 0.5 },
};

const { format: _, features: __, architecture, ...common } = adapterManifest;
const downstreamManifest = {
  ...common,
  ...{ format: "kadapter-downstream/1", trains: "none", fusion: { kind: "concat", adapterDense: false } },
  adapters: [{ name: "a", architecture, folder: "x", hash }],
};

const bertConfig = {
  ...{ model_type: "bert", vocab_size: 100, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 1 },
  ...{ intermediate_size: 256, max_position_embeddings: 128, type_vocab_size: 2, layer_norm_eps: 1e-12 },
};

const sweep = `run: finetune relations
out: x
seeds: [1, 2]
grid:
  fusion: [add, concat]
options:
  backbone: x
  train: a.jsonl
  dev: b.jsonl
`;

const choice = "id,context,question,answer0,answer1,answer2,answer3,label\n1,c,q,a,b,c,d,2\n";
const typing = [{ sent: "Vienna is old.", start: 0, end: 6, labels: ["city"] }];
const question = { id: 1, question: "Who?", answer: "he", search_results: [{ snippet: "It was he who came." }] };
const lama = { sub_label: "Austria", obj_label: "Vienna", predicate_id: "P36", masked_sentences: ["[MASK] is old."] };
const facts = "subject,relation,object\nAustria,capital,Vienna\n";
const progress = { step: 4, best: 0.5, bestStep: 4, evaluationsSinceBest: 0, settings: { seed: "1" }, version: 2 };

const [entity, direct] = ["http://www.wikidata.org/entity/", "http://www.wikidata.org/prop/direct/"];
const label = "<http://www.w3.org/2000/01/rdf-schema#label>";
const item = (id: string) => ({ type: "wikibase-entityid", value: { id } });
const wikidata = [
  {
    ...{ id: "Q40", labels: { en: { value: "Austria" } }, aliases: { en: [{ value: "Republic of Austria" }] } },
    claims: { P47: [{ rank: "normal", mainsnak: { snaktype: "value", datavalue: item("Q40") } }] },
  },
];

/** Knowledge in each of its forms. */
const knowledge: readonly Buffer[] = [
  ...[
    `subject,relation,object,object_type\nAustria|Österreich,capital,Vienna,city\nAustria,area,"83,871",number\n`,
    `{"subject":["Austria","Österreich"],"relation":"capital","object":"Vienna"}\n`,
    JSON.stringify(wikidata),
    `<${entity}Q40> ${label} "\\u00D6sterreich"@en .\n<${entity}Q40> <${direct}P47> <${entity}Q40> .\n`,
    `@prefix : <http://e.org/> .\n:a ${label} "Anna" ; :tall 1.7 ; :knows :a .\n`,
    "_id,_labels,name,_start,_end,_type\n1,:City,Graz,,,\n,,,1,1,NEAR\n",
  ].map((text) => Buffer.from(text)),
  zipOf([{ name: "facts.csv", content: facts }]),
];

/** Imports a file into a folder of its own, however much of it is wrong. */
async function importAlone(path: string, folder: string): Promise<void> {
  const out = await mkdtemp(join(folder, "knowledge-"));
  try {
    await importKnowledge({ files: [path], out, language: "en", mostBad: 1 });
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Documents in each of their forms. */
const documents: readonly Buffer[] = [
  ...[
    "One thing.\nStill it.\n\nAnother one.\n",
    '{"text":"One thing.","id":1,"title":"T"}\n{"text":"Another."}\n',
    "<mediawiki>\n<page><title>T</title><ns>0</ns><id>1</id><revision><text>[[A]] &amp; B</text></revision></page>\n</mediawiki>",
  ].map((text) => Buffer.from(text)),
  zipOf([{ name: "a.txt", content: "One thing." }]),
  parquetOf(["id", "title", "text"], [[["1", "T", "One thing."]]]),
];

const spaces =
  "1\ta\ta\tX\t_\t_\t0\tdep\t_\t_\n2\t\n\t\n\tSPACE\t_SP\t_\t1\tdep\t_\t_\n3\tb\tb\tX\t_\t_\t2\tdep\t_\t_\n";

const pairs = {
  format: "kadapter-pair-counts/1",
  files: [{ name: "re-nlg_0.json", sha256: "0".repeat(64) }],
  upTo: 1000,
  relations: [{ relation: "P36", examples: 3, pairs: 2 }],
};

/** The readers with their files. */
export async function readers(): Promise<readonly Reader[]> {
  const relations = ["fewrel.json", "semeval.txt", "tacred.json", "trex-rc.json", "trex.json", "wiki80.jsonl"];
  const examples = (names: readonly string[]) => Promise.all(names.map((name) => example(join("data", name))));
  return [
    {
      ...{
        name: "relations",
        file: "data",
        seeds: [
          ...(await examples(relations)),
          zipOf([{ name: "re-nlg_0.json", content: JSON.stringify([madeTrexDocument(0)]) }]),
        ],
      },
      read: (path) => all(readRelations(path, { onSkip })),
    },
    {
      ...{
        name: "trees",
        file: "data",
        seeds: [...(await examples(["trees.conllu", "find-head.json"])), Buffer.from(spaces)],
      },
      read: (path) => all(readTrees(path)),
    },
    { ...{ name: "pairs", file: "pairs.json", seeds: [json(pairs)] }, read: (path) => readPairCounts(path, 50) },
    {
      ...{ name: "facts", file: "data", seeds: [Buffer.from(facts), json(lama), await example("country/facts.csv")] },
      read: (path) => all(readFacts(path, { onSkip })),
    },
    { ...{ name: "knowledge", file: "data", seeds: knowledge }, read: importAlone },
    {
      ...{ name: "documents", file: "data", seeds: documents },
      read: async (path) => all(readDocuments(await documentFiles([path]), { parts: "auto", onSkip })),
    },
    {
      ...{
        name: "wordings",
        file: "data",
        seeds: [await example("country/wordings.yaml"), json({ relation: "r", pattern: "[X] [Y]" })],
      },
      read: readWordings,
    },
    { ...{ name: "lama", file: "P36.jsonl", seeds: [json(lama)] }, read: (path) => all(readLamaFacts(path)) },
    {
      ...{ name: "choices", file: "data", seeds: [Buffer.from(choice)] },
      read: (path) => all(readMultipleChoice(path)),
    },
    { ...{ name: "types", file: "data", seeds: [json(typing)] }, read: (path) => all(readEntityTyping(path)) },
    {
      ...{ name: "questions", file: "data.json", seeds: [json([question]), json(question)] },
      read: (path) => all(readOpenQuestions(path, { onSkip })),
    },
    {
      ...{ name: "text", file: "data", seeds: [Buffer.from("One line.\nAnother.\n")] },
      read: (path) => all(readTextLines([path])),
    },
    { ...{ name: "safetensors", file: "model.safetensors", seeds: [safetensors()] }, read: readTensors },
    { ...{ name: "torch", file: "pytorch_model.bin", seeds: stateDicts() }, read: readTensors },
    {
      ...{ name: "tokenizer", file: "tokenizer.json", seeds: await tokenizers() },
      read: async (_, folder) => (await loadTokenizer(folder)).encode(someText),
    },
    {
      ...{ name: "sentencepiece", file: "spiece.model", seeds: [await readFile(sentencePiece("spiece.model"))] },
      read: async (_, folder) => {
        await copyFile(sentencePiece("config.json"), join(folder, "config.json"));
        return (await loadTokenizer(folder)).encode(someText);
      },
    },
    {
      ...{ name: "config", file: "config.json", seeds: [json(bertConfig)] },
      read: async (path) => {
        const given = await readJson(path, { what: "the configuration" });
        return backboneDefinition(given, path).parseConfig(given, path);
      },
    },
    {
      ...{ name: "adapter", file: "adapter_config.json", seeds: [json(adapterManifest)] },
      read: (_, folder) => readAdapterManifest(folder),
    },
    {
      ...{ name: "downstream", file: "downstream_config.json", seeds: [json(downstreamManifest)] },
      read: (_, folder) => readDownstreamManifest(folder),
    },
    {
      ...{ name: "progress", file: "progress.json", seeds: [json(progress)] },
      read: async (path, folder) => {
        const step = join(folder, "step-00000004");
        await mkdir(step, { recursive: true });
        await writeFile(join(step, "progress.json"), await readFile(path));
        return latestCheckpoint(folder);
      },
    },
    {
      ...{
        name: "recipe",
        file: "recipe.yaml",
        seeds: [await readFile("recipes/factual-paper.yaml"), Buffer.from("epochs: 3\n")],
      },
      read: (path) => readRecipe(path, factualSettings),
    },
    { ...{ name: "sweep", file: "sweep.yaml", seeds: [Buffer.from(sweep)] }, read: readSweep },
  ];
}
