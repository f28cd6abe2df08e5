import { describe, expect, it } from "vitest";
import type { Ranks } from "../ranks/index.js";
import { simulatedRanks } from "../testing/simulated-ranks.js";
import type { RunIdentity } from "./identity.js";
import { requireLeaves, requireSameOnAll } from "./same-on-all-ranks.js";

const settings = { saveEvery: 500 };
const run = { out: "runs/a", resume: false, settings };

interface Started {
  readonly about?: Ranks["about"];
  readonly run?: Partial<typeof run>;
  readonly identity?: RunIdentity;
}

/** What ranks that were started so are told. */
async function told(...started: readonly Started[]): Promise<readonly string[]> {
  const ranks = simulatedRanks(started.length).map(async (ranks, i) => {
    const { about = {}, run: own = {}, identity = { seed: "42" } } = started[i] ?? {};
    try {
      await requireSameOnAll({ ...ranks, about }, { ...run, ...own }, identity);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  });
  return Promise.all(ranks);
}

describe("ranks", () => {
  it("that were started alike train", async () => {
    expect(await told({}, {}, {}, {})).toEqual(["", "", "", ""]);
  });

  it("hear alike what differs, and where", async () => {
    const lines = await told({}, {}, { about: { threads: "2" }, identity: { seed: "7" } }, {});
    expect(new Set(lines)).toEqual(
      new Set([
        "rank 2: it was started otherwise than rank 0 (seed is 7, on rank 0 42; threads is 2, on rank 0 not set); start all ranks with the same version, options and data",
      ]),
    );
  });

  it.each<[string, Started]>([
    ["out is runs/b, on rank 0 runs/a", { run: { out: "runs/b" } }],
    ["resume is true, on rank 0 false", { run: { resume: true } }],
    ["saveEvery is 7, on rank 0 500", { run: { settings: { saveEvery: 7 } } }],
    ["train is abc, on rank 0 not set", { identity: { seed: "42", train: "abc" } }],
  ])("must have in common what decides when they meet: %s", async (difference, other) => {
    for (const line of await told({}, other)) expect(line).toContain(`(${difference})`);
  });

  it("each have a leaf", () => {
    expect(() => requireLeaves({ leaves: 4 }, { size: 4 })).not.toThrow();
    expect(() => requireLeaves({}, { size: 1 })).not.toThrow();
    expect(() => requireLeaves({}, { size: 2 })).toThrow("leaves: a step has 1, and there are 2 ranks");
  });
});
