import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { helpPage } from "./help-page.js";

it("is what docs/cli.md holds (else run `npm run docs:cli`)", async () => {
  expect(await readFile(new URL("../../docs/cli.md", import.meta.url), "utf8")).toBe(helpPage());
});
