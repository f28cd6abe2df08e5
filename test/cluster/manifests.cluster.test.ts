/** Manifests and batch scripts, judged by other people's programs. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type ClusterJob, type JobShape, partOfTask } from "../../src/submit/job.js";
import { type Manifest, manifestOf } from "../../src/submit/kubernetes.js";
import { slurmScript } from "../../src/submit/slurm.js";
import { here, isInstalled } from "./rig/rig.js";

const python = process.env["CLUSTER_PYTHON"] ?? here("../../../node_modules/.cache/cluster-python");
const checker = join(python, "bin", "kubernetes-validate");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-manifests-"));
});
afterAll(() => rm(folder, { recursive: true }));

const shapes: Readonly<Record<string, JobShape>> = {
  single: { kind: "single" },
  array: { kind: "array", parts: 8, parallel: 3 },
  "array with a table": { kind: "array", parts: 4, afterwards: ["sweep", "--table-only", "s.yaml"] },
  ranks: { kind: "ranks", nodes: 4, perNode: 2 },
};
const job = (shape: JobShape): ClusterJob => ({
  ...{ name: "kadapter-test", program: ["kadapter"], shape, cpus: 16, memory: "24G", gpus: 1, grace: 60, restarts: 3 },
  command: ["predict", ...(shape.kind === "array" ? (["--part", partOfTask] as const) : []), "runs/it's $(here)"],
});
const options = {
  image: "registry.example/kadapter:0.1",
  queue: "q",
  namespace: "lm",
  claim: "shared",
  mount: "/work",
};

/** The objects of Kubernetes' own that a manifest is, or holds. */
function coreObjects(manifest: Manifest): readonly Manifest[] {
  const { kind, spec } = manifest as { readonly kind: string; readonly spec: Readonly<Record<string, unknown>> };
  const metadata = { name: "inner" };
  if (kind === "JobSet") {
    const jobs = spec["replicatedJobs"] as readonly { readonly template: Manifest }[];
    return jobs.map(({ template }) => ({ apiVersion: "batch/v1", kind: "Job", metadata, ...template }));
  }
  if (kind !== "MPIJob") return [manifest];
  const replicas = Object.values(spec["mpiReplicaSpecs"] as Readonly<Record<string, { readonly template: Manifest }>>);
  return replicas.map(({ template }) => ({ apiVersion: "v1", kind: "Pod", metadata, ...template }));
}

/** What the checker says of an object, strictly; empty where it is right. */
async function complaintsAbout(object: Manifest): Promise<string> {
  const file = join(folder, "object.yaml");
  await writeFile(file, stringify(object));
  return promisify(execFile)(checker, ["--strict", file]).then(
    () => "",
    (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}` || "it failed",
  );
}

const unchecked = existsSync(checker)
  ? ""
  : " (skipped: kubernetes-validate is not there; run test/cluster/install.sh)";
describe.skipIf(unchecked !== "")(`manifests${unchecked}`, () => {
  test.each(Object.entries(shapes))("%s: every object keeps to Kubernetes' schema, strictly", async (_, shape) => {
    for (const object of coreObjects(manifestOf(job(shape), options))) expect(await complaintsAbout(object)).toBe("");
  });

  test("a misspelt field is refused", async () => {
    const manifest = manifestOf(job(shapes["array"]!), options) as { readonly spec: Manifest };
    const { backoffLimitPerIndex, ...spec } = manifest.spec;
    const misspelt = { ...manifest, spec: { ...spec, backofLimitPerIndex: backoffLimitPerIndex } };
    expect(await complaintsAbout(misspelt)).toContain("backofLimitPerIndex");
  });
});

const noShellcheck = isInstalled("shellcheck")
  ? ""
  : " (skipped: shellcheck is not installed; run test/cluster/install.sh)";
describe.skipIf(noShellcheck !== "")(`batch scripts${noShellcheck}`, () => {
  test.each(Object.entries(shapes))("%s: bash and shellcheck find nothing", async (_, shape) => {
    const file = join(folder, "job.sh");
    const slurm = {
      time: "4:00:00",
      partition: "all",
      account: "lm",
      after: 7,
      logs: "logs",
      setup: ["module load x"],
    };
    await writeFile(file, slurmScript(job(shape), slurm));
    await promisify(execFile)("bash", ["-n", file]);
    const { stdout } = await promisify(execFile)("shellcheck", ["--severity=warning", file]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });
});
