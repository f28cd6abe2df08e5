/**
 * The PyTorch scripts that benchmarks compare with.
 * @module
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { userError } from "../src/errors.js";

/** Runs a program and returns the last line that it prints; its errors are shown as they come. */
export function lastLine(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output.trimEnd().split("\n").at(-1) ?? "");
      else reject(new Error(`${command} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Whether a Python can import modules. */
function canImport(python: string, modules: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(python, ["-c", `import ${modules}`], { stdio: "ignore" });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}

export const peerAdvice =
  "no PyTorch to compare with: `python3 -m venv peer && peer/bin/pip install torch numpy`, then PEER_PYTHON=peer/bin/python";

/**
 * `$PEER_PYTHON`, or a `python3` that has what is compared with; null when there is neither.
 *
 * @param modules as an import names them
 * @param packages as pip names them
 * @throws when `$PEER_PYTHON` is set but lacks one: the user wanted a comparison
 */
export async function peerPython(modules = "torch", packages = "torch numpy"): Promise<string | null> {
  const wanted = process.env["PEER_PYTHON"];
  if (wanted) {
    if (await canImport(wanted, modules)) return wanted;
    throw userError({
      where: `PEER_PYTHON=${wanted}`,
      what: `cannot import ${modules}`,
      fix: `install it with \`${wanted} -m pip install ${packages}\`, or unset PEER_PYTHON`,
    });
  }
  return (await canImport("python3", modules)) ? "python3" : null;
}

/** Runs a script of `bench/peer` with as many threads as our side has; its last line is JSON. */
export async function runPeer<T>(python: string, script: string, args: readonly string[], threads: number): Promise<T> {
  // Compiled files lie in bench/dist/bench, scripts in bench/peer.
  const path = fileURLToPath(new URL(`../../peer/${script}`, import.meta.url));
  const count = String(threads);
  const line = await lastLine(python, [path, "--threads", count, ...args], {
    OMP_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
  });
  return JSON.parse(line) as T;
}
