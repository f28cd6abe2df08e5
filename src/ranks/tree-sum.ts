/**
 * The sum of a step's gradients, in the order of one binary tree over its leaves. Which rank has computed a leaf decides
 * who adds it, but not to what: alone and on any number of ranks the bits are the same.
 * @module
 */
import type { Round } from "./ranks.js";

/** How ranks exchange parts of arrays; the parts of a chunk are told by their bounds, one for each rank and the end. */
export interface Exchange {
  readonly rank: number;
  readonly size: number;
  /** Waits until all ranks are here. */
  meet(): Promise<void> | void;
  /** Sends each rank its part of a chunk, and takes this rank's part of theirs, one after another. */
  scatter(chunk: Float32Array, bounds: readonly number[], into: Float32Array): Promise<void> | void;
  /** Sends this rank's part of a chunk to all, and takes theirs. */
  collect(chunk: Float32Array, bounds: readonly number[]): Promise<void> | void;
  /** Adds numbers to others. */
  add(into: Float32Array, from: Float32Array): void;
}

/**
 * What is exchanged at once: 32 MiB. Less would stay in a processor's cache until it is added, but the ranks would have
 * to meet more often: with more processes than cores 4 MiB took twice as long.
 */
const usualChunk = 2 ** 23;

/**
 * Sums rounds of leaves. Each rank has a part of every chunk and adds the leaves' gradients there, as a binary counter
 * adds up its digits: a sum of 2ˡ rounds waits on place l for its neighbour. Leaves that a short step lacks are skipped.
 */
export class TreeSum {
  /** Sums that wait for their neighbours, by the logarithm of their rounds. */
  private readonly waiting: (Float32Array<ArrayBuffer> | undefined)[] = [];
  private received = new Float32Array(0);
  private copies: Float32Array<ArrayBuffer>[] = [];

  constructor(
    private readonly exchange: Exchange,
    private readonly chunkFloats = usualChunk,
  ) {}

  /**
   * Adds a round; after the last one the planes hold the sum of all.
   *
   * @param planes this rank's leaf, or anything where it has none in this round
   * @param taken called when the planes may be written again
   */
  async add(planes: readonly Float32Array[], round: Round, taken: () => void = () => undefined): Promise<void> {
    const { rank, size } = this.exchange;
    const copied = size > 1 && !round.last;
    const leaf = copied ? this.copyOf(planes) : planes;
    // A rank that is ahead goes on with its next leaf; who waits here is the thread that exchanges.
    if (copied) taken();
    await this.exchange.meet();
    const length = leaf.reduce((sum, plane) => sum + this.partOf(plane.length), 0);
    let at = 0;
    for (const [i, plane] of leaf.entries()) {
      for (const { start, bounds } of this.chunks(plane.length)) {
        const chunk = plane.subarray(start, start + (bounds[size] as number));
        const part = await this.sumOfRanks(chunk, bounds, round.present);
        this.carry(part, { at, length }, round);
        at += part.length;
        if (!round.last || size === 1) continue;
        const sum = (planes[i] as Float32Array).subarray(start, start + chunk.length);
        sum.set(part, bounds[rank] as number);
        await this.exchange.collect(sum, bounds);
      }
    }
    if (!copied) taken();
  }

  /** A chunk's part of this rank, added up over the ranks. */
  private async sumOfRanks(chunk: Float32Array, bounds: readonly number[], present: number): Promise<Float32Array> {
    const { rank, size } = this.exchange;
    if (size === 1) return chunk;
    const length = (bounds[rank + 1] as number) - (bounds[rank] as number);
    if (this.received.length < length * size) this.received = new Float32Array(length * size);
    const into = this.received.subarray(0, length * size);
    await this.exchange.scatter(chunk, bounds, into);
    const of = (i: number) => into.subarray(i * length, (i + 1) * length);
    for (let width = 1; width < present; width *= 2) {
      for (let i = 0; i + width < present; i += 2 * width) this.exchange.add(of(i), of(i + width));
    }
    return of(0);
  }

  /** Adds to a part what has waited for it, and lets it wait in its turn. */
  private carry(part: Float32Array, place: { readonly at: number; readonly length: number }, { index, last }: Round) {
    const waits = (level: number) => ((index >> level) & 1) === 1;
    let level = 0;
    for (; waits(level) || (last && 1 << level <= index); level++) {
      if (waits(level))
        this.exchange.add(part, (this.waiting[level] as Float32Array).subarray(place.at, place.at + part.length));
    }
    if (last) return;
    if (this.waiting[level]?.length !== place.length) this.waiting[level] = new Float32Array(place.length);
    this.waiting[level]?.set(part, place.at);
  }

  private copyOf(planes: readonly Float32Array[]): readonly Float32Array[] {
    planes.forEach((plane, i) => {
      if (this.copies[i]?.length !== plane.length) this.copies[i] = new Float32Array(plane.length);
      this.copies[i]?.set(plane);
    });
    return this.copies.slice(0, planes.length);
  }

  /** How many numbers of a plane this rank adds. */
  private partOf(floats: number): number {
    const { rank } = this.exchange;
    let sum = 0;
    for (const { bounds } of this.chunks(floats)) sum += (bounds[rank + 1] as number) - (bounds[rank] as number);
    return sum;
  }

  private *chunks(floats: number): Generator<{ readonly start: number; readonly bounds: readonly number[] }> {
    const { size } = this.exchange;
    for (let start = 0; start < floats; start += this.chunkFloats) {
      const length = Math.min(this.chunkFloats, floats - start);
      yield { start, bounds: Array.from({ length: size + 1 }, (_, i) => Math.floor((i * length) / size)) };
    }
  }
}

/** The sum of float32 numbers is rounded once, so adding in float64 and rounding gives the same bits. */
export function addFloats(into: Float32Array, from: Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (from[i] as number);
}
