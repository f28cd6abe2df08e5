/**
 * Words that settings choose between, where the code that acts on them is too heavy to load for a help text.
 * @module
 */

/** What facts are learnt by. */
export const factualObjectives = ["classification", "own-output", "contrastive"] as const;

/** What becomes of questions about subjects that recall was not taught. */
export const recallNeighbours = ["gate", "keep", "prior"] as const;

/** Losses of a choice among classes. */
export const choiceLosses = ["cross-entropy", "bce"] as const;

/** Heads that tell each word's head. */
export const treeHeads = ["biaffine", "official"] as const;

/** Which tokens stand for which words. */
export const alignments = ["words", "official"] as const;

/** What is hidden together where a text is learnt by its hidden tokens. */
export const maskings = ["token", "whole-word"] as const;

/** Kinds of language models that can be trained from nothing. */
export const newModelTypes = ["roberta", "gpt2"] as const;

/** LAMA-UHN: which easy answers are left out. */
export const uhnFilters = ["off", "string", "full"] as const;

/** Which subjects LAMA asks about. */
export const subjectParts = ["all", "fifth", "rest"] as const;

/** What competes with LAMA's answer. */
export const answerSets = ["vocabulary", "objects"] as const;

/** What learns kinds of knowledge in turn. */
export const continualSystems = ["own-adapters", "shared-adapter", "fine-tuned-model"] as const;

/** Rows of the transfer experiment that hold no relational knowledge: hidden states as they are first. */
export const stateFeatures = ["last", "taps", "taps-sum"] as const;
export const controlRows = [
  ...stateFeatures,
  "random",
  "random-official",
  "shuffled-classification",
  "shuffled-own-output",
  "shuffled-contrastive",
  "permuted-classification",
  "permuted-own-output",
  "permuted-contrastive",
] as const;
/** Rows of the transfer experiment that were taught relations. */
const learntRows = ["classification", "own-output", "contrastive"] as const;
export const transferRows = [...controlRows, ...learntRows] as const;

/** Rows of the linguistic experiment: what the same head reads. */
export const linguisticRows = ["last", "random", "copies", "adapter"] as const;

/** Adapters of the downstream experiment, which its rows join with `+`, and its rows without an adapter. */
export const downstreamAdapters = ["random", "copies", "F", "L"] as const;
export const downstreamBaselines = ["none", "taps", "multitask"] as const;
/** Kinds of its tasks, named as by `kadapter finetune`. */
export const downstreamKinds = ["relations", "entity-typing", "multiple-choice", "open-qa"] as const;

/** Tables of `experiment recall`. */
export const recallParts = [
  "counts",
  "twins",
  "packs",
  "joiners",
  "controls",
  "sizes",
  "several-tokens",
  "reading",
  "both",
] as const;
