// Builds dist: `npm run build`. What runs from the old one meanwhile is not disturbed, and a build with errors leaves it as it is.
import { spawn } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const at = (name) => fileURLToPath(new URL(name, root));
const [dist, fresh, former] = [at("dist"), at("dist.new"), at("dist.old")];
const remove = (folder) => rmSync(folder, { recursive: true, force: true });

/** Compiles the library; resolves to the compiler's exit code. */
function compile() {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const compiler = spawn(process.execPath, [tsc, "-p", at("tsconfig.build.json"), "--outDir", fresh], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => compiler.on("error", reject).on("close", (code) => resolve(code ?? 1)));
}

/** Builds the server's page; resolves to 1 where it has errors. */
async function page() {
  try {
    const { buildPage } = await import("./page.js");
    await buildPage(join(fresh, "serving", "page"));
    return 0;
  } catch (error) {
    console.error(`the server's page: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

// Nothing of an earlier build may stay behind, such as a file of a deleted module.
remove(fresh);
const [code, pageCode] = await Promise.all([compile(), page()]);
if (code !== 0 || pageCode !== 0) {
  remove(fresh);
  process.exit(code || pageCode);
}
remove(former);
if (existsSync(dist)) renameSync(dist, former);
renameSync(fresh, dist);
remove(former);
