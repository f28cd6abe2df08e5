/**
 * What the tests of the browser share: pages that are built from the package as a user's are, served, and opened in
 * Chromium where there is one.
 * @module
 */
import { isBuiltin } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build, type Plugin, preview } from "vite";
import { chromiumPath, complaintsOf, startBrowser } from "./browser.js";

const configFile = join("pages", "training", "vite.config.js");

/** Why tests in a browser are left out, to be told; null where they run. */
export const noChromium =
  chromiumPath === undefined ? "there is no Chromium (apt-get install chromium, or CHROMIUM=FILE)" : null;

/** Ends a build that takes anything of Node's; onnxruntime-web asks for it only where it runs in Node. */
const nothingOfNode: Plugin = {
  name: "nothing-of-node",
  enforce: "pre",
  resolveId(id, importer = "") {
    // Packages of the same name, such as buffer, are asked for with a slash behind it.
    if (!isBuiltin(id) || importer.includes("/onnxruntime-web/")) return null;
    throw new Error(`${importer} imports ${id}`);
  },
};

/** Builds a folder's index.html, beside the files that pages fetch. */
export async function buildPage(root: string, outDir: string): Promise<void> {
  await build({ configFile, root, plugins: [nothingOfNode], build: { outDir, emptyOutDir: true } });
}

/** A page of a server of its own. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly browser: Browser;
  readonly address: string;
  /** What went wrong in it, to be looked at when it has done its work. */
  readonly errors: readonly string[];
}

/** Serves what was built and opens it. */
export async function openPage(outDir: string): Promise<OpenPage> {
  const server = await preview({ configFile, build: { outDir }, preview: { port: 0, host: "127.0.0.1" } });
  const address = server.resolvedUrls?.local[0] as string;
  const browser = await startBrowser();
  const page = await browser.newPage();
  const errors = complaintsOf(page, address);
  await page.goto(address);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  return { page, browser, address, errors, [Symbol.asyncDispose]: close };
}
