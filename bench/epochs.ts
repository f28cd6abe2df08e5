/**
 * Epochs of ours and of PyTorch's, measured in turn and set beside each other.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { BackbonePrecision } from "../src/features/frozen-backbone.js";
import { fixed, row } from "./command.js";
import { lastLine, runPeer } from "./peer.js";
import { type PretrainMeasured, type PretrainRequest, peerFiles } from "./request.js";
import { median } from "./stats.js";

/** Epochs of a training, of which the first needs the backbone. */
export const countedEpochs = 5;

interface PeerEpochs {
  /** Seconds. */
  readonly epochs: readonly number[];
  readonly losses: readonly number[];
}

export interface Peer {
  readonly torch: string;
  readonly threads: number;
  readonly official: PeerEpochs;
  /** `batches`: how many of its epoch's were timed. */
  readonly lora?: PeerEpochs & { readonly batches: number };
}

export async function measureOurs(request: PretrainRequest): Promise<PretrainMeasured> {
  const script = fileURLToPath(new URL("./pretrain-measure.js", import.meta.url));
  return JSON.parse(await lastLine(process.execPath, [script, JSON.stringify(request)])) as PretrainMeasured;
}

/** The same sentences, weights and batches in PyTorch. */
export function measurePeer(
  python: string,
  { backbone, scratch, adapter, maxLength, rate, threads }: PretrainRequest,
  { epochs, loraBatches }: { readonly epochs: number; readonly loraBatches: number },
): Promise<Peer> {
  const { start, taskData } = peerFiles(scratch);
  const settings = {
    ...{ backbone, start, data: taskData, epochs, rate, length: maxLength, "lora-batches": loraBatches },
    dropout: adapter.dropout,
    adapter: adapter.size,
    "adapter-heads": adapter.heads,
    "adapter-inner": adapter.intermediateSize,
    "adapter-layers": adapter.transformerLayers,
    taps: adapter.layers.join(),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return runPeer<Peer>(python, "pretrain.py", args, threads);
}

/** Seconds: the first epoch has the backbone in it. */
export interface EpochSeconds {
  readonly first: number;
  readonly later: number;
  /** Of all {@link countedEpochs}. */
  readonly all: number;
}

const withAll = (first: number, later: number): EpochSeconds => ({
  first,
  later,
  all: first + (countedEpochs - 1) * later,
});

export function ourSeconds(ours: PretrainMeasured): EpochSeconds {
  return secondsWith(ours, ours.epochs.slice(1));
}

/** @param later seconds of later epochs, whoever's they are */
function secondsWith({ backbone, epochs: [first] }: PretrainMeasured, later: readonly number[]): EpochSeconds {
  return withAll(backbone + (first as number), median(later));
}

/** Later epochs read the cache, so they are the same work whatever filled it: those of all precisions are one sample. */
function laterEpochs({ ours }: Repetition): number[] {
  return Object.values(ours).flatMap(({ epochs }) => epochs.slice(1));
}

/** The same at the machine's peak, if nothing but needed products took time. */
export function limitSeconds({ needed, peak }: PretrainMeasured): EpochSeconds {
  const later = needed.epoch / peak.float32;
  return withAll(needed.linear / peak.backbone + needed.attention / peak.float32 + later, later);
}

export function peerSeconds({ epochs }: PeerEpochs): EpochSeconds {
  const each = median(epochs);
  return withAll(each, each);
}

/** One of several repetitions: each side once, one after the other, so that other work on the machine hits all alike. */
export interface Repetition {
  readonly ours: Readonly<Partial<Record<BackbonePrecision, PretrainMeasured>>>;
  readonly peer: Peer | null;
}

/**
 * Repeats as long as time is left.
 *
 * @param most repetitions at most; there is one at least
 * @param minutes no repetition is begun that would not end by then, as far as the longest before it tells
 */
export async function repeated<T>(most: number, minutes: number, one: (index: number) => Promise<T>): Promise<T[]> {
  const started = performance.now();
  const results: T[] = [];
  let longest = 0;
  while (results.length < most) {
    const before = performance.now();
    if (results.length > 0 && before - started + longest > minutes * 60_000) break;
    results.push(await one(results.length));
    longest = Math.max(longest, performance.now() - before);
  }
  return results;
}

/** Medians over repetitions of a ratio within each, and of its limit. */
export interface Ratio {
  readonly ratio: number;
  readonly limit: number;
}

/** PyTorch's time ÷ ours, and ÷ what the machine's peak and the arithmetic allow. */
export function ratioOf(
  repetitions: readonly Repetition[],
  precision: BackbonePrecision,
  part: keyof EpochSeconds,
): Ratio | null {
  const pairs = repetitions.flatMap((repetition) => {
    const { ours, peer } = repetition;
    const mine = ours[precision];
    if (!mine || !peer) return [];
    return [{ mine, seconds: secondsWith(mine, laterEpochs(repetition)), theirs: peerSeconds(peer.official)[part] }];
  });
  if (pairs.length === 0) return null;
  return {
    ratio: median(pairs.map(({ seconds, theirs }) => theirs / seconds[part])),
    limit: median(pairs.map(({ mine, theirs }) => theirs / limitSeconds(mine)[part])),
  };
}

/** A column's width, for the names of ratios. */
const nameWidth = 46;

export function printOurs(precision: BackbonePrecision, ours: PretrainMeasured): void {
  const [seconds, limit] = [ourSeconds(ours), limitSeconds(ours)];
  console.log(`\n${row(nameWidth, `kadapter, ${precision} backbone`, "seconds", "sentences/s", "at peak, s")}`);
  const line = (name: string, part: keyof EpochSeconds, sentences: number) =>
    console.log(row(nameWidth, name, fixed(seconds[part]), fixed(sentences / seconds[part]), fixed(limit[part])));
  line("first epoch (backbone and adapter)", "first", ours.sentences);
  line("later epochs, each", "later", ours.sentences);
  line(`${countedEpochs} epochs`, "all", countedEpochs * ours.sentences);
  const { float32, backbone } = ours.peak;
  const int8 = precision === "int8" ? `, of int8 products ${fixed(backbone, 0)}` : "";
  console.log(`GEMM peak ${fixed(float32, 0)} GFLOP/s${int8}. Memory at its peak ${fixed(ours.memory, 2)} GiB.`);
  // Where the scratch cache lies is of no interest.
  for (const note of ours.notes) if (note.startsWith("train:") && !note.includes(" cached in ")) console.log(note);
}

export function printPeer({ torch, threads, official, lora }: Peer, sentences: number): void {
  const { later } = peerSeconds(official);
  console.log(
    `\nPyTorch ${torch}, ${threads} threads, as the released code does it: ${fixed(later)} s each epoch, ` +
      `${fixed(sentences / later)} sentences/s`,
  );
  if (!lora) return;
  const each = peerSeconds(lora).later;
  console.log(
    `LoRA (rank 8, query and value), PyTorch: ${fixed(each)} s each epoch, ${fixed(sentences / each)} sentences/s, ` +
      `from ${lora.batches} timed batches`,
  );
}

export function printRatios(title: string, ratios: Readonly<Record<string, Ratio | null>>): void {
  console.log(`\n${row(nameWidth, title, "ratio", "limit", "of limit")}`);
  for (const [name, one] of Object.entries(ratios)) {
    if (!one) continue;
    const share = `${fixed((100 * one.ratio) / one.limit, 0)} %`;
    console.log(row(nameWidth, name, fixed(one.ratio, 2), fixed(one.limit, 2), share));
  }
}

/** Mean losses of every epoch of both sides, and those of single steps. */
export function printLosses(ours: PretrainMeasured, peer: Peer | null): void {
  const steps = ours.stepsPerEpoch;
  const line = (who: string, losses: readonly number[]) => {
    const epochs = Array.from({ length: Math.floor(losses.length / steps) }, (_, epoch) => {
      const part = losses.slice(epoch * steps, (epoch + 1) * steps);
      return fixed(part.reduce((sum, loss) => sum + loss, 0) / steps, 3);
    });
    console.log(`losses, ${who}: epochs ${epochs.join(" ")}; steps ${shown(losses).join(" ")}`);
  };
  console.log();
  line("kadapter", ours.losses);
  if (peer) line("PyTorch ", peer.official.losses);
}

/** Of many steps a few, evenly. */
function shown(losses: readonly number[], most = 16): string[] {
  const every = Math.ceil(losses.length / most);
  return losses.filter((_, i) => i % every === 0).map((loss) => fixed(loss, 3));
}
