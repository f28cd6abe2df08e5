import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackbone } from "../src/features/backbone-handle.js";
import { ownModel } from "../src/library/own-model.js";
import { servedQuestions, servedRecipes, writeServedModel } from "../src/testing/served-models.js";
import { kadapter, kadapterProcess } from "./support.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-serve-"));
  const backbone = await openBackbone(ownModel());
  await writeServedModel(folder, "trees", servedRecipes.trees, backbone);
  await writeServedModel(folder, "relations", servedRecipes.relations, backbone);
});
afterAll(() => rm(folder, { recursive: true }));

const post = (url: string, body: object) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("kadapter serve", () => {
  it("answers what it has taken after SIGTERM, takes no more, and ends with exit code 0", async () => {
    const adapters = ["trees", "relations"].flatMap((name) => ["--adapter", `${name}=${join(folder, name)}`]);
    const statuses: Promise<number>[] = [];
    let stopped = false;
    const { code, stdout, stderr } = await kadapterProcess(["serve", "--port", 0, "--threads", 1, ...adapters], {
      onStderr: (soFar, child) => {
        const [, url] = /serving 2 models at (\S+);/.exec(soFar) ?? [];
        if (url === undefined || stopped) return;
        stopped = true;
        const ask = () => post(`${url}/v1/predict`, { models: ["trees"], inputs: servedQuestions.trees });
        for (let i = 0; i < 20; i++) statuses.push(ask().then(({ status }) => status));
        void Promise.race(statuses).then(() => child.kill("SIGTERM"));
      },
    });
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("trees@");
    const ended = await Promise.all(statuses.map((one) => one.catch(() => 0)));
    expect(ended).toContain(200);
    // One that came too late is told so; none that was taken is dropped.
    expect(ended.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  });

  it("says in one line what it cannot serve", async () => {
    const nothing = await kadapter(["serve", "--adapter", `x=${join(folder, "nothing")}`]);
    expect([nothing.code, nothing.stderr.trim().split("\n").length]).toEqual([2, 1]);
    const open = await kadapter(["serve", "--allow-load"]);
    expect(open).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: .*--models-root and --token-file\n$/),
    });
    await writeFile(join(folder, "token"), "short\n");
    const loading = ["--allow-load", "--models-root", folder, "--token-file", join(folder, "token")];
    expect(await kadapter(["serve", ...loading])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("holds no token"),
    });
  });

  it("says in one line that its port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, stderr } = await kadapter(["serve", "--port", port, "--threads", 1]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: --host 127.0.0.1: it cannot listen at port \d+ \(EADDRINUSE\); choose another --port\n$/,
    );
    await new Promise((resolve) => other.close(resolve));
  });
});
