/**
 * One graph of a backbone with any number of models beside it.
 * @module
 */
import { userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { readNamed, readOwnHead, refuseOtherMatrix } from "../features/word-embeddings.js";
import { type Graph, GraphBuilder, type Parameter, type Value } from "../graph/index.js";
import { setName } from "../lm/lm-head-folder.js";
import { trainsBackbone } from "../models/design.js";
import type { Pass } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";
import type { ExportPart, ExportParts, PartKind } from "./parts.js";
import { tokenInputs } from "./token-inputs.js";
import { addedOutput, type SharedGraph, wirePart, wordLogits } from "./wiring.js";

/** Name of the output that holds the frozen backbone's last hidden state. */
export const stateOutput = "last_hidden_state";

/** One of a graph's answers: a model's, or that of several taught models together. */
export interface Answer {
  /** The model's name; `a+b` of several, `none` of the backbone alone. */
  readonly name: string;
  readonly kind: PartKind;
  /** Names of the graph's outputs by what they hold: `logits`, `vector`, `relations`. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The models that take part. */
  readonly parts: readonly ExportPart[];
}

/** A graph with what its parameters are. */
export interface ExportGraph {
  readonly graph: Graph;
  readonly tensors: ReadonlyMap<Parameter, HostTensor>;
  /** The main one, whose outputs have no model's name before them, comes first. */
  readonly answers: readonly Answer[];
}

/**
 * Builds the graph. Its inputs are int64 `[batch, sequence]`, what it tells is float32. Outputs are `last_hidden_state`,
 * unless a model has a backbone of its own, and `NAME.logits`, `NAME.vector` …
 *
 * @param main whether one answer's outputs are called `logits` … alone, as pipelines of others look for them: the first
 * model's, or that of all taught models together where the first is one of these
 * @throws UserError where words are to be told and the backbone's weights hold no head for them
 */
export async function exportGraph(all: ExportParts, main: boolean): Promise<ExportGraph> {
  const { backbone: handle, parts } = all;
  const g = new GraphBuilder();
  const pass: Pass = { g, dropout: null, fused: true, plainAttention: true };
  const tokens = tokenInputs(g, handle);
  const backbone = handle.definition.build(handle.config);
  const frozen = !parts.some(({ model }) => trainsBackbone(model.options.trains));
  const states = frozen ? backbone.forward(pass, tokens).hiddenStates : [];
  const shared: SharedGraph = { pass, handle, backbone, tokens, states };
  const alone = parts.length === 0 && (await tellsWords(handle));
  const answers = alone ? [wordsOf(shared, [], [])] : [...answersOf(shared, parts)];
  const [first] = answers;
  const named = answers.map((answer) => ({ ...answer, outputs: namesOf(answer, main && answer === first) }));
  const outputs = named.flatMap(({ outputs: names, values }) =>
    Object.entries(names).map(([suffix, name]) => [name, values[suffix] as Value] as const),
  );
  const graph = g.build({
    ...(frozen ? { [stateOutput]: states.at(-1) as Value } : {}),
    ...Object.fromEntries(outputs),
  });
  if (answers.some(({ kind }) => kind === "words")) await refuseOtherMatrix(handle);
  return {
    graph,
    answers: named,
    tensors: await tensorsOf(graph, all, [...backbone.parameters, ...backbone.headParameters]),
  };
}

type WiredAnswer = Omit<Answer, "outputs"> & { readonly values: Readonly<Record<string, Value>> };

/** Taught models together come before the first of them, each alone at its place. */
function* answersOf(shared: SharedGraph, parts: readonly ExportPart[]): Generator<WiredAnswer> {
  const wired = new Map(parts.map((part) => [part, wirePart(shared, part)] as const));
  const addedBy = (part: ExportPart) => wired.get(part)?.[addedOutput];
  const taught = parts.filter((part) => addedBy(part) !== undefined);
  const words = (some: readonly ExportPart[]) => wordsOf(shared, some, some.map(addedBy) as Value[]);
  for (const part of parts) {
    if (part === taught[0] && taught.length > 1) yield words(taught);
    if (addedBy(part)) yield words([part]);
    else yield { name: part.name, kind: part.kind, parts: [part], values: wired.get(part) ?? {} };
  }
}

function wordsOf(shared: SharedGraph, parts: readonly ExportPart[], added: readonly Value[]): WiredAnswer {
  return { name: setName(parts), kind: "words", parts, values: { logits: wordLogits(shared, added) } };
}

/** Whether a backbone has a head of its own that is asked at the positions of its last hidden state. */
async function tellsWords(handle: BackboneHandle): Promise<boolean> {
  const { definition, config, tokenizer } = handle;
  const { headParameters, targets } = definition.build(config);
  const asked = config.causal || (tokenizer.specials.mask !== undefined && targets === undefined);
  return asked && (await readOwnHead(handle, headParameters)) !== null;
}

const namesOf = ({ name, values }: WiredAnswer, bare: boolean): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(values).map((suffix) => [suffix, bare ? suffix : `${name}.${suffix}`]));

/** What the graph's parameters hold: the models' from their folders, all others from the backbone's. */
async function tensorsOf(
  { parameters }: Graph,
  { parts, backbone }: ExportParts,
  shared: readonly Parameter[],
): Promise<ReadonlyMap<Parameter, HostTensor>> {
  const found = new Map<Parameter, HostTensor>();
  for (const { model, state } of parts) {
    for (const parameter of model.parameters) {
      const tensor = state[parameter.name];
      if (tensor && parameters.has(parameter)) found.set(parameter, tensor);
    }
  }
  const rest = shared.filter((parameter) => parameters.has(parameter));
  const own = await readNamed(
    backbone,
    rest.map(({ name }) => name),
    true,
  );
  for (const parameter of rest) found.set(parameter, own.get(parameter.name) ?? noHead(backbone));
  return found;
}

function noHead({ folder }: BackboneHandle): never {
  throw userError({
    where: folder,
    what: "its weights hold no language-model head",
    expected: "a model that can be asked for words, such as BERT with its masked-language-model head",
  });
}
