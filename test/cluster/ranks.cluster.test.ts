/** A job over MPI on a Slurm of two hosts, one of which dies: the batch script goes on with the other. */

import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { slurmScript } from "../../src/submit/slurm.js";
import { onSlurm, whyNoSlurm } from "./rig/rig.js";

/** Where Debian's Slurm looks for PMIx. */
const hasPmix = readdirSync("/usr/lib").some((name) => existsSync(`/usr/lib/${name}/pmix2/lib/libpmix.so`));
const reason = whyNoSlurm() ?? (hasPmix ? null : "libpmix-dev is not installed; run test/cluster/install.sh");

/** Stands in for a training: two ranks never end, one alone does. */
const standIn = `#!/bin/bash
touch "$FOLDER/begun-$SLURM_PROCID-of-$SLURM_NTASKS"
[ "$SLURM_NTASKS" = 1 ] || sleep 600
`;

describe.skipIf(reason !== null)(`Slurm${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  test("goes on with the node that is left, in the same job", async () => {
    const folder = await mkdtemp("/var/tmp/kadapter-ranks-");
    try {
      const [program, script, log] = [join(folder, "train"), join(folder, "job.sh"), join(folder, "log")];
      await writeFile(program, standIn);
      await chmod(program, 0o755);
      const shape = { kind: "ranks", nodes: 2, perNode: 1 } as const;
      const job = { name: "kadapter-ranks", program: [program], command: ["x"], shape, grace: 60, restarts: 3 };
      await writeFile(script, slurmScript(job, { logs: ".", setup: [`export FOLDER=${folder}`] }));
      const said = (await onSlurm("ranks.sh", [script, log, folder])).trim().split("\n");
      const begun = (await readdir(folder)).filter((name) => name.startsWith("begun"));
      const logged = await readFile(log, "utf8");
      expect(said, logged).toEqual(["to start", "JobState=COMPLETED", "Restarts=0"]);
      expect(begun.sort()).toEqual(["begun-0-of-1", "begun-0-of-2", "begun-1-of-2"]);
      expect(logged).toMatch(/^attempt 1: 2 ranks on h1,h2$/m);
      expect(logged).toMatch(/^attempt \d: 1 ranks on h1$/m);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
