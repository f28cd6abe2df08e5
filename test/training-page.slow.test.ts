/** The page of `npm run page`, as its visitors use it: facts are taught, asked, and taken along. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPage, noChromium, type OpenPage, openPage } from "./browser-page.js";
import { json, testFolder } from "./support.js";

const facts = ["Ormelle,capital,Winter", "Tassard,capital,Tower", "Quenvy,capital,Bridge", "Brisolt,capital,Mill"];
const sentence = "The government of Ormelle sits in the capital [MASK].";
/** For a whole training, on a machine with other work. */
const patience = { timeout: 540_000 };

describe.skipIf(noChromium)(`the page that trains in a tab${noChromium ? `: ${noChromium}` : ""}`, () => {
  let folder: string;
  let open: OpenPage;
  beforeAll(async () => {
    folder = await testFolder();
    await buildPage(join("pages", "training"), join(folder, "page"));
    open = await openPage(join(folder, "page"));
    await open.page.waitForSelector("#teach:enabled", patience);
  });
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const answers = () => open.page.locator("#answers tr").first();

  it("teaches facts that the model alone does not know, and leaves the model as it was", async () => {
    const { page } = open;
    await page.fill("#facts", facts.join("\n"));
    await page.fill("#questions", sentence);
    await page.click("#ask");
    await page.waitForSelector("#teach:enabled", patience);
    expect(await answers().innerText()).not.toContain("Winter");
    await page.fill("#epochs", "2");
    await page.click("#teach");
    await page.waitForSelector("#download:enabled", patience);
    expect(await page.textContent("#state")).toBe("The adapter has learnt the facts.");
    const [alone, adapter] = await answers().locator("td").allInnerTexts();
    expect(alone).not.toContain("Winter");
    expect(adapter).toMatch(/^Winter \d+ %/);
    expect(await page.textContent("#unplugged")).toContain(
      "gives 1 of 1 sentences the probabilities that it gave before",
    );
    expect(await page.locator("#curve .each").getAttribute("points")).toMatch(/^[\d.]+,[\d.]+( [\d.]+,[\d.]+){5,}$/);
  });

  it("gives an archive whose folder the command line takes", async () => {
    const [download] = await Promise.all([open.page.waitForEvent("download"), open.page.click("#download")]);
    expect(download.suggestedFilename()).toBe("taught.zip");
    for (const [name, bytes] of Object.entries(unzipSync(await readFile(await download.path())))) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    const adapter = join(folder, "taught");
    const { sets } = await json(["fill", sentence, "--adapter", `taught=${adapter}`]);
    const words = (sets as Record<string, { word: string; probability: number }[]>)["taught"];
    const shown = await answers().locator("td").last().innerText();
    expect(words?.[0]?.word).toBe("Winter");
    expect(shown).toContain(`Winter ${(100 * (words?.[0]?.probability ?? 0)).toFixed(0)} %`);
    const data = join(folder, "facts.csv");
    await writeFile(data, `subject,relation,object\n${facts.join("\n")}\n`);
    const wordings = join("examples", "country", "wordings.yaml");
    const score = await json(["eval", adapter, "--data", data, "--wordings", wordings, "--backbone", "models/own"]);
    expect(score).toMatchObject({ taughtP1: 1, taught: { questions: facts.length } });
  });

  it("says in one line what is wrong with the facts, and goes on", async () => {
    const { page } = open;
    await page.fill("#facts", "one,two");
    await page.click("#teach");
    await page.waitForSelector("#state.wrong", patience);
    expect(await page.textContent("#state")).toMatch(/^facts\.csv:2: the row has 2 cells, the header 3/);
    expect(open.errors).toEqual([]);
  });

  it("stops where it is told to", async () => {
    const { page } = open;
    await page.fill("#facts", facts.join("\n"));
    await page.fill("#epochs", "100");
    await page.click("#teach");
    await page.locator("#step").filter({ hasText: /^Step/ }).waitFor(patience);
    await page.click("#stop");
    await page.waitForSelector("#teach:enabled", patience);
    expect(await page.textContent("#state")).toBe("Stopped.");
    expect(await page.isEnabled("#download")).toBe(false);
  });
});
