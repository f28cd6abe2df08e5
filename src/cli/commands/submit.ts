import { spawn } from "node:child_process";
import { codeOf, userError } from "../../errors.js";
import type { KubernetesSettings, SlurmSettings } from "../../settings/submit.js";
import { kubernetesManifest } from "../../submit/kubernetes.js";
import { shellWord } from "../../submit/shell.js";
import { slurmScript } from "../../submit/slurm.js";
import type { CommandContext } from "../run.js";
import { clusterJob } from "../submitted.js";

/** `submit slurm`. */
export async function slurm(settings: SlurmSettings, context: CommandContext): Promise<void> {
  const { setup = [], ...options } = settings;
  const job = await clusterJob(settings, context);
  const script = slurmScript(job, { ...options, setup });
  const id = await give(script, ["sbatch", "--parsable"], settings.submit, context);
  const { shape } = job;
  if (shape.kind !== "array" || !shape.afterwards) return;
  const then = shape.afterwards.map(shellWord).join(" ");
  context.output.note(`once all parts are done: kadapter submit slurm --after ${id ?? "JOB"} -- ${then}`);
}

/** `submit kubernetes`. */
export async function kubernetes(settings: KubernetesSettings, context: CommandContext): Promise<void> {
  const manifest = kubernetesManifest(await clusterJob(settings, context), settings);
  await give(manifest, ["kubectl", "create", "--filename", "-"], settings.submit, context);
}

/** Prints a script or manifest, or hands it to the cluster's own program. */
async function give(
  text: string,
  program: readonly [string, ...string[]],
  submit: boolean,
  { output }: CommandContext,
): Promise<string | null> {
  if (!submit) {
    output.say(text.trimEnd());
    output.result({ text, submitted: null });
    return null;
  }
  const submitted = (await handedTo(program, text)).trim();
  output.say(submitted);
  output.result({ text, submitted });
  return submitted;
}

/** Runs a program that reads from stdin; gives what it says. */
async function handedTo([name, ...args]: readonly [string, ...string[]], text: string): Promise<string> {
  const child = spawn(name, args, { stdio: ["pipe", "pipe", "pipe"] });
  let [said, complaint] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    said = `${said}${part}`.slice(0, mostCharacters);
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    complaint = `${complaint}${part}`.slice(0, mostCharacters);
  });
  // Where it ends without reading all, its code and its words say why.
  child.stdin.on("error", () => undefined).end(text);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
    throw userError({
      where: name,
      what: "it is not installed here",
      fix: "print the text and hand it in where it is",
    });
  });
  if (code === 0) return said;
  throw userError({ where: name, what: complaint.trim() || `it ended with ${code ?? "a signal"}` });
}

const mostCharacters = 64 * 1024;
