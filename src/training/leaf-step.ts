import type { Executor, Tensors } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { onAllRanks, type Plane, type Ranks } from "../ranks/index.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { slotNames } from "./optimizer.js";
import { type Loaded, load, type StepResult, single } from "./session.js";
import { leafWeightFeeds, type StepOptions, stepInLeaves } from "./step.js";

/** One leaf's inputs, and its share of the step's examples. */
export interface LeafFeeds {
  readonly feeds: Tensors;
  readonly share: number;
}

/** What a rank says of a step; numbers as texts, which are exact and know infinity. */
interface Said {
  readonly losses: readonly (readonly [leaf: number, loss: string])[];
  readonly norm: string;
}

const differentBits = (rank: number, told: readonly Said[]) =>
  onAllRanks(
    userError({
      where: `rank ${rank}`,
      what: `it computes other bits than rank 0: the gradient's norm is ${told[rank]?.norm}, there ${told[0]?.norm}`,
      expected: "ranks that are alike",
      fix: `start all on the same kind of processor, with the same ${setting("device")} and ${setting("threads")}`,
    }),
  );

/**
 * An optimiser step over leaves that are computed apart, on one process or several, and summed in the order of one
 * binary tree: what comes out depends on the leaves, not on who has computed them.
 */
export class LeafStep {
  private readonly gradients: readonly string[];

  private constructor(
    private readonly executor: Executor,
    private readonly ranks: Ranks,
    private readonly options: Pick<StepOptions, "trainable">,
    /** Forward and backward of one leaf. */
    readonly leaf: Loaded,
    private readonly update: Loaded,
  ) {
    this.gradients = options.trainable.map(({ name }) => slotNames.gradient(name));
  }

  static async open(executor: Executor, options: StepOptions, ranks: Ranks): Promise<LeafStep> {
    const { leaf, update } = stepInLeaves(options);
    return new LeafStep(executor, ranks, options, await load(executor, leaf), await load(executor, update));
  }

  /** The leaves of a step that this process computes. */
  own(leaves: number): readonly number[] {
    const { rank, size } = this.ranks;
    return Array.from({ length: Math.ceil((leaves - rank) / size) }, (_, i) => rank + i * size);
  }

  /**
   * One step.
   *
   * @param leaves how many there are on all ranks together
   * @param feedsOf gives a leaf's inputs
   * @param following called when a leaf is under way, with the next one of this process in this step, if there is one
   */
  async run(
    leaves: number,
    rates: Tensors,
    feedsOf: (leaf: number) => Promise<LeafFeeds>,
    following: (leaf: number | null) => void = () => undefined,
  ): Promise<StepResult> {
    const { rank, size } = this.ranks;
    const rounds = Math.ceil(leaves / size);
    const losses: [leaf: number, loss: number][] = [];
    const sums: Promise<void>[] = [];
    const memory = await this.executor.gradientMemory(this.gradients);
    for (let index = 0; index < rounds; index++) {
      const leaf = index * size + rank;
      if (leaf < leaves) {
        const { feeds, share } = await feedsOf(leaf);
        const running = this.leaf.graph.run({ ...feeds, ...leafWeightFeeds(share) }, this.leaf.fetch);
        following(leaf + size < leaves ? leaf + size : null);
        losses.push([leaf, share * single(await running, "loss")]);
      }
      const last = index === rounds - 1;
      const planes = memory ?? (await this.copies());
      const { taken, done } = this.ranks.sum(planes, { index, present: Math.min(size, leaves - index * size), last });
      await taken;
      sums.push(done);
      if (last) {
        await Promise.all(sums);
        if (!memory) await this.putBack(planes);
      }
    }
    const gradNorm = single(await this.update.graph.run(rates, this.update.fetch), "grad_norm");
    return { loss: await this.lossOf(losses, gradNorm), gradNorm };
  }

  async close(): Promise<void> {
    await this.leaf.graph.close();
    await this.update.graph.close();
  }

  /** The leaves' losses, added up in their order on every rank. */
  private async lossOf(own: readonly (readonly [number, number])[], gradNorm: number): Promise<number> {
    const said = JSON.stringify({ losses: own.map(([leaf, loss]) => [leaf, String(loss)]), norm: String(gradNorm) });
    const told = (await this.ranks.gather(said)).map((text) => JSON.parse(text) as Said);
    const other = told.findIndex(({ norm }) => norm !== told[0]?.norm);
    if (other > 0) throw differentBits(other, told);
    const losses = told.flatMap(({ losses }) => losses).sort(([a], [b]) => a - b);
    return losses.reduce((sum, [, loss]) => sum + Number(loss), 0);
  }

  private async copies(): Promise<Plane[]> {
    const state = await this.executor.getState(this.gradients);
    return this.gradients.map((name) => floatsOf(state, name) as Float32Array<ArrayBuffer>);
  }

  private async putBack(planes: readonly Plane[]): Promise<void> {
    const entries = this.options.trainable.map(({ shape }, i) => {
      return [this.gradients[i] as string, float32Tensor(shape, planes[i] as Float32Array<ArrayBuffer>)] as const;
    });
    await this.executor.setState(Object.fromEntries(entries));
  }
}
