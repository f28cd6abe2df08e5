import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";
import { promisify } from "node:util";
import { UserError } from "../../errors.js";
import { counted } from "../../phrases.js";
import { probeMpi } from "../../ranks/mpi/probe.js";
import { installedDevices, int8WeightBits } from "../../runtime/devices.js";
import { hubCacheFolder } from "../../weights/hub-cache.js";
import type { CommandContext } from "../run.js";

/** Something that a user can do about a problem. */
interface Hint {
  readonly problem: string;
  readonly fix: string;
}

/** `doctor`: what this machine offers, and one hint for each thing that is wrong. */
export async function run(_: object, { output }: CommandContext): Promise<void> {
  const hints: Hint[] = [];
  const versions = await readVersions(hints);
  const processor = await readProcessor(hints);
  const memory = { totalGiB: gib(totalmem()), freeGiB: gib(freemem()) };
  if (memory.freeGiB < 2) hints.push({ problem: "less than 2 GiB of memory are free", fix: "use a small backbone" });
  const devices = await probeDevices(hints);
  const ranks = await readRanks(hints);
  const cache = await readCache(hints);
  const rows: Record<string, string> = {
    versions: Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    processor: `${processor.model}, ${counted(processor.cores, "core")} seen, ${counted(processor.threads, "thread")} by default`,
    instructions: processor.instructions === null ? "unknown on this system" : processor.instructions.join(", ") || "-",
    "int8 weights":
      processor.int8Bits === 8
        ? "8 bits"
        : "7 bits: sums of 8-bit products (u8 × s8) could saturate on this processor without VNNI",
    memory: `${memory.totalGiB} GiB, ${memory.freeGiB} GiB free`,
    ...Object.fromEntries(
      Object.entries(devices).map(([name, state]) => [
        `device ${name}`,
        state === "works" ? "works: a small graph of forward and gradient gives the right numbers" : state,
      ]),
    ),
    ranks: ranks
      ? `${ranks.version} (${ranks.path}), threads: ${ranks.threads}`
      : "no message-passing library (MPI): trainings run on one process",
    "Hugging Face": `${cache.folder} (${cache.exists ? "exists" : "not there yet"})${cache.offline ? ", downloads are off" : ""}`,
  };
  const width = Math.max(...Object.keys(rows).map(({ length }) => length));
  for (const [name, text] of Object.entries(rows)) output.say(`${name.padEnd(width)}  ${text}`);
  for (const { problem, fix } of hints) output.say(`hint: ${problem}: ${fix}`);
  if (hints.length === 0) output.say("nothing is wrong");
  output.result({ versions, processor, memory, devices, ranks, cache, hints });
}

const gib = (bytes: number): number => Math.round((bytes / 2 ** 30) * 10) / 10;

/** Packages that the command line needs at run time. */
const packages = ["onnxruntime-node", "@huggingface/tokenizers", "@huggingface/hub"] as const;

async function readVersions(hints: Hint[]): Promise<Record<string, string>> {
  const own = await readManifest(new URL("../../../package.json", import.meta.url));
  const versions: Record<string, string> = { kadapter: own ?? "unknown", node: process.versions.node };
  if (Number(process.versions.node.split(".")[0]) < 20) {
    hints.push({ problem: `Node ${process.versions.node} is too old`, fix: "install Node 20 or newer" });
  }
  for (const name of packages) {
    const version = await installedVersion(name);
    versions[name] = version ?? "missing";
    if (version === null) hints.push({ problem: `the package ${name} is not installed`, fix: "run `npm ci`" });
  }
  return versions;
}

async function readManifest(file: URL): Promise<string | null> {
  try {
    const json: unknown = JSON.parse(await readFile(file, "utf8"));
    return typeof json === "object" && json !== null && "version" in json ? String(json.version) : null;
  } catch {
    return null;
  }
}

/** The version of an installed package; packages hide their package.json, so the folders are searched as Node does. */
async function installedVersion(name: string): Promise<string | null> {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const version = await readManifest(new URL(`file://${folder}/${name}/package.json`));
    if (version !== null) return version;
  }
  return null;
}

