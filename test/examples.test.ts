/** What stands in examples/ runs as it says there. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

test("a task of one's own is trained, stored and loaded without a line in src/", async () => {
  const out = world.at("hypernyms");
  const run = spawnSync(process.execPath, ["examples/hypernyms.js", world.backbone, out], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(run.stdout).toMatch(
    /^(epoch \d+: accuracy [01]\.\d{3}\n){10}best: [01]\.\d{3}; .*\ndog is a kind of animal: (yes|no)\n$/,
  );
  const config: unknown = JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8"));
  expect(config).toMatchObject({
    task: { name: "hypernyms", labels: null },
    metrics: { trainExamples: 56, devExamples: 24 },
  });
  // The command line looks at it and checks it, and says that it cannot run it.
  expect((await json(["verify", out]))["ok"]).toBe(true);
  expect((await json(["inspect", out]))["task"]).toMatchObject({ name: "hypernyms" });
  const evaluate = ["eval", "--adapter", out, "--data", world.test];
  expect(expectComplaint(await kadapter(evaluate))).toMatch(/does not know the adapter's task hypernyms/);
  expect((await readFile("examples/hypernyms.js", "utf8")).split("\n").length).toBeLessThan(100);
});
