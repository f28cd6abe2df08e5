/**
 * Settings of what hands commands to a cluster.
 * @module
 */
import { z } from "zod";
import { setting } from "../errors.js";
import { group, type Settings } from "./setting.js";
import { innerCommand, oneOrMore, optionalCount, text, toggle, whole } from "./values.js";

const plain = (pattern: RegExp) => z.string().max(253).regex(pattern);

const words = (pattern: RegExp, expects: string, help: string, argument = "name") =>
  ({ type: "text", argument, schema: plain(pattern).optional(), expects, help, basic: true }) as const;

const name = /^[A-Za-z0-9][\w.-]*$/;
const isPowerOfTwo = (value: number) => Number.isInteger(Math.log2(value));

/** What both kinds of cluster are told. */
const jobSettings = {
  ...group("Command", {
    command: innerCommand(
      "a command line of kadapter behind `--`",
      "what the cluster is to run: a command line of kadapter, behind `--`; mistakes in it are found before it is handed in",
    ),
    submit: { ...toggle("hand it in, instead of printing it"), basic: true },
    name: {
      ...words(/^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/, "small letters, digits and hyphens", "the job's name"),
      otherwise: "made from the command",
    },
    program: {
      type: "text",
      argument: "words",
      schema: text.default("kadapter"),
      expects: "what stands before the command's words",
      help: "how kadapter is called there",
    },
  }),
  ...group("Array", {
    array: {
      ...optionalCount(1, "runs the command in so many parts, for `features`, `sweep` and `predict`", 10_000),
      basic: true,
      check: ({ array, nodes }: Readonly<Record<string, unknown>>) =>
        array !== undefined && nodes !== undefined
          ? { what: `${setting("array")} and ${setting("nodes")} are given`, expected: "one of them" }
          : undefined,
    },
    parallel: {
      ...optionalCount(1, "parts that may run at once", 10_000),
      otherwise: "all",
      check: ({ array, parallel }: Readonly<Record<string, unknown>>) =>
        parallel !== undefined && array === undefined
          ? { what: `${setting("parallel")} is given without parts`, expected: `${setting("array")}, too` }
          : undefined,
    },
  }),
  ...group("Ranks", {
    nodes: {
      ...optionalCount(1, "trains over MPI on so many nodes", 4096),
      basic: true,
      check: ({ nodes, ranksPerNode }: Readonly<Record<string, unknown>>) =>
        nodes !== undefined && !isPowerOfTwo(Number(nodes) * Number(ranksPerNode))
          ? { what: `${String(nodes)} nodes with ${String(ranksPerNode)} each`, expected: "a power of two of ranks" }
          : undefined,
    },
    ranksPerNode: {
      ...optionalCount(1, "processes on each node", 256),
      schema: whole(1, 256).default(1),
    },
  }),
  ...group("Resources", {
    cpus: {
      ...optionalCount(1, "processor cores of a process", 4096),
      basic: true,
      otherwise: "the cluster's default",
    },
    memory: {
      ...words(/^\d{1,9}[KMGT]$/, "a size such as 24G", "memory of a process, on Slurm of a node", "size"),
      otherwise: "the cluster's default",
    },
    gpus: { ...optionalCount(1, "GPUs of a node", 64), otherwise: "none" },
    grace: {
      ...optionalCount(10, "seconds in which the command saves what it has when it must stop", 86_400),
      schema: whole(10, 86_400).default(120),
    },
    restarts: {
      ...optionalCount(0, "how often it is begun again after a failure, or when its time was up", 1000),
      schema: whole(0, 1000).default(10),
    },
  }),
};

/** `submit slurm`. */
export const slurmSettings = {
  ...jobSettings,
  ...group("Slurm", {
    time: words(
      /^(\d{1,3}-)?\d{1,4}(:\d{2}){0,2}$/,
      "a time such as 4:00:00 or 2-00:00:00",
      "how long a job may take",
      "time",
    ),
    partition: words(name, "a partition's name", "Slurm's partition"),
    account: words(name, "an account's name", "Slurm's account"),
    after: optionalCount(1, "number of a job that must have succeeded before"),
    logs: {
      type: "text",
      argument: "dir",
      // It stands in a comment of the script, which Slurm reads in its own way.
      schema: plain(/^[\w./@+=-]+$/).default("."),
      expects: "a folder without spaces and quotes, which is there",
      help: "folder of the logs",
    },
    setup: {
      type: "text",
      argument: "line",
      schema: oneOrMore(text).optional(),
      expects: "a line of shell such as `module load openmpi`",
      help: "a line of shell that is run before",
    },
  }),
};

/** `submit kubernetes`. */
export const kubernetesSettings = {
  ...jobSettings,
  ...group("Kubernetes", {
    image: {
      type: "text",
      argument: "name",
      schema: plain(/^[\w][\w./:@-]*$/),
      expects: "an image such as registry.example/kadapter:0.1",
      help: "the container image, as the Dockerfile makes it",
      basic: true,
    },
    namespace: words(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a namespace's name", "the namespace"),
    queue: words(name, "a queue's name", "Kueue's queue"),
    claim: words(
      /^[a-z0-9][a-z0-9.-]*$/,
      "a persistent volume claim's name",
      "storage that all pods share: a persistent volume claim",
    ),
    mount: {
      type: "text",
      argument: "path",
      schema: text.regex(/^\/[^:]*$/).default("/work"),
      expects: "an absolute path without a colon",
      help: "where the shared storage is seen, and where commands run",
    },
  }),
};

export type SlurmSettings = Settings<typeof slurmSettings>;
export type KubernetesSettings = Settings<typeof kubernetesSettings>;
export type JobSettings = Settings<typeof jobSettings>;
