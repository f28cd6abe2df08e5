/**
 * `npm run bench:align`: how many bytes a name takes in the aligner's tables, and how fast names are found in a text,
 * beside flashtext and spaCy's PhraseMatcher.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Aligner } from "../src/knowledge/align/aligner.js";
import { Skipped } from "../src/knowledge/align/draft.js";
import { MentionFinder } from "../src/knowledge/align/find-mentions.js";
import { type AlignTables, buildTables, tableBytes } from "../src/knowledge/align/tables.js";
import { Tokens } from "../src/knowledge/align/tokens.js";
import type { KnowledgeSource } from "../src/knowledge/knowledge.js";
import { RandomStream } from "../src/random.js";
import { command, fixed, positives, row, whole } from "./command.js";
import { peerPython, runPeer } from "./peer.js";
import { resident } from "./stats.js";

const usage = `npm run bench:align -- [options]
  --names LIST       numbers of names (1e6,5e6)
  --peer-names N     names that the others are given, and a run here with as many (1e5)
  --megabytes N      of text (16)
  --peer-megabytes N of text for the others (2)
  --no-peer          measure nothing but kadapter
  --seed N           of names and text (1)
  --json             print the result as one JSON object
PEER_PYTHON names a Python with spacy and flashtext.`;

const onsets = "b c d f g h k l m n p r s t v br cl dr gr pl st tr".split(" ");
const vowels = "a e i o u ai ea ou".split(" ");
const codas = ["", "", "n", "r", "l", "s", "m", "nd", "rt"];

/** A word of two to four syllables. */
function makeWord(random: RandomStream): string {
  const pick = (from: readonly string[]) => from[random.below(from.length)]!;
  return Array.from({ length: 2 + random.below(3) }, () => pick(onsets) + pick(vowels) + pick(codas)).join("");
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);

/** Different names of one to four words. */
function makeNames(count: number, seed: number): readonly string[] {
  const random = new RandomStream(seed, "names");
  const words = Array.from({ length: 20_000 + count / 20 }, () => capital(makeWord(random)));
  const names = new Set<string>();
  for (let draws = 0; names.size < count; draws++) {
    // One in eight is a single word, as long as there are new ones.
    const length = draws % 8 === 0 ? 1 : 2 + random.below(3);
    names.add(Array.from({ length }, () => words[random.below(words.length)]).join(" "));
  }
  return [...names];
}

/** Texts of about four thousand letters: common words, and a name for every eight of them. */
function makeTexts(names: readonly string[], megabytes: number, seed: number): readonly string[] {
  const random = new RandomStream(seed, "text");
  const common = Array.from({ length: 5000 }, () => makeWord(random));
  const texts: string[] = [];
  for (let letters = 0; letters < megabytes * 1e6; letters += texts.at(-1)!.length + 1) {
    const sentences = Array.from({ length: 36 }, () => {
      const words = Array.from({ length: 16 }, (_, i) =>
        i % 8 === 3 ? names[random.below(names.length)]! : common[random.below(common.length)]!,
      );
      return `${capital(words.join(" "))}.`;
    });
    texts.push(sentences.join(" "));
  }
  return texts;
}

const sourceOf = (names: readonly string[]): KnowledgeSource => ({
  where: "names",
  relations: new Map([["P1", "relation"]]),
  async *entities() {
    for (const [i, name] of names.entries()) yield { id: `Q${i}`, names: [name], types: [] };
  },
  async *triples() {
    for (let i = 1; i < names.length; i++) {
      yield { subject: `Q${i}`, relation: "P1", object: { kind: "entity", id: `Q${i >> 1}` } };
    }
  },
});

