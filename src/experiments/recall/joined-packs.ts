/**
 * Packs that are plugged in together: by their sum, which needs no training, and by joiners that are taught a part of
 * what the packs hold.
 * @module
 */
import { join } from "node:path";
import type { FusionKind } from "../../adapters/fusion.js";
import { openAdapters } from "../../adapters/opened-adapter.js";
import type { Fact } from "../../data/fact.js";
import { backboneIdentity } from "../../features/backbone-handle.js";
import { textTokens } from "../../probing/recall.js";
import type { EncodedRecall, RecallScores } from "../../tasks/recall/recall.js";
import { taughtTaskData } from "../../tasks/recall/recall-data.js";
import type { RecallExample } from "../../tasks/recall/recall-example.js";
import { inWordings } from "../../tasks/recall/recall-questions.js";
import type { DownstreamTaskData } from "../../tasks/task-data.js";
import { finetunedCell, frozenFinetuning } from "../trainings.js";
import { type Classroom, of } from "./classroom.js";
import { type PackSet, teachPacks } from "./packs.js";
import type { JoinedScores, RecallPlan } from "./plan.js";

const trainedJoiners = ["concat", "attention"] as const satisfies readonly FusionKind[];

/** Each way of joining, asked the facts that joiners are taught and all others, in held-out wordings. */
export async function joiners(room: Classroom): Promise<void> {
  const { seeds, joinedShare } = room.plan;
  for (const seed of seeds) {
    const set = await teachPacks(room, seed);
    const taught = set.packs.flatMap(({ facts }) => facts.slice(0, Math.ceil(joinedShare * facts.length)));
    const known = new Set(taught);
    const others = set.packs.flatMap(({ facts }) => facts.filter((fact) => !known.has(fact)));
    const facts = { taught: taught.length, others: others.length };
    const about = { seed, packs: set.packs.length, facts };
    room.tellJoined({ row: "sum, nothing taught", ...about, ...(await summed(room, set, taught, others)) });
    for (const kind of trainedJoiners) {
      room.tellJoined({ row: kind, ...about, ...(await trained(room, kind, set, { seed, taught, others })) });
    }
  }
}

async function summed(
  room: Classroom,
  { packs, name }: PackSet,
  taught: readonly Fact[],
  others: readonly Fact[],
): Promise<JoinedScores> {
  const together = packs.map((pack) => pack.name).join("+");
  const { heldOut } = room.plan.pool;
  const asked = async (part: string, facts: readonly Fact[]) =>
    of(await room.ask(`${name}.sum.${part}`, packs, facts, heldOut), together).p1;
  const { before, perplexity, argmaxKept } = await room.text(`${name}.sum`, packs);
  const parts = { taught: await asked("taught", taught), others: await asked("others", others) };
  return { ...parts, perplexityBefore: before, perplexity, textKept: argmaxKept };
}

/** Which facts a joiner is taught, and which it is only asked. */
interface Lesson {
  readonly seed: number;
  readonly taught: readonly Fact[];
  readonly others: readonly Fact[];
}

async function trained(
  { laboratory, plan }: Classroom,
  kind: FusionKind,
  set: PackSet,
  lesson: Lesson,
): Promise<JoinedScores> {
  const name = `${set.name}.${kind}`;
  const training = plan.training();
  const adapters = await openAdapters(
    set.packs.map(({ folder }, i) => ({ name: `pack${i + 1}`, folder })),
    backboneIdentity(training.backbone),
  );
  const out = join(training.out, "joiners", name);
  const config = frozenFinetuning(training, { out, adapters, kind, residual: true, seed: lesson.seed });
  const metrics = await finetunedCell(laboratory, name, config, joinerData(plan, name, set, lesson));
  const metric = (key: string) => Number(metrics[`test.${key}`]);
  return {
    ...{ taught: metric("taughtP1"), others: metric("p1"), textKept: metric("textKept") },
    ...{ perplexityBefore: metric("perplexityBefore"), perplexity: metric("perplexity") },
  };
}

/** Trained as adapters are, on a part of the facts; tested on all of them in held-out wordings, behind the packs' gate. */
function joinerData(
  { teaching, pool, own, asked, training }: RecallPlan,
  where: string,
  { packs }: PackSet,
  { seed, taught, others }: Lesson,
): Required<DownstreamTaskData<RecallExample, EncodedRecall, RecallScores>> {
  const questions = { facts: taught, wordings: pool.taught, made: [], skipped: {} };
  const { kind, settings, train, dev } = taughtTaskData(where, questions, own, { ...teaching, seed });
  const subjects = [...new Set(packs.flatMap(({ facts }) => facts.map(({ subject }) => subject)))];
  const tokens = textTokens(training().maxLength);
  const examples: readonly RecallExample[] = [
    ...inWordings(taught, pool.heldOut).map((one) => (one.kind === "fact" ? { ...one, heldOut: false } : one)),
    ...inWordings(others, pool.heldOut),
    ...asked.text.map((text) => ({ kind: "text", text, tokens, open: false }) as const),
  ];
  const gated = settings.subjects ? { ...settings, subjects } : settings;
  return { kind, settings: gated, train, dev, test: { where: `${where} (all packs)`, examples, skipped: {} } };
}
