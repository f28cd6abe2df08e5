/**
 * A Slurm of two hosts for tests, and whether there may be one here.
 * @module
 */
import { execFile, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Whether a program can be found. */
export const isInstalled = (program: string): boolean =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Why there can be no Slurm of hosts here; null where there can. */
export function whyNoSlurm(): string | null {
  const missing = ["slurmctld", "slurmd", "sbatch", "munged", "ip", "unshare", "nsenter"].filter(
    (one) => !isInstalled(one),
  );
  if (missing.length > 0) return `not installed: ${missing.join(", ")}; run test/cluster/install.sh`;
  if (process.getuid?.() !== 0) return "it takes root to make network namespaces";
  const made = spawnSync("unshare", [
    "--net",
    "--mount",
    "--uts",
    "--pid",
    "--fork",
    "ip",
    "link",
    "add",
    "name",
    "probe",
    "type",
    "bridge",
  ]);
  return made.status === 0 ? null : "network namespaces are not permitted here";
}

/** Runs a script of this folder on a Slurm of its own. Gives what it printed. */
export async function onSlurm(script: string, args: readonly string[]): Promise<string> {
  // Not below /tmp, of which each host has its own.
  const folder = await mkdtemp("/var/tmp/kadapter-rig-");
  try {
    const { stdout } = await promisify(execFile)(here("slurm.sh"), [folder, here(script), ...args], {
      timeout: 580_000,
    });
    return stdout;
  } catch (error) {
    const logs = (await readdir(folder)).filter((name) => name.endsWith(".log"));
    const ends = logs.map(async (name) => `${name}: ${(await readFile(join(folder, name), "utf8")).slice(-1500)}`);
    throw new Error([String(error), ...(await Promise.all(ends))].join("\n"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
