/**
 * A comparison with PyTorch from the first line that is printed to the last.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { BackbonePrecision } from "../src/features/frozen-backbone.js";
import { backboneConfig } from "./backbone-folder.js";
import { fixed, whole } from "./command.js";
import {
  type EpochSeconds,
  limitSeconds,
  measureOurs,
  measurePeer,
  ourSeconds,
  type Peer,
  peerSeconds,
  printLosses,
  printOurs,
  printPeer,
  printRatios,
  type Ratio,
  type Repetition,
  ratioOf,
  repeated,
} from "./epochs.js";
import { estimatedMinutes } from "./estimate.js";
import { peerAdvice, peerPython } from "./peer.js";
import type { PretrainMeasured, PretrainRequest } from "./request.js";
import { median } from "./stats.js";

/** One ratio: which of our precisions, and which part of a training. */
export interface RatioOf {
  readonly label: string;
  readonly precision: BackbonePrecision;
  readonly part: keyof EpochSeconds;
}

export interface Comparison {
  readonly benchmark: string;
  readonly problem: Omit<PretrainRequest, "scratch" | "precision">;
  readonly precisions: readonly BackbonePrecision[];
  /** Epochs that PyTorch trains in one repetition. */
  readonly peerEpochs: number;
  /** Batches of LoRA that are timed, in the first repetition. */
  readonly loraBatches: number;
  /** By the name that they have in the JSON object. */
  readonly ratios: Readonly<Record<string, RatioOf>>;
}

export interface HowLong {
  readonly repetitions: number;
  readonly minutes: number;
  readonly peer: boolean;
  readonly json: boolean;
}

/** Flags that comparisons share. */
export const comparisonFlags = {
  threads: { type: "string", default: String(availableParallelism()) },
  repetitions: { type: "string", default: "3" },
  minutes: { type: "string", default: "20" },
  "no-peer": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

export const comparisonUsage = `  --threads N       threads of both sides (one a core)
  --repetitions N   at most so many (3)
  --minutes N       begins no repetition that would not end by then (20)
  --no-peer         without PyTorch
  --json            the last line is one JSON object`;

export const howLong = (values: Readonly<Record<string, string | boolean>>): HowLong => ({
  repetitions: whole(values, "repetitions"),
  minutes: whole(values, "minutes"),
  peer: values["no-peer"] !== true,
  json: values["json"] === true,
});

export async function compare(comparison: Comparison, how: HowLong): Promise<void> {
  const { problem, precisions, peerEpochs } = comparison;
  const python = how.peer ? await peerPython() : null;
  if (how.peer && !python) console.log(peerAdvice);
  const peer = python ? { epochs: peerEpochs, loraBatches: comparison.loraBatches } : null;
  const shape = await backboneConfig(problem.backbone);
  const estimate = await estimatedMinutes({ problem, shape, precisions, peer });
  console.log(
    `${problem.sentences} sentences (${problem.data ?? "the project's own"}), batches of ${problem.batch}, ` +
      `${problem.threads} threads. One repetition takes about ${fixed(estimate)} minutes; ${how.repetitions} at most, ` +
      `and none is begun that would end after ${how.minutes} minutes.`,
  );
  const scratch = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const repetitions = await repeated(how.repetitions, how.minutes, (index) =>
      repetition(comparison, scratch, index, python),
    );
    report(comparison, how, repetitions);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function repetition(
  { problem, precisions, peerEpochs, loraBatches }: Comparison,
  scratch: string,
  index: number,
  python: string | null,
): Promise<Repetition> {
  const ours: Partial<Record<BackbonePrecision, PretrainMeasured>> = {};
  const request = (precision: BackbonePrecision) => ({ ...problem, precision, scratch });
  for (const precision of precisions) {
    ours[precision] = await measureOurs(request(precision));
    if (index === 0) printOurs(precision, ours[precision]);
  }
  if (!python) return { ours, peer: null };
  const wanted = { epochs: peerEpochs, loraBatches: index === 0 ? loraBatches : 0 };
  const peer = await measurePeer(python, request("float32"), wanted);
  const { float32 } = ours;
  if (index === 0 && float32) {
    printPeer(peer, float32.sentences);
    printLosses(float32, peer);
  } else console.log(`repetition ${index + 1}: ${[...secondsLines(ours), `PyTorch ${epochOf(peer)}`].join("; ")}`);
  return { ours, peer };
}

const epochOf = ({ official }: Peer) => `${fixed(peerSeconds(official).later)} s`;

function secondsLines(ours: Repetition["ours"]): string[] {
  return Object.entries(ours).map(([precision, measured]) => {
    const { first, later } = ourSeconds(measured);
    return `${precision} ${fixed(first)} s, later ${fixed(later)} s`;
  });
}

function report(
  { benchmark, problem, ratios, precisions }: Comparison,
  how: HowLong,
  all: readonly Repetition[],
): void {
  const found = Object.fromEntries(
    Object.entries(ratios).map(([name, { precision, part }]) => [name, ratioOf(all, precision, part)]),
  );
  const labelled = Object.fromEntries(Object.entries(ratios).map(([name, { label }]) => [label, found[name] ?? null]));
  const first = all[0] as Repetition;
  if (first.peer) printRatios(`PyTorch ÷ kadapter, medians of ${all.length}`, labelled);
  if (!how.json) return;
  const pick = (part: keyof Ratio) =>
    Object.fromEntries(Object.entries(found).flatMap(([name, one]) => (one ? [[name, one[part]]] : [])));
  const seconds = Object.fromEntries(precisions.map((precision) => [precision, secondsOf(all, precision)]));
  const peers = all.flatMap(({ peer }) => (peer ? [peer] : []));
  const { lora } = first.peer ?? {};
  console.log(
    JSON.stringify({
      benchmark,
      ...{ settings: problem, repetitions: all.length, ratio: pick("ratio"), limit: pick("limit") },
      seconds: {
        ...seconds,
        ...(peers.length > 0 ? { peer: median(peers.map(({ official }) => peerSeconds(official).later)) } : {}),
        ...(lora ? { lora: peerSeconds(lora).later } : {}),
      },
      losses: {
        ...Object.fromEntries(precisions.map((precision) => [precision, first.ours[precision]?.losses])),
        ...(first.peer ? { peer: first.peer.official.losses } : {}),
        ...(lora ? { lora: lora.losses } : {}),
      },
      measured: all,
    }),
  );
}

/** Medians, and what they would be at the machine's peak. */
function secondsOf(all: readonly Repetition[], precision: BackbonePrecision) {
  const measured = all.flatMap(({ ours }) => ours[precision] ?? []);
  const middle = (of: (one: PretrainMeasured) => EpochSeconds) => {
    const each = measured.map(of);
    const part = (name: keyof EpochSeconds) => median(each.map((one) => one[name]));
    return { first: part("first"), later: part("later"), all: part("all") };
  };
  return { ...middle(ourSeconds), atPeak: middle(limitSeconds) };
}
