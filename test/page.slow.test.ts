/** The server's page in Chromium: what it shows is what the server answers, by mouse and by keyboard, at every size. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HttpServer, startHttp } from "../src/serving/http/server.js";
import { type RunningService, runService, startTimeout, token } from "../src/testing/running-service.js";
import { chromiumPath, complaintsOf, expectAccessible, startBrowser } from "./browser.js";

const sizes = { wide: { width: 1360, height: 900 }, narrow: { width: 390, height: 844 } } as const;

let running: RunningService;
let server: HttpServer;
let browser: Browser;
const pages: { readonly page: Page; readonly complaints: string[] }[] = [];

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: sizes.wide, ...options });
  const page = await context.newPage();
  pages.push({ page, complaints: complaintsOf(page, server.url) });
  await page.goto(server.url);
  await columnsOf(page, "Blanks").first().waitFor();
  return page;
}

const tab = (page: Page, name: string) => page.getByRole("tab", { name });
const panel = (page: Page, name: string) => page.getByRole("tabpanel", { name });
const columnsOf = (page: Page, name: string): Locator => panel(page, name).locator(".column");
const titles = (page: Page, name: string) => columnsOf(page, name).locator("h2").allInnerTexts();

/** Marks a part of the sentence as a user of the keyboard does. */
async function mark(page: Page, words: string, role: "subject" | "object"): Promise<void> {
  const area = panel(page, "Names").getByRole("textbox", { name: "Sentence" });
  const at = (await area.inputValue()).indexOf(words);
  await area.focus();
  await page.keyboard.press("Control+Home");
  for (let i = 0; i < at; i++) await page.keyboard.press("ArrowRight");
  for (let i = 0; i < words.length; i++) await page.keyboard.press("Shift+ArrowRight");
  await page.getByRole("button", { name: `Mark as ${role}` }).press("Enter");
}

