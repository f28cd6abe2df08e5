/**
 * `npm run test:clients`, after a build: installs the clients beside this file, which the package itself needs none of, and
 * runs their tests, and the programs on pages of the documentation. Where they cannot be installed it says so.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const options = { cwd: here, stdio: "inherit", env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" } };

/** Whether the clients are there, installed now if need be. */
const installed = () =>
  existsSync(fileURLToPath(new URL("node_modules/@huggingface/transformers", import.meta.url))) ||
  spawnSync("npm", ["install", "--no-audit", "--no-fund"], options).status === 0;

// Programs on pages of the documentation need other things, and say which of these are missing.
const tests = ["snippets.js"];
if (installed()) tests.push("clients.js");
else console.log("skipped: clients.js, whose clients could not be installed");
process.exitCode = spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...tests], options).status ?? 1;
