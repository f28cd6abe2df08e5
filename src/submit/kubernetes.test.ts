import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type ClusterJob, partOfTask } from "./job.js";
import { type KubernetesOptions, kubernetesManifest } from "./kubernetes.js";

const job: ClusterJob = {
  ...{ name: "kadapter-test", program: ["kadapter"], command: ["teach", "f.csv"], shape: { kind: "single" } },
  ...{ grace: 60, restarts: 3 },
};
const options: KubernetesOptions = { image: "registry.example/kadapter:0.1", mount: "/work" };
interface Pod {
  readonly containers: readonly { readonly command: readonly string[]; readonly resources?: object }[];
  readonly volumes?: object;
}
const made = (more: Partial<ClusterJob>, other: Partial<KubernetesOptions> = {}) =>
  parse(kubernetesManifest({ ...job, ...more }, { ...options, ...other })) as {
    readonly kind: string;
    readonly metadata: object;
    readonly spec: { readonly template: { readonly spec: Pod } } & Record<string, unknown>;
  };

/** As Kubernetes replaces `$(NAME)` in commands: third_party/forked/golang/expansion. */
const expanded = (word: string, values: Readonly<Record<string, string>>) =>
  word.replace(/\$\$|\$\(([^)]*)\)/g, (all, name: string | undefined) =>
    name === undefined ? "$" : (values[name] ?? all),
  );

describe("kubernetesManifest", () => {
  it("hands every word on as it was given", () => {
    const command = ["$(HOME)", "$$(HOME)", "$HOME", "no", "1e3", "a: b", "- x", "'\"", "#", "", "&a *a", "{a}", "ü\n"];
    const words = made({ command }).spec.template.spec.containers[0]!.command;
    expect(words.map((word) => expanded(word, { HOME: "/root" }))).toEqual(["kadapter", ...command]);
  });

  it("gives each pod of an Indexed Job its part", () => {
    const shape = { kind: "array", parts: 8, parallel: 2 } as const;
    const { spec } = made({ command: ["predict", "--part", partOfTask], shape });
    expect(spec).toMatchObject({ completionMode: "Indexed", completions: 8, parallelism: 2, backoffLimitPerIndex: 3 });
    const words = spec.template.spec.containers[0]!.command;
    expect(words.map((word) => expanded(word, { JOB_COMPLETION_INDEX: "5" }))).toEqual([
      "kadapter",
      "predict",
      "--part",
      "5/8",
    ]);
  });

  it("makes what follows an array wait for all of its parts", () => {
    const afterwards = ["sweep", "--table-only", "s.yaml"];
    const { kind, spec } = made({ shape: { kind: "array", parts: 2, afterwards } });
    expect(kind).toBe("JobSet");
    expect(spec["replicatedJobs"]).toMatchObject([
      { name: "parts", template: { spec: { completions: 2 } } },
      { name: "afterwards", dependsOn: [{ name: "parts", status: "Complete" }] },
    ]);
  });

  it("starts as many ranks as the workers have slots", () => {
    const { kind, spec } = made({ shape: { kind: "ranks", nodes: 4, perNode: 2 }, cpus: 16, memory: "24G" });
    expect(kind).toBe("MPIJob");
    const { Launcher, Worker } = spec["mpiReplicaSpecs"] as Record<
      string,
      { template: { spec: Pod }; replicas: number }
    >;
    expect(Launcher!.template.spec.containers[0]!.command.slice(0, 3)).toEqual(["mpirun", "-n", "8"]);
    expect(Worker).toMatchObject({ replicas: 4 });
    const resources = { requests: { cpu: 16, memory: "24Gi" }, limits: { memory: "24Gi" } };
    expect(Worker!.template.spec.containers[0]!.resources).toEqual(resources);
    expect(Launcher!.template.spec.containers[0]!.resources).toBeUndefined();
  });

  it("names queue, namespace and shared storage where they are given", () => {
    const { metadata, spec } = made({}, { queue: "research", namespace: "lm", claim: "shared" });
    expect(metadata).toEqual({
      ...{ name: "kadapter-test", namespace: "lm", labels: { "kueue.x-k8s.io/queue-name": "research" } },
    });
    expect(spec.template.spec.volumes).toEqual([{ name: "shared", persistentVolumeClaim: { claimName: "shared" } }]);
  });
});
