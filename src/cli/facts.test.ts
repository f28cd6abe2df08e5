/** `facts import` and `facts inspect` as a user sees them. */
import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { KnowledgeFolders } from "../testing/knowledge-folders.js";
import { main } from "./main.js";
import type { ProcessLike } from "./run.js";

const folder = new KnowledgeFolders();
afterAll(() => folder.remove());

class Written extends EventEmitter {
  text = "";
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

const kadapter = (...args: readonly string[]) => run(args, false);

/** @param interrupt Ctrl-C at once */
async function run(args: readonly string[], interrupt: boolean) {
  const [stdout, stderr] = [new Written(), new Written()];
  const own = Object.assign(new EventEmitter(), {
    pid: process.pid,
    exitCode: 0,
    stdout,
    stderr,
    kill: () => undefined,
  });
  // It has what the command line touches; Node's stream types ask for far more.
  const running = main(["node", "kadapter", ...args], own as unknown as ProcessLike);
  if (interrupt) own.emit("SIGINT");
  await running;
  return { code: own.exitCode, stdout: stdout.text, stderr: stderr.text };
}

const csv = "subject,relation,object\nFrance|French Republic,capital,Paris\nTexas,has,Paris\n,has,Paris\n";

describe("facts import", () => {
  it("says what it wrote, and what it left out", async () => {
    const [path, out] = [await folder.file(csv), folder.at("kb")];
    const { code, stdout, stderr } = await kadapter("facts", "import", path, "--out", out, "--most-bad", "0.5");
    expect(code).toBe(0);
    expect(stdout).toBe(`3 entities with 4 names, 2 triples of 2 relations in ${out}\n`);
    expect(stderr).toContain(`left out 1: no-subject, at ${path}:4\n`);
  });

  it("refuses in one line, and leaves no folder behind", async () => {
    const out = folder.at("kb");
    const { code, stderr } = await kadapter("facts", "import", await folder.file("a,b\n"), "--out", out);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*file-\d+:1: the first line is no header.*--format\n$/);
    expect(existsSync(out)).toBe(false);
  });

  it("writes nothing where it is stopped", async () => {
    const out = folder.at("kb");
    const { code, stderr } = await run(["facts", "import", await folder.file(csv), "--out", out], true);
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted: nothing was written: give the same command again");
    expect(existsSync(out)).toBe(false);
  });

  it("replaces what it wrote if it is told to, and nobody else's files", async () => {
    const [path, out, others] = [
      await folder.file("subject,relation,object\na,b,c\n"),
      folder.at("kb"),
      folder.at("mine"),
    ];
    expect((await kadapter("facts", "import", path, "--out", out)).code).toBe(0);
    expect((await kadapter("facts", "import", path, "--out", out)).stderr).toContain("--overwrite");
    expect((await kadapter("facts", "import", path, "--out", out, "--overwrite")).code).toBe(0);
    await mkdir(others);
    await writeFile(join(others, "letter.txt"), "");
    expect((await kadapter("facts", "import", path, "--out", others)).stderr).toContain('it holds "letter.txt"');
  });
});

describe("facts inspect", () => {
  it("shows relations with an example, and colours no terminal", async () => {
    const out = folder.at("kb");
    const path = await folder.file('{"subject_id":"1","subject":"a\\u202eb","relation":"r","object":"c"}\n');
    await kadapter("facts", "import", path, "--out", out);
    const { code, stdout } = await kadapter("facts", "inspect", out);
    expect(code).toBe(0);
    expect(stdout).toContain("a\\u202eb → c");
    const { stdout: general } = await kadapter("inspect", out);
    expect(general).toBe(stdout);
  });

  it("gives all of it as JSON", async () => {
    const out = folder.at("kb");
    await kadapter("facts", "import", await folder.file(csv), "--out", out, "--most-bad", "0.5");
    const { stdout } = await kadapter("facts", "inspect", out, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      counts: { entities: 3, triples: 2 },
      faults: { "no-subject": 1 },
      relations: [{ id: "capital", triples: 1, kind: "1:1" }, { id: "has" }],
    });
  });
});
