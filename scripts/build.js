// Builds dist: `npm run build`. What runs from the old one meanwhile is not disturbed, and a build with errors leaves it as it is.
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const at = (name) => fileURLToPath(new URL(name, root));
const [dist, fresh, former] = [at("dist"), at("dist.new"), at("dist.old")];
const remove = (folder) => rmSync(folder, { recursive: true, force: true });

// Nothing of an earlier build may stay behind, such as a file of a deleted module.
remove(fresh);
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", at("tsconfig.build.json"), "--outDir", fresh], {
  stdio: "inherit",
});
if (status !== 0) {
  remove(fresh);
  process.exit(status ?? 1);
}
remove(former);
if (existsSync(dist)) renameSync(dist, former);
renameSync(fresh, dist);
remove(former);
