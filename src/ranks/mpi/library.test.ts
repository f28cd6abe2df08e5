import { describe, expect, it } from "vitest";
import { launchedSize, openLibrary } from "./library.js";

describe("the number of processes that a launcher tells", () => {
  it.each([
    [{ OMPI_COMM_WORLD_SIZE: "4" }, 4],
    [{ PMI_SIZE: "8", PMI_RANK: "3" }, 8],
    [{ SLURM_NTASKS: "2", PMIX_RANK: "0" }, 2],
    // Within a Slurm job, but not started by srun.
    [{ SLURM_NTASKS: "2" }, null],
    [{ PMI_SIZE: "many" }, null],
    [{}, null],
  ])("of %o is %o", (env, size) => {
    expect(launchedSize(env)).toBe(size);
  });
});

describe("a message-passing library", () => {
  it("that is named and not there is refused, in one line", () => {
    expect(() => openLibrary({ KADAPTER_MPI: "/nowhere/libmpi.so" })).toThrow(
      /^\/nowhere\/libmpi\.so cannot be loaded as a message-passing library \(MPI\); expected [^\n]+; correct the environment's KADAPTER_MPI$/,
    );
  });
});
