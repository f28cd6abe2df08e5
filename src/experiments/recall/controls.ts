/**
 * What each part of a teaching does: the same facts without it.
 * @module
 */
import { randomInit } from "../../adapters/config.js";
import { openAdapters } from "../../adapters/opened-adapter.js";
import type { Fact } from "../../data/fact.js";
import type { RelationExample } from "../../data/relation-example.js";
import type { Wordings } from "../../data/wordings.js";
import { backboneIdentity } from "../../features/backbone-handle.js";
import { hash32 } from "../../random.js";
import { wordedFacts } from "../../tasks/recall/said-facts.js";
import { classificationTaskData, defaultEntityVector, relationLabels } from "../../tasks/relations/factual.js";
import { pretrainedCell } from "../trainings.js";
import { type Classroom, nameOf, type Own, usual } from "./classroom.js";
import { permuted } from "./pool.js";

export async function controls(room: Classroom): Promise<void> {
  const { few: count, seeds, training, pool } = room.plan;
  const random = { ...training().architecture, init: randomInit };
  const rows: Readonly<Record<string, Own>> = {
    "as it is": usual,
    "random adapter": { config: { freezeAdapter: true, architecture: random } },
    "no margin": { teaching: { margin: 0 } },
    "no word dropout": { teaching: { wordDropout: 0 } },
    "no gate, neighbours kept": { teaching: { neighbours: "keep" } },
    "no gate, text kept": { teaching: { neighbours: "prior" } },
    "no gate, nothing kept": { teaching: { neighbours: "prior", textShare: 0 } },
  };
  for (const [row, own] of Object.entries(rows)) {
    for (const seed of seeds) await room.row("controls", row, { seed, count }, own);
  }
  for (const seed of seeds) {
    const draw = { seed, count, from: pool.single };
    const { facts } = room.drawn(draw);
    await room.row("controls", "shuffled: other facts' objects", draw, {
      taught: permuted(facts, hash32("shuffled objects", seed)),
    });
    await room.row("controls", "the paper's objective, then W alone", draw, await classified(room, facts, seed));
  }
}

/**
 * An adapter that learnt the paper's objective on the same sentences (K-Adapter §3.3: which relation stands between the
 * two marked names?) and is frozen then, so that only what joins it to the model is taught the facts.
 */
async function classified(room: Classroom, facts: readonly Fact[], seed: number): Promise<Own> {
  const { pool } = room.plan;
  const name = nameOf("controls", "classification", seed);
  const config = room.configOf(name, seed, { config: { features: "adapter" } });
  const set = (where: string, wordings: Wordings) => ({ where, examples: marked(facts, wordings), skipped: {} });
  const [train, dev] = [set("taught wordings", pool.taught), set("held-out wordings", pool.heldOut)];
  const entityVector = defaultEntityVector(config.backbone.config);
  const taskData = classificationTaskData({ labels: relationLabels(train.examples), train, dev }, { entityVector });
  await pretrainedCell(room.laboratory, name, config, taskData);
  const opened = await openAdapters([{ name: "start", folder: config.out }], backboneIdentity(config.backbone));
  const [start] = opened;
  if (!start) throw new Error("one adapter was opened");
  return { config: { start, freezeAdapter: true, architecture: start.config } };
}

/** Facts in wordings, as sentences with two marked names. */
export const marked = (facts: readonly Fact[], wordings: Wordings): readonly RelationExample[] =>
  wordedFacts(facts, wordings).map(({ fact, wording }) => {
    const { subject, relation, object, where } = fact;
    const names = { "[X]": subject, "[Y]": object };
    const spans = new Map<string, { readonly start: number; readonly end: number }>();
    let text = "";
    for (const part of wording.split(/(\[[XY]\])/)) {
      const name = part === "[X]" || part === "[Y]" ? names[part] : undefined;
      if (name !== undefined) spans.set(part, { start: text.length, end: text.length + name.length });
      text += name ?? part;
    }
    const place = (of: string) => spans.get(of) ?? { start: 0, end: 0 };
    return { text, subject: place("[X]"), object: place("[Y]"), relation, where };
  });
