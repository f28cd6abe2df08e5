import { defineConfig } from "vitest/config";

// quick: beside the code, run on every save. slow: trainings, crashes, the command line; they need `npm run build`.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "quick", include: ["src/**/*.test.ts"], pool: "forks", testTimeout: 30_000 } },
      {
        test: {
          name: "slow",
          include: ["test/**/*.test.ts"],
          pool: "forks",
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
