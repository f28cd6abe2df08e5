import type { Plane, Ranks, Round } from "./ranks.js";
import { addFloats, TreeSum } from "./tree-sum.js";

const nothing = () => undefined;

/** One process, which has all leaves. */
export class Alone implements Ranks {
  readonly rank = 0;
  readonly size = 1;
  readonly about = {};
  private readonly tree = new TreeSum({
    rank: 0,
    size: 1,
    meet: nothing,
    scatter: nothing,
    collect: nothing,
    add: addFloats,
  });

  sum(planes: readonly Plane[], round: Round) {
    const done = this.add(planes, round);
    return { taken: done, done };
  }

  async gather(text: string): Promise<readonly string[]> {
    return [text];
  }

  async gatherFloats(own: Float32Array<ArrayBuffer>): Promise<readonly Float32Array[]> {
    return [own];
  }

  async close(): Promise<void> {
    // Nobody waits for it.
  }

  private async add(planes: readonly Plane[], round: Round): Promise<void> {
    // Where foreign functions cannot be called, nothing lies in memory of others.
    const { floatsAt } = await import("./memory.js");
    await this.tree.add(planes.map(floatsAt), round);
  }
}

/** For trainings that say nothing of ranks. */
export const alone = (): Ranks => new Alone();
