import { type Exchange, type Plane, type Ranks, type Round, TreeSum } from "../ranks/index.js";
import { floatsAt } from "../ranks/memory.js";
import { addFloats } from "../ranks/tree-sum.js";

/** What several callers bring to one meeting: each call waits until all have come. */
class Meeting<T> {
  private waiting: { readonly rank: number; readonly item: T; readonly go: (items: readonly T[]) => void }[] = [];

  constructor(private readonly size: number) {}

  bring(rank: number, item: T): Promise<readonly T[]> {
    return new Promise((go) => {
      this.waiting.push({ rank, item, go });
      if (this.waiting.length < this.size) return;
      const all = this.waiting.sort((a, b) => a.rank - b.rank);
      this.waiting = [];
      const items = all.map((one) => one.item);
      for (const one of all) one.go(items);
    });
  }
}

type Parts = { readonly chunk: Float32Array; readonly bounds: readonly number[] };

class SimulatedExchange implements Exchange {
  readonly add = addFloats;

  constructor(
    readonly rank: number,
    readonly size: number,
    private readonly meeting: Meeting<Parts>,
  ) {}

  meet(): void {
    // Every exchange waits for all.
  }

  async scatter(chunk: Float32Array, bounds: readonly number[], into: Float32Array): Promise<void> {
    const all = await this.meeting.bring(this.rank, { chunk: chunk.slice(), bounds });
    const [start = 0, end = 0] = bounds.slice(this.rank, this.rank + 2);
    all.forEach(({ chunk: theirs }, i) => {
      into.set(theirs.subarray(start, end), i * (end - start));
    });
  }

  async collect(chunk: Float32Array, bounds: readonly number[]): Promise<void> {
    const all = await this.meeting.bring(this.rank, { chunk: chunk.slice(), bounds });
    all.forEach(({ chunk: theirs }, i) => {
      chunk.set(theirs.subarray(bounds[i], bounds[i + 1]), bounds[i]);
    });
  }
}

/** What so many ranks of this process exchange parts by. */
export function simulatedExchanges(size: number): readonly Exchange[] {
  const meeting = new Meeting<Parts>(size);
  return Array.from({ length: size }, (_, rank) => new SimulatedExchange(rank, size, meeting));
}

/** So many ranks in this process. */
export function simulatedRanks(size: number): readonly Ranks[] {
  const texts = new Meeting<string>(size);
  const floats = new Meeting<Float32Array>(size);
  return simulatedExchanges(size).map((exchange, rank) => {
    // A prime number of floats: parts of unequal length.
    const tree = new TreeSum(exchange, 1009);
    const sum = (planes: readonly Plane[], round: Round) => {
      const done = tree.add(planes.map(floatsAt), round);
      return { taken: done, done };
    };
    return {
      ...{ rank, size, about: {}, sum },
      gather: (text) => texts.bring(rank, text),
      gatherFloats: (own) => floats.bring(rank, own.slice()),
      close: async () => undefined,
    };
  });
}
