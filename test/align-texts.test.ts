/** Sentences that state what is known, from texts of any size: threads, kills, and what reads them. */
import { mkdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesBelow, documentText, partsWritten, writeFacts } from "./align-world.js";
import { expectComplaint, json, kadapter, kadapterProcess, makeWorld, type World } from "./support.js";

let world: World;
let [kb, texts] = ["", ""];
const command = (out: string, ...more: (string | number)[]) => [
  ...["align", "--facts", kb, "--text", texts, "--out", out, "--dev", 0.2, "--negatives", 0.5, "--seed", 3],
  ...["--shard-documents", 100, "--report", "page", ...more],
];

beforeAll(async () => {
  world = await makeWorld();
  kb = world.at("kb");
  await writeFacts(world.at("facts.csv"));
  await json(["facts", "import", world.at("facts.csv"), "--out", kb]);
  texts = world.at("texts");
  await mkdir(texts);
  const documents = Array.from({ length: 700 }, (_, i) => JSON.stringify({ id: `d${i}`, text: documentText(i) }));
  await writeFile(world.at("texts", "a.jsonl.gz"), gzipSync(documents.join("\n")));
  await writeFile(world.at("texts", "b.txt"), documentText(700));
});
afterAll(() => world.remove());

describe("align", () => {
  test("finds what the sentences state, and what it writes is read as it is", async () => {
    const out = world.at("aligned");
    const said = await json(command(out, "--threads", 1));
    expect(said).toMatchObject({ documents: 701, relations: 3 });
    const { train, dev, test: held } = said["records"] as Record<string, number>;
    expect([train! > 2000, dev! > 300, held]).toEqual([true, true, 0]);
    expect(await json(["inspect", out])).toMatchObject({ format: "wiki80", examples: train });
    const trained = world.training(world.at("adapter"), "--train", out, "--dev", `${out}/dev`, "--max-steps", 2);
    expect(await json(trained)).toHaveProperty("out");
  });

  test.each([2, 3])("writes the same bytes with %i threads", async (threads) => {
    const out = world.at(`threads-${threads}`);
    await json(command(out, "--threads", threads));
    expect(await bytesBelow(out)).toEqual(await bytesBelow(world.at("aligned")));
  });

  test("killed in the middle, it goes on with --resume and ends with the same bytes", async () => {
    const out = world.at("killed");
    for (const [round, signal] of (["SIGKILL", "SIGINT"] as const).entries()) {
      const run = await kadapterProcess(command(out, "--threads", 1, "--resume"), {
        onStart: async (child) => {
          while (child.exitCode === null && (await partsWritten(out)) <= 2 * round) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          child.kill(signal);
        },
      });
      if (signal === "SIGKILL") expect(run.signal).toBe("SIGKILL");
      else expect([run.code, run.stderr]).toEqual([130, expect.stringContaining("--resume")]);
    }
    await json(command(out, "--threads", 2, "--resume"));
    expect(await bytesBelow(out)).toEqual(await bytesBelow(world.at("aligned")));
  });

  test("refuses what cannot work in one line", async () => {
    const refused = async (...words: (string | number)[]) => expectComplaint(await kadapter(words));
    const out = world.at("refused");
    expect(await refused("align", "--text", texts, "--out", out)).toContain("--facts is missing");
    expect(await refused("align", "--facts", kb, "--text", texts)).toContain("--out is missing");
    expect(await refused("align", "--facts", texts, "--text", texts, "--out", out)).toContain("manifest.json");
    expect(await refused(...command(world.at("aligned")))).toContain("the folder is not empty");
    expect(await refused(...command(world.at("aligned"), "--resume", "--pronouns"))).toContain("begun with --pronouns");
    expect(await refused(...command(out, "--dev", 0.5, "--test", 0.5))).toContain("nothing is left to train on");
  });
});
