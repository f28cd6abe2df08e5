/**
 * Manifests for Kubernetes: a Job, an Indexed Job for arrays, a JobSet where something follows an array, and Kubeflow's
 * MPIJob for trainings over MPI.
 * @module
 */
import { stringify } from "yaml";
import { type ClusterJob, type JobShape, type JobWord, partOfTask } from "./job.js";

/** What a job on Kubernetes is given besides. */
export interface KubernetesOptions {
  readonly image: string;
  readonly namespace?: string | undefined;
  /** Kueue's queue. */
  readonly queue?: string | undefined;
  /** A claim of storage that all pods share, and where they see it. */
  readonly claim?: string | undefined;
  readonly mount: string;
}

/** A manifest's maps and lists. */
export type Manifest = Readonly<Record<string, unknown>>;

/** The manifest of a job, as YAML. */
export const kubernetesManifest = (job: ClusterJob, options: KubernetesOptions): string =>
  stringify(manifestOf(job, options), { lineWidth: 0, aliasDuplicateObjects: false });

/** The manifest of a job. */
export function manifestOf(job: ClusterJob, options: KubernetesOptions): Manifest {
  const { shape } = job;
  const { namespace, queue } = options;
  const metadata = {
    name: job.name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(queue === undefined ? {} : { labels: { "kueue.x-k8s.io/queue-name": queue } }),
  };
  if (shape.kind === "ranks") return mpiJob(job, options, metadata, shape);
  if (shape.kind === "array" && shape.afterwards) return jobSet(job, options, metadata, shape, shape.afterwards);
  return { apiVersion: "batch/v1", kind: "Job", metadata, spec: jobSpec(job, options) };
}

type Array_ = Extract<JobShape, { kind: "array" }>;
type Ranks = Extract<JobShape, { kind: "ranks" }>;

/** A job and what follows it when all of its parts are done. */
const jobSet = (
  job: ClusterJob,
  options: KubernetesOptions,
  metadata: Manifest,
  shape: Array_,
  then: readonly string[],
) => ({
  apiVersion: "jobset.x-k8s.io/v1alpha2",
  kind: "JobSet",
  metadata,
  spec: {
    failurePolicy: { maxRestarts: job.restarts },
    replicatedJobs: [
      { name: "parts", replicas: 1, template: { spec: jobSpec({ ...job, shape: withoutEnd(shape) }, options) } },
      {
        name: "afterwards",
        replicas: 1,
        dependsOn: [{ name: "parts", status: "Complete" }],
        template: { spec: jobSpec({ ...job, command: then, shape: { kind: "single" } }, options) },
      },
    ],
  },
});

const withoutEnd = ({ afterwards: _, ...shape }: Array_): Array_ => shape;

/** Exit code 2 is a mistake in the command, which no repetition mends; a pod that had to make room is no failure. */
const failurePolicy = {
  rules: [
    { action: "FailJob", onExitCodes: { containerName: "kadapter", operator: "In", values: [2] } },
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
  ],
};

function jobSpec(job: ClusterJob, options: KubernetesOptions): Manifest {
  const { shape, restarts } = job;
  const array =
    shape.kind === "array"
      ? {
          completionMode: "Indexed",
          completions: shape.parts,
          parallelism: shape.parallel ?? shape.parts,
          backoffLimitPerIndex: restarts,
          maxFailedIndexes: 0,
        }
      : { backoffLimit: restarts };
  return {
    ...array,
    podFailurePolicy: failurePolicy,
    template: { spec: { restartPolicy: "Never", ...pod(job, options, [...job.program, ...words(job)]) } },
  };
}

/** One launcher, and a worker with an SSH server on every node. */
function mpiJob(job: ClusterJob, options: KubernetesOptions, metadata: Manifest, { nodes, perNode }: Ranks): Manifest {
  const launch = ["mpirun", "-n", String(nodes * perNode), "--bind-to", "none", ...job.program, ...words(job)];
  const small = { ...job, cpus: undefined, memory: undefined, gpus: undefined };
  return {
    apiVersion: "kubeflow.org/v2beta1",
    kind: "MPIJob",
    metadata,
    spec: {
      slotsPerWorker: perNode,
      mpiImplementation: "OpenMPI",
      launcherCreationPolicy: "WaitForWorkersReady",
      runPolicy: { cleanPodPolicy: "Running", backoffLimit: job.restarts },
      mpiReplicaSpecs: {
        Launcher: { replicas: 1, restartPolicy: "OnFailure", template: { spec: pod(small, options, launch) } },
        Worker: { replicas: nodes, template: { spec: pod(job, options, ["/usr/sbin/sshd", "-De"]) } },
      },
    },
  };
}

function pod({ cpus, memory, gpus, grace }: ClusterJob, options: KubernetesOptions, command: readonly string[]) {
  const { image, claim, mount } = options;
  const bytes = memory === undefined ? {} : { memory: inBinary(memory) };
  const devices = gpus === undefined ? {} : { "nvidia.com/gpu": gpus };
  const requests = { ...(cpus === undefined ? {} : { cpu: cpus }), ...bytes, ...devices };
  const limits = { ...bytes, ...devices };
  const resources = {
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
  const volume = { name: "shared" };
  return {
    terminationGracePeriodSeconds: grace,
    containers: [
      {
        name: "kadapter",
        image,
        command,
        workingDir: mount,
        ...(Object.keys(resources).length > 0 ? { resources } : {}),
        ...(claim === undefined ? {} : { volumeMounts: [{ ...volume, mountPath: mount }] }),
      },
    ],
    ...(claim === undefined ? {} : { volumes: [{ ...volume, persistentVolumeClaim: { claimName: claim } }] }),
  };
}

/** `24G`, as Slurm means it: powers of two. */
const inBinary = (memory: string): string => (/[KMGT]$/.test(memory) ? `${memory}i` : memory);

/** Kubernetes replaces `$(NAME)` in commands; `$$` stands for `$`. */
function words({ command, shape }: ClusterJob): readonly string[] {
  const parts = shape.kind === "array" ? shape.parts : 1;
  const written = (word: JobWord) =>
    word === partOfTask ? `$(JOB_COMPLETION_INDEX)/${parts}` : word.replaceAll("$", "$$$$");
  return command.map(written);
}
