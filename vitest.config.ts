import { availableParallelism } from "node:os";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const data = "**/*.data.test.ts";
const slow = "**/*.slow.test.ts";
const cluster = "**/*.cluster.test.ts";

/** For trainings and processes. The build that they run is loaded by Node, as a user's is. */
const long: Partial<TestProjectInlineConfiguration["test"]> = {
  pool: "forks",
  testTimeout: 600_000,
  hookTimeout: 600_000,
  server: { deps: { external: [/\/dist\//] } },
};

// quick: beside the code, run on every save. The others need `npm run build`: cli, the command line as a whole; slow,
// what takes minutes (kills at random, the demo, benchmarks); cluster, what needs a cluster's programs (MPI, Slurm); data,
// what reads the folder that KADAPTER_DATA names.
export default defineConfig({
  test: {
    // Most tests compute on one thread.
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    projects: [
      {
        test: {
          name: "quick",
          include: ["src/**/*.test.ts"],
          exclude: [data],
          pool: "forks",
          testTimeout: 30_000,
        },
      },
      { test: { name: "cli", include: ["test/**/*.test.ts"], exclude: [data, slow, cluster], ...long } },
      { test: { name: "slow", include: [`test/${slow}`], ...long } },
      { test: { name: "cluster", include: [`test/${cluster}`], ...long } },
      { test: { name: "data", include: [`src/${data}`, `test/${data}`], ...long } },
    ],
  },
});
