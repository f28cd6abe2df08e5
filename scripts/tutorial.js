/**
 * Runs what README and the tutorial tell their readers to run, and writes what it printed into these pages:
 * npm run docs:tutorial. Takes some minutes.
 *
 * Every `sh` block runs in a shell, in a folder of its own, and its standard output becomes the `text` block that follows
 * it, if one does. Blocks with npm commands are left out: they are what comes before this script.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const block = /^```(sh|text)\n(.*?)^```$/gms;

function refresh(page) {
  const folder = mkdtempSync(join(tmpdir(), "kadapter-tutorial-"));
  try {
    for (const name of ["bin", "dist", "models", "examples"]) symlinkSync(join(root, name), join(folder, name));
    let printed;
    const refreshed = readFileSync(join(root, page), "utf8").replace(block, (whole, language, body) => {
      if (language === "sh") {
        printed = body.includes("npm ") ? undefined : run(body, folder);
        return whole;
      }
      if (printed === undefined) return whole;
      const shown = `\`\`\`text\n${printed}\`\`\``;
      printed = undefined;
      return shown;
    });
    writeFileSync(join(root, page), refreshed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(commands, cwd) {
  process.stderr.write(commands);
  const printed = execFileSync("bash", ["-euo", "pipefail", "-c", commands], { cwd, encoding: "utf8" });
  return `${printed.trimEnd()}\n`;
}

for (const page of ["README.md", "docs/tutorial.md"]) refresh(page);
