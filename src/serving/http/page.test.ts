import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addPage } from "./page.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-page-"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  await writeFile(join(folder, "index-Ab3_x-9z.js"), "1;");
  await writeFile(join(folder, "notes.txt"), "nobody's business");
});
afterAll(() => rm(folder, { recursive: true }));

async function served(from: string) {
  const app = Fastify();
  await addPage(app, from);
  return (url: string) => app.inject({ method: "GET", url });
}

it("serves the page and what it names, with a policy that lets it run nothing else", async () => {
  const get = await served(folder);
  const page = await get("/");
  expect([page.statusCode, page.body, page.headers["content-type"]]).toEqual([
    200,
    "<!doctype html>",
    "text/html; charset=utf-8",
  ]);
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; /);
  expect(page.headers["content-security-policy"]).not.toMatch(/unsafe|https?:|\*/);
  expect(page.headers["cache-control"]).toBe("no-cache");
  const script = await get("/page/index-Ab3_x-9z.js");
  expect([script.statusCode, script.headers["content-type"]]).toEqual([200, "text/javascript; charset=utf-8"]);
  expect(script.headers["cache-control"]).toContain("immutable");
});

it("serves no other file", async () => {
  const get = await served(folder);
  for (const path of ["/page/notes.txt", "/page/", "/page/index.html", "/page/../page.test.ts", "/index.html"]) {
    expect([path, (await get(path)).statusCode]).toEqual([path, 404]);
  }
});

it("is not there where it was not built", async () => {
  const get = await served(join(folder, "nothing"));
  expect((await get("/")).statusCode).toBe(404);
});
