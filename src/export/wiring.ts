/**
 * How each kind of model is wired into a graph whose inputs are token ids alone, as far as that can be.
 * @module
 */
import type { Backbone } from "../backbones/index.js";
import { userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { add, cast, shapeOf, slice, squeeze, type Value } from "../graph/index.js";
import { trainsBackbone } from "../models/design.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { gatesInput } from "../models/joiner.js";
import type { Pass } from "../nn/index.js";
import { noSubjects, recall, recallOptionsOf } from "../tasks/recall/recall.js";
import { float32Tensor } from "../tensor.js";
import { type EntityVector, markerIds } from "../text/markers.js";
import { officialEncode } from "../text/official.js";
import { endPosition, type MarkedPositions, markedPositions, rowNumbers, selectAt } from "./marked-positions.js";
import type { ExportPart, PartKind } from "./parts.js";
import { sentenceTables } from "./sentence-tables.js";
import { subjectGate } from "./subject-gate-graph.js";
import { subjectTrie } from "./subject-trie.js";
import { inputNames, type TextTokens } from "./token-inputs.js";

/** What all models of a graph share. */
export interface SharedGraph {
  readonly pass: Pass;
  readonly handle: BackboneHandle;
  readonly backbone: Backbone;
  readonly tokens: TextTokens;
  /** The frozen backbone's, by layer. */
  readonly states: readonly Value[];
}

/** A model's outputs by what comes behind its name. */
export type Outputs = Readonly<Record<string, Value>>;

/** Adds a model; its parameters are called `NAME:…`. A taught model gives what it adds to the last hidden state. */
export function wirePart(shared: SharedGraph, part: ExportPart): Outputs {
  const { g } = shared.pass;
  return g.scoped(part.name, () => wirings[part.kind](shared, part));
}

const wirings: Readonly<Record<PartKind, (shared: SharedGraph, part: ExportPart) => Outputs>> = {
  words: (shared, part) => ({ [addedOutput]: addedWords(shared, part) }),
  relations: (shared, part) => ({ logits: marked(shared, part, ["@", "#"]) }),
  pairs: (shared, part) => ({ vector: marked(shared, part, ["@", "#"]) }),
  types: (shared, part) => ({ logits: marked(shared, part, ["@"]) }),
  trees: wireTrees,
  choices: wireChoices,
  spans: (shared, part) => ({ logits: wire(shared, part, {}) }),
};

/** Name of what a taught model adds, which is no output of the graph. */
export const addedOutput = "added";

/** Scores over the vocabulary with what taught models add, none included. */
export function wordLogits({ pass, backbone, states }: SharedGraph, added: readonly Value[]): Value {
  const last = states.at(-1) as Value;
  return backbone.lmLogits(
    pass,
    added.reduce((sum, one) => add(pass.g, sum, one), last),
  );
}

/** Everything that a model may read. Unread ones are left out when the graph is built. */
function partInputs({ pass: { g }, tokens, states }: SharedGraph, { model, manifest }: ExportPart): Outputs {
  const own = trainsBackbone(model.options.trains);
  const fed = own ? [] : model.neededLayers;
  return {
    input_ids: tokens.inputIds,
    attention_mask: tokens.attentionMask,
    position_ids: tokens.positionIds,
    token_type_ids: tokens.tokenTypeIds,
    // As precise as the states that it was trained on.
    ...Object.fromEntries(
      fed.map((layer) => [hiddenStateName(layer), cast(g, states[layer] as Value, manifest.hiddenStates)]),
    ),
  };
}

function wire(shared: SharedGraph, part: ExportPart, more: Outputs): Value {
  const { pass } = shared;
  const inputs = { ...partInputs(shared, part), ...more };
  return pass.g.embedded(`${part.name}:`, inputs, () => part.model.forward(pass).logits);
}

/** A head on marked entities; where a text is not marked as it should be, all it says is NaN. */
function marked(shared: SharedGraph, part: ExportPart, names: readonly string[]): Value {
  const { pass, tokens, handle } = shared;
  const { g } = pass;
  const vector = (part.manifest.task.options["entityVector"] ?? "first-marker") as EntityVector;
  const ids = names.map((name) => markerId(handle, part, name));
  const found: MarkedPositions = markedPositions(g, tokens, ids, vector);
  return add(g, wire(shared, part, { select: selectAt(g, found.positions, tokens) }), found.doubt);
}

/**
 * The one token that a marker is.
 *
 * @throws UserError where it is several
 */
export function markerId({ tokenizer, folder }: BackboneHandle, { kind, manifest }: ExportPart, name: string): number {
  const spaced = kind === "types" && (manifest.task.options["official"] ?? false) !== false;
  const [id, ...rest] = spaced ? officialEncode(tokenizer, name) : markerIds(tokenizer, name);
  if (id !== undefined && rest.length === 0) return id;
  throw userError({
    where: folder,
    what: `the marker ${JSON.stringify(name)} is several tokens, so a graph could not find it`,
    expected: "a model whose vocabulary holds it",
  });
}

/** The words' positions come from outside: which tokens begin words does not follow from their ids. */
function wireTrees(shared: SharedGraph, part: ExportPart): Outputs {
  const { pass, tokens } = shared;
  const { g } = pass;
  const { labels, options } = part.manifest.task;
  if (options["alignment"] === "official") return { logits: wire(shared, part, {}) };
  const words = cast(g, g.input(inputNames.words, "int64", ["batch", "words"]), "int32");
  const select = selectAt(g, words, tokens);
  const logits = wire(shared, part, { select });
  if (labels === null) return { logits };
  // Two squares, one below the other.
  const count = slice(g, shapeOf(g, words), 0, 1, 2);
  const rows = (start: Value, end: Value) =>
    g.emitAs("Slice", [logits, start, end, g.ints(1)], {}, { dtype: "float32", shape: ["batch", "words", "words"] });
  const best = rows(count, g.ints(2 ** 31 - 1));
  return { logits: rows(g.ints(0), count), relations: cast(g, best, "int64") };
}

/** One score for each text: those of a question's answers are compared outside. */
function wireChoices(shared: SharedGraph, part: ExportPart): Outputs {
  const { pass, tokens, handle } = shared;
  const { g } = pass;
  const end = endPosition(g, tokens, handle.tokenizer.specialsInFront > 0 ? "first" : "last");
  const choices = rowNumbers(g, tokens);
  // Every text is a question with one choice.
  const inputs = { select: selectAt(g, end, tokens), choices, labels: squeeze(g, choices, 1) };
  return { logits: wire(shared, part, inputs) };
}

/** What an adapter that was taught facts adds to the last hidden state, `[batch, sequence, hidden]`. */
function addedWords(shared: SharedGraph, part: ExportPart): Value {
  const { pass } = shared;
  const inputs = { ...partInputs(shared, part), [gatesInput]: gateOf(shared, part) };
  const read = () => part.model.features(pass, null).features;
  return pass.g.embedded(`${part.name}:`, inputs, read)[1] as Value;
}

/** Whether a taught model has a say only where one of its subjects stands. */
export const isGated = ({ manifest }: ExportPart): boolean =>
  manifest.task.name === recall.name && recallOptionsOf(manifest.task.options).neighbours === "gate";

function gateOf({ pass, handle, tokens }: SharedGraph, part: ExportPart): Value {
  const { g } = pass;
  const { subjects } = part;
  if (!isGated(part)) return g.constant(float32Tensor([1, 1, 1], Float32Array.of(1)));
  if (subjects === null) throw noSubjects();
  const { tokenizer, config } = handle;
  const trie = subjectTrie(tokenizer, subjects, config.vocabSize);
  const bySentence = recallOptionsOf(part.manifest.task.options).reach === "sentence";
  const sentences = bySentence ? sentenceTables(tokenizer, config.vocabSize) : null;
  return subjectGate(g, { trie, sentences }, { ids: tokens.inputIds, mask: tokens.attentionMask });
}