describe.skipIf(chromiumPath === undefined)(
  `the server's page${chromiumPath === undefined ? " (skipped: there is no Chromium; name one as CHROMIUM)" : ""}`,
  () => {
    beforeAll(async () => {
      running = await runService(["relations", "typing", "trees", "recall"], 100_000);
      const loading = { root: running.root, token };
      const how = { host: "127.0.0.1", port: 0, bodyLimit: 4096, loading };
      server = await startHttp(running.service, { ...how, log: { write: () => undefined } });
      browser = await startBrowser();
    }, startTimeout);
    afterAll(async () => {
      await browser?.close();
      await server?.stop();
      await running?.close();
    });

    it("fills blanks without and with the adapter, as the server answers", async () => {
      const page = await openPage();
      const text = "Winter lies in [MASK].";
      await panel(page, "Blanks").getByRole("textbox").fill(text);
      await page.keyboard.press("Control+Enter");
      const sets = await running.service.fill(text, ["recall"], { top: 5 });
      const found = columnsOf(page, "Blanks").filter({ hasText: sets["recall"]?.[0]?.word ?? "?" });
      await found.first().waitFor();
      expect(await titles(page, "Blanks")).toEqual(["without", "recall"]);
      for (const [i, set] of ["none", "recall"].entries()) {
        const words = await columnsOf(page, "Blanks").nth(i).locator(".ranking .name").allInnerTexts();
        expect(words).toEqual(sets[set]?.map(({ word }) => word));
      }
      await page.getByRole("button", { name: "Blank out the selection" }).click();
      expect(await panel(page, "Blanks").getByRole("textbox").inputValue()).toBe(`${text}[MASK]`);
    });

    it("tells the relation of two names that were marked by keyboard, and their types", async () => {
      const page = await openPage();
      await tab(page, "Blanks").focus();
      await page.keyboard.press("ArrowRight");
      const text = "Tilda lives in Calderby.";
      await panel(page, "Names").getByRole("textbox", { name: "Sentence" }).fill(text);
      await page.getByRole("button", { name: "Ask the adapters" }).click();
      expect(await panel(page, "Names").getByRole("alert").innerText()).toBe(
        "Mark a subject and an object in the text first.",
      );
      await mark(page, "Tilda", "subject");
      await mark(page, "Calderby", "object");
      // The marks follow what is written before them.
      await panel(page, "Names").getByRole("textbox", { name: "Sentence" }).focus();
      await page.keyboard.press("Control+Home");
      await page.keyboard.type("Now ");
      await expect.poll(() => page.locator(".marks").innerText()).toBe("subject: Tilda · object: Calderby");
      await page.keyboard.press("Control+Enter");
      await columnsOf(page, "Names").nth(2).waitFor();
      expect(await titles(page, "Names")).toEqual(["without", "relations", "typing"]);
      const question = { text: `Now ${text}`, subject: { start: 4, end: 9 }, object: { start: 19, end: 27 } };
      const { answers } = await running.service.predict(["relations"], [question], { top: 5 });
      const [answer] = answers["relations"] as { relations: { relation: string }[] }[];
      expect(await columnsOf(page, "Names").nth(1).locator(".ranking .name").allInnerTexts()).toEqual(
        answer?.relations.map(({ relation }) => relation),
      );
    });

    it("draws a tree, and has it as a table, too", async () => {
      const page = await openPage();
      await tab(page, "Trees").click();
      await page.getByRole("button", { name: "Draw the tree" }).click();
      const rows = panel(page, "Trees").locator("tbody tr");
      await rows.first().waitFor({ state: "attached" });
      expect(await panel(page, "Trees").locator("svg .word").allTextContents()).toEqual(
        "The old engineer builds a boat .".split(" "),
      );
      expect(await rows.count()).toBe(7);
      expect(await panel(page, "Trees").locator(".arc").count()).toBe(7);
      expect(await rows.filter({ hasText: "the root" }).count()).toBe(1);
      const boxes = await Promise.all(
        (await panel(page, "Trees").locator(".arc path").all()).map((one) => one.boundingBox()),
      );
      const widths = boxes.map((box) => Math.max(box?.width ?? 0, box?.height ?? 0));
      expect(Math.min(...widths)).toBeGreaterThan(0);
    });

    it("says the same as its curl command", async () => {
      const page = await openPage({ permissions: ["clipboard-read", "clipboard-write"] });
      await panel(page, "Blanks").getByRole("textbox").fill('It\'s "$HOME" in [MASK].');
      await panel(page, "Blanks").getByRole("button", { name: "Copy as curl" }).click();
      await page.getByText("Copied").waitFor();
      const command = await page.evaluate<string>("navigator.clipboard.readText()");
      const { stdout } = await promisify(execFile)("bash", ["-c", command]);
      const expected = await running.service.fill('It\'s "$HOME" in [MASK].', ["recall"], { top: 5 });
      expect(JSON.parse(stdout)).toMatchObject({ sets: { none: expected["none"]?.map(({ word }) => ({ word })) } });
    });

    it("loads and unloads for those who have the token, and shows what the server says", async () => {
      const page = await openPage();
      const models = page.getByRole("region", { name: "Models" });
      await models.getByLabel("Name").fill("again");
      await models.getByLabel("Folder, below the server's root").fill("recall");
      await models.getByLabel("Token").fill("wrong");
      await models.getByRole("button", { name: "Load", exact: true }).click();
      await models.getByRole("alert").getByText("needs the token").waitFor();
      await models.getByLabel("Token").fill(token);
      await models.getByRole("button", { name: "Load", exact: true }).press("Enter");
      await models.getByText("again is loaded").waitFor();
      // What was loaded answers at once, alone and together with the other one.
      await columnsOf(page, "Blanks").nth(3).waitFor();
      expect(await titles(page, "Blanks")).toEqual(["without", "recall", "again", "together"]);
      await models.getByRole("button", { name: "Unload again" }).click();
      await models.getByText("again is unloaded").waitFor();
      await expect.poll(() => titles(page, "Blanks")).toEqual(["without", "recall"]);
      expect(running.service.registry.models.map(({ name }) => name)).not.toContain("again");
    });

    it("shows what the server is doing", async () => {
      const page = await openPage();
      const live = page.getByRole("region", { name: "Live" });
      const before = running.service.metrics.batches.count;
      const ask = () => running.service.predict(["trees"], [{ text: "Rain fell." }], { top: 1 });
      await Promise.all(Array.from({ length: 20 }, ask));
      expect(running.service.metrics.batches.count).toBeGreaterThan(before);
      await live.getByText(/\d+ a minute/).waitFor();
      expect(await live.getByText(/^\d+(\.\d)? ms$/).count()).toBe(1);
    });

    describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
      it.each(Object.entries(sizes))("can be used by all, and fits: %s", async (_, viewport) => {
        const page = await openPage({ colorScheme, viewport });
        for (const name of ["Blanks", "Names", "Trees"]) {
          await tab(page, name).click();
          await panel(page, name).locator("button.primary").click();
          await columnsOf(page, name).first().waitFor();
          await expectAccessible(page);
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          expect([name, over]).toEqual([name, 0]);
        }
      });
    });

    // Last, since it looks at all pages.
    it("asks nobody else, runs nothing that its policy forbids, and has no errors", () => {
      expect(pages.length).toBeGreaterThan(5);
      expect(pages.flatMap(({ complaints }) => complaints)).toEqual([]);
    });
  },
);
