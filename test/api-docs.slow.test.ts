/** The reference of the API: all that the front door shows is documented, and so is all that it names. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("what `kadapter` exports is documented, its settings by their tables", () => {
  const check = spawnSync("npm", ["run", "--silent", "docs:api:check"], { encoding: "utf8" });
  expect(check.stdout + check.stderr).toBe("");
  expect(check.status).toBe(0);
});
