/**
 * A browser for tests of pages: the Chromium of this machine, driven by playwright-core.
 * @module
 */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser's program: that of CHROMIUM, or where Linux has it; undefined where there is none. */
export const chromiumPath: string | undefined = [process.env["CHROMIUM"] ?? "", ...places].find((path) =>
  existsSync(path),
);

/** @throws Error where there is none */
export function startBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("there is no Chromium");
  // A container has no other user to run it as.
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
}

/** What a page complained of, and what it asked of other servers: nothing, unless something is wrong. */
export function complaintsOf(page: Page, origin: string): string[] {
  const all: string[] = [];
  page.on("console", (message) => {
    // What the server refused is told on the page; the browser says it here once more.
    if (["error", "warning"].includes(message.type()) && !/status of 4\d\d/.test(message.text()))
      all.push(message.text());
  });
  page.on("pageerror", (error) => all.push(String(error)));
  page.on("request", (request) => {
    // What the page itself has made is asked of nobody.
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(origin)) all.push(`asked ${request.url()}`);
  });
  return all;
}

/** Names, roles, contrast and the rest that axe knows of WCAG 2.2 AA; the page must be seen as it is to be judged. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("; ")}`);
  expect(told).toEqual([]);
}
