/**
 * `npm run test:clients`, after a build: installs the clients beside this file, which the package itself needs none of, and
 * runs their tests. Where they cannot be installed it says so and tests nothing.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const options = { cwd: here, stdio: "inherit", env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" } };

if (!existsSync(fileURLToPath(new URL("node_modules/@huggingface/transformers", import.meta.url)))) {
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund"], options);
  if (status !== 0) {
    console.log("skipped: the clients could not be installed\n0 passed, 0 failed, 3 skipped");
    process.exit(0);
  }
}
process.exitCode = spawnSync(process.execPath, ["--test", "--test-reporter=spec", "clients.js"], options).status ?? 1;
