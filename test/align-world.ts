/** What the tests of `align` share: knowledge and texts that are made up, and the bytes of what came of them. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { mix32 } from "../src/random.js";
import { madeItemLines } from "../src/testing/made-wikidata.js";

const syllables = ["ba", "dor", "fen", "gul", "hal", "kem", "lin", "mor", "nas", "pel", "quor", "rim", "sul", "tav"];
const nameOf = (i: number, end: string) => {
  const syllable = (by: number) => syllables[Math.floor(i / by) % syllables.length] ?? "";
  const name = `${syllable(1)}${syllable(syllables.length)}${syllable(syllables.length ** 2)}${end}`;
  return `${name[0]?.toUpperCase()}${name.slice(1)}`;
};
const town = (i: number) => nameOf(i % 900, "burg");
const land = (i: number) => nameOf(i % 300, "land");

/** Facts as CSV: towns and the lands that they lie in, or are the capital of. */
export async function writeFacts(path: string): Promise<void> {
  const rows = Array.from({ length: 900 }, (_, i) => {
    return `${town(i)},${i % 3 === 0 ? "capital of" : "located in"},${land(i * 7)},town,land`;
  });
  await writeFile(path, `subject,relation,object,subject_type,object_type\n${rows.join("\n")}\n`);
}

/** The same facts as Wikidata's truthy dump has them, among made-up items that are named nowhere: so many megabytes, gzipped. */
export async function writeDump(path: string, megabytes: number): Promise<void> {
  const items = Math.ceil(megabytes * 250);
  const lines = function* () {
    for (let i = 0; i < 900; i++) yield townLines(i);
    for (let id = 1; id <= items; id++) yield madeItemLines(id, items);
  };
  await pipeline(lines, createGzip({ level: 1 }), createWriteStream(path));
}

function townLines(i: number): string {
  const uri = (id: number) => `<http://www.wikidata.org/entity/Q${id}>`;
  const [one, other] = [uri(100_000_000 + (i % 900)), uri(200_000_000 + ((i * 7) % 300))];
  const label = (of: string, name: string) => `${of} <http://www.w3.org/2000/01/rdf-schema#label> "${name}"@en .\n`;
  const property = i % 3 === 0 ? "P1376" : "P131";
  const fact = `${one} <http://www.wikidata.org/prop/direct/${property}> ${other} .\n`;
  return label(one, town(i)) + label(other, land(i * 7)) + fact;
}

/** A document of some sentences, most of which state a fact; the same for the same number. */
export function documentText(number: number): string {
  const sentences = Array.from({ length: 6 }, (_, i) => {
    const one = mix32(number * 8 + i) % 900;
    const verb = one % 3 === 0 ? "is the capital of" : "lies in";
    // The last sentence names two of which nothing is known.
    const [what, where] = i < 5 ? [verb, land(one * 7)] : ["is far from", land(one * 7 + 1)];
    return `In the year ${number % 2000}, ${town(one)} ${what} ${where}, as all maps say that were drawn 😀 by hand.`;
  });
  return sentences.join(" ");
}

/** Hashes of all files below a folder. */
export async function bytesBelow(folder: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const content = await readFile(join(folder, name)).catch(() => null);
    if (content !== null) hashes[name] = createHash("sha256").update(content).digest("hex");
  }
  return hashes;
}

/** How many parts the manifest of a run lists so far. */
export async function partsWritten(out: string): Promise<number> {
  const content = await readFile(join(out, "manifest.json"), "utf8").catch(() => '{"parts":[]}');
  return (JSON.parse(content) as { parts: readonly unknown[] }).parts.length;
}