/** The processor's seconds for `body`, which other work on the machine changes little. */
async function processorSeconds(body: () => Promise<unknown>): Promise<number> {
  const started = process.cpuUsage();
  await body();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

interface Measured {
  readonly names: number;
  /** Bytes a name: of the table of names, and of all tables. */
  readonly nameBytes: number;
  readonly allBytes: number;
  readonly buildSeconds: number;
  /** MB in a second of one core: names alone, and the whole of the aligner. */
  readonly find: number;
  readonly align: number;
  readonly found: number;
  /** GiB, the generated names among them. */
  readonly peak: number;
}

async function measure(names: readonly string[], texts: readonly string[]): Promise<Measured> {
  let tables = null as AlignTables | null;
  const buildSeconds = await processorSeconds(async () => {
    tables = await buildTables(sourceOf(names));
  });
  const built = tables as unknown as AlignTables;
  const finder = new MentionFinder(built);
  const aligner = new Aligner(built);
  const tokens = new Tokens();
  const megabytes = texts.reduce((sum, text) => sum + text.length, 0) / 1e6;
  const document = (text: string) => ({ id: "1", title: null, text, where: "text" });
  let found = 0;
  const find = (all: readonly string[]) => {
    for (const text of all) found += finder.find(document(text), tokens.read(text), new Skipped()).length;
  };
  find(texts.slice(0, 50));
  found = 0;
  const findSeconds = await processorSeconds(async () => find(texts));
  const alignSeconds = await processorSeconds(async () => {
    for (const text of texts) aligner.align(document(text));
  });
  return {
    names: names.length,
    nameBytes: tableBytes(built.names) / names.length,
    allBytes: tableBytes(built) / names.length,
    buildSeconds,
    find: megabytes / findSeconds,
    align: megabytes / alignSeconds,
    found,
    peak: resident().peak,
  };
}

interface Peer {
  readonly build: number;
  readonly seconds: number;
  readonly found: number;
}

/** The others with the same names and texts. */
async function comparePeers(python: string, names: readonly string[], texts: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const files = [join(folder, "names.txt"), join(folder, "texts.txt")];
    await writeFile(files[0]!, names.join("\n"));
    await writeFile(files[1]!, texts.join("\n"));
    return await runPeer<Record<"flashtext" | "spaCy", Peer>>(python, "align.py", files, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function print(ours: readonly Measured[]): void {
  console.log(row(12, "names", "bytes a name", "all tables", "build s", "find MB/s", "align MB/s", "peak GiB"));
  for (const one of ours) {
    const { names, nameBytes, allBytes, buildSeconds, find, align, peak } = one;
    console.log(row(12, String(names), ...[nameBytes, allBytes, buildSeconds, find, align, peak].map((n) => fixed(n))));
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      names: { type: "string", default: "1e6,5e6" },
      "peer-names": { type: "string", default: "1e5" },
      megabytes: { type: "string", default: "16" },
      "peer-megabytes": { type: "string", default: "2" },
      seed: { type: "string", default: "1" },
      "no-peer": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const [megabytes, seed] = [whole(values, "megabytes"), whole(values, "seed")];
  const python = values["no-peer"] ? null : await peerPython("spacy, flashtext", "spacy flashtext");
  const ours: Measured[] = [];
  for (const count of positives(values, "names")) {
    const names = makeNames(count, seed);
    ours.push(await measure(names, makeTexts(names, megabytes, seed)));
  }
  if (!values.json) print(ours);
  if (python === null) {
    if (values.json) console.log(JSON.stringify({ ours }));
    else console.log("nothing to compare with: set PEER_PYTHON to a Python with spacy and flashtext");
    return;
  }
  const names = makeNames(whole(values, "peer-names"), seed);
  const texts = makeTexts(names, whole(values, "peer-megabytes"), seed);
  const [here, peers] = [await measure(names, texts), await comparePeers(python, names, texts)];
  if (values.json) {
    console.log(JSON.stringify({ ours, here, peers }));
    return;
  }
  const size = texts.reduce((sum, text) => sum + text.length, 0) / 1e6;
  console.log(`\n${names.length} names in ${fixed(size)} MB of text, one core`);
  console.log(row(12, "", "build s", "MB/s", "found"));
  console.log(row(12, "kadapter", fixed(here.buildSeconds), fixed(here.find, 2), String(here.found)));
  for (const [name, peer] of Object.entries(peers)) {
    console.log(row(12, name, fixed(peer.build), fixed(size / peer.seconds, 2), String(peer.found)));
  }
}

await command(main);