/** Instruction sets that decide the speed of matrix products: float32, then int8. */
const instructionSets = ["avx2", "fma", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm"];

async function readProcessor(hints: Hint[]) {
  const flags = await processorFlags();
  const instructions = flags && instructionSets.filter((name) => flags.has(name));
  if (instructions && process.arch === "x64" && !instructions.some((name) => /vnni|amx/.test(name))) {
    hints.push({
      problem: "this processor has no VNNI",
      fix: "expect little of --backbone-precision int8: sums of 8-bit products could saturate, so its weights take 7 bits, and it may be no faster",
    });
  }
  const threads = availableParallelism();
  const cores = cpus().length;
  if (threads < cores) {
    hints.push({
      problem: `only ${threads} of ${cores} cores may be used`,
      fix: "raise the limit of the container or of taskset if that is not meant",
    });
  }
  // Averages over a minute; a load of one is a core that is kept busy.
  const busy = Math.round(loadavg()[0] as number);
  if (busy > 0 && busy >= threads / 2) {
    hints.push({
      problem: `other programs keep ${Math.min(busy, threads)} of ${counted(threads, "core")} busy`,
      fix: `give two trainings that run at once --threads ${Math.max(1, threads >> 1)} each`,
    });
  }
  return {
    int8Bits: int8WeightBits(),
    model: cpus()[0]?.model.trim() || "unknown processor",
    cores,
    threads,
    instructions,
  };
}

/** Linux tells them; elsewhere they are not known. */
async function processorFlags(): Promise<ReadonlySet<string> | null> {
  const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1];
  return line === undefined ? null : new Set(line.trim().split(/\s+/));
}

/** What every device says to a small training graph. A broken driver may crash, so each has a process of its own. */
async function probeDevices(hints: Hint[]): Promise<Record<string, string>> {
  const states: Record<string, string> = {};
  const installed = installedDevices();
  for (const device of ["cpu", "cuda", "webgpu"] as const) {
    if (!installed.includes(device)) {
      states[device] = "not installed";
      continue;
    }
    const problem = await probe(device);
    states[device] = problem === null ? "works" : "does not work";
    if (problem !== null) hints.push({ problem, fix: fixes[device] });
  }
  return states;
}

const fixes = {
  cpu: "reinstall onnxruntime-node with `npm ci`",
  cuda: "check NVIDIA's driver, CUDA and cuDNN, or choose --device cpu",
  webgpu: "it needs a graphics driver (Vulkan, Metal or Direct3D); without one, stay with --device cpu",
};

async function probe(device: "cpu" | "cuda" | "webgpu"): Promise<string | null> {
  const runtime = JSON.stringify(new URL("../../runtime/index.js", import.meta.url).href);
  const script = `import { probeDevice } from ${runtime};
    await probeDevice(${JSON.stringify(device)}).catch((error) => { console.log(error.message); process.exitCode = 3; });`;
  const args = ["--input-type=module", "--eval", script];
  try {
    await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
    return null;
  } catch (error) {
    const said = error instanceof Error && "stdout" in error ? String(error.stdout).trim() : "";
    // The line ends with an advice of its own; the hint has a better one. Where in its C++ it failed helps nobody here.
    return (
      said
        .split("; choose ")[0]
        ?.replace(/\/onnxruntime_src\/.* was false\. /, "")
        .replace(/ \)/g, ")") || `device ${device}: the attempt crashed`
    );
  }
}

/** The message-passing library; none is no fault. */
async function readRanks(hints: Hint[]) {
  try {
    return await probeMpi();
  } catch (error) {
    const problem = error instanceof UserError ? error.message : String(error);
    hints.push({ problem, fix: "install it anew, or name another in the environment's KADAPTER_MPI" });
    return null;
  }
}

async function readCache(hints: Hint[]) {
  const folder = hubCacheFolder(process.env);
  const stats = await stat(folder).catch(() => null);
  if (stats && !stats.isDirectory()) {
    hints.push({ problem: `${folder} is a file`, fix: "set HF_HOME to a folder for downloaded models" });
  }
  const offline = /^(1|on|yes|true)$/i.test(process.env["HF_HUB_OFFLINE"] ?? "");
  return { folder, exists: stats?.isDirectory() ?? false, offline };
}
