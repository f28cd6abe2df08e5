import type { Exchange } from "../tree-sum.js";
import type { Mpi } from "./binding.js";

/** Parts of arrays by message passing, which moves bytes and adds nothing across ranks. */
export class MpiExchange implements Exchange {
  constructor(
    private readonly mpi: Mpi,
    readonly rank: number,
    readonly size: number,
  ) {}

  meet(): Promise<void> {
    return this.mpi.arrive("step");
  }

  scatter(chunk: Float32Array, bounds: readonly number[], into: Float32Array): void {
    const { counts, starts } = this.partsOf(bounds);
    this.mpi.allToAll(chunk, counts, starts, into, counts[this.rank] as number);
  }

  collect(chunk: Float32Array, bounds: readonly number[]): void {
    const { counts, starts } = this.partsOf(bounds);
    this.mpi.allGather(chunk, counts, starts);
  }

  /** Within this process: a vectorised loop. */
  add(into: Float32Array, from: Float32Array): void {
    this.mpi.add(into, from);
  }

  private partsOf(bounds: readonly number[]) {
    const starts = Int32Array.from(bounds.slice(0, this.size));
    const counts = starts.map((start, i) => (bounds[i + 1] as number) - start);
    return { counts, starts };
  }
}
