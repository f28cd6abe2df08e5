/**
 * What a language model predicts at a mask, for several sets of adapters beside one backbone.
 * @module
 */

import { findModel } from "../adapters/found-model.js";
import { isAdapterHere } from "../adapters/hub-adapter.js";
import { type OpenedAdapter, openAdapters } from "../adapters/opened-adapter.js";
import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { loadWithParameters } from "../engine/fixed-parameters.js";
import { inferencePass } from "../engine/inference-pass.js";
import { openedInScope } from "../engine/scopes.js";
import { setting, userError } from "../errors.js";
import { type BackboneHandle, backboneIdentity, openBackbone } from "../features/backbone-handle.js";
import { sortedBatches } from "../features/batches.js";
import { namedBackbone } from "../features/named-backbone.js";
import {
  backboneName,
  joinVectors,
  type PositionedText,
  PositionFeatures,
  type PositionSource,
  type PositionVectors,
} from "../features/position-features.js";
import { openTargetFeatures } from "../features/target-features.js";
import { loadOwnHead, readWordEmbeddings } from "../features/word-embeddings.js";
import { GraphBuilder, type Parameter } from "../graph/index.js";
import { LmHead } from "../lm/lm-head.js";
import {
  findLmHeads,
  type LmHeadManifest,
  readLmHead,
  readLmHeadManifest,
  requireSameParts,
  setName,
} from "../lm/lm-head-folder.js";
import { gatesInput } from "../models/joiner.js";
import { constant, ParamScope } from "../nn/index.js";
import { shown } from "../phrases.js";
import { float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { type Cloze, noMask } from "./answers.js";
import type { HeadSet } from "./head-set.js";
import { loadRecallSets } from "./recall-sets.js";

export interface ClozeModelOptions {
  /** Folder or Hugging Face id; by default the one named in the heads, or in the adapters that were taught facts. */
  readonly backbone?: string | undefined;
  /** Folders of trained heads; the backbone's own head where there are none. */
  readonly heads?: readonly string[];
  /** Names of the sets that are asked; all by default. */
  readonly sets?: readonly string[] | undefined;
  /**
   * Adapters that are not where the heads say; without heads, adapters that were taught facts: folders or Hugging Face
   * ids.
   */
  readonly adapters?: Readonly<Record<string, string>>;
  /** How the backbone is opened, where it may be open already. */
  readonly open?: typeof openBackbone;
  /** Loads the backbone's own head, where it may be loaded already; in this model's scope by default. */
  readonly ownHead?: (backbone: BackboneHandle) => Promise<LoadedGraph | null>;
  /** Where the vectors at masks come from; passes of its own by default. */
  readonly positions?: (backbone: BackboneHandle, adapters: readonly OpenedAdapter[]) => Promise<PositionSource>;
}

/** A backbone with any number of heads, each over its own set of adapters. */
export class ClozeModel implements AsyncDisposable {
  private constructor(
    private readonly scope: Executor,
    readonly backbone: BackboneHandle,
    private readonly sets: readonly HeadSet[],
    private readonly features: PositionSource,
    /**
     * Whether the model reads from left to right: a cloze's position is then that of the last token before the hole, and
     * what is asked there is the next one.
     */
    readonly causal: boolean,
  ) {}

  /** Lines for the user about what could not be checked. */
  get notes(): readonly string[] {
    return [...new Set(this.sets.flatMap(({ adapters }) => adapters.flatMap(({ notes }) => notes)))];
  }

  static open(executor: Executor, options: ClozeModelOptions): Promise<ClozeModel> {
    return openedInScope(executor, (scope) => ClozeModel.openIn(scope, options));
  }

  private static async openIn(executor: Executor, options: ClozeModelOptions): Promise<ClozeModel> {
    const folders: string[] = [];
    for (const folder of options.heads ?? []) folders.push(...(await findLmHeads(folder)));
    const taught = folders.length === 0 ? (options.adapters ?? {}) : {};
    const recalls = Object.keys(taught).length > 0;
    const manifests = await chosenHeads(folders, recalls ? undefined : options.sets);
    const { open = openBackbone, positions = PositionFeatures.open.bind(null, executor) } = options;
    const { ownHead = loadOwnHead.bind(null, executor) } = options;
    const backbone = await open(await chosenBackbone(options, manifests[0]));
    const adapters = recalls ? new Map() : await readAdapters(manifests, backbone, options.adapters ?? {});
    const own = manifests.length === 0 ? ownSet(backbone, await ownHead(backbone)) : null;
    const sets = own ? [own] : [];
    if (own && recalls) {
      const named = Object.entries(taught).map(([name, folder]) => ({ name, folder }));
      const opened = await openAdapters(named, backboneIdentity(backbone));
      sets.push(...(await loadRecallSets(executor, backbone, opened, own.head)));
      if (options.sets) sets.splice(0, sets.length, ...options.sets.map((name) => setNamed(sets, name)));
    }
    for (const one of manifests) sets.push(await loadSet(executor, one, backbone, adapters));
    const used = [...new Set(sets.flatMap((set) => set.adapters))];
    const features =
      (manifests.length === 0 && !recalls ? await openTargetFeatures(executor, backbone) : null) ??
      (await positions(backbone, used));
    const causal = backbone.config.causal && manifests.length === 0;
    return new ClozeModel(executor, backbone, sets, features, causal);
  }

  get names(): readonly string[] {
    return this.sets.map(({ name }) => name);
  }

  get tokenizer(): Tokenizer {
    return this.backbone.tokenizer;
  }

  /**
   * Asks all sets; texts of similar length together, the backbone once for all. Holes of one text (the same array of
   * ids) are asked in one pass.
   *
   * @param use given the set's and the text's index, and the logits over the vocabulary, which are only lent
   */
  async ask(
    texts: readonly Cloze[],
    batchSize: number,
    use: (set: number, text: number, logits: Float32Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const grouped = byText(texts);
    const lengths = grouped.map(({ inputIds }) => inputIds.length);
    for (const indices of sortedBatches(lengths, batchSize)) {
      signal?.throwIfAborted();
      const batch = indices.map((i) => grouped[i] as AskedText);
      const vectors = await this.features.vectors(batch, undefined, signal);
      const rows = batch.flatMap(({ holes }) => holes.map((hole) => ({ cloze: texts[hole] as Cloze, hole })));
      for (const [index, set] of this.sets.entries()) {
        await this.read(set, vectors, rows, batchSize, (row, logits) => use(index, (rows[row] as Row).hole, logits));
      }
    }
  }

  /** What a set says at each row, so many rows at a time. */
  private async read(
    set: HeadSet,
    vectors: PositionVectors,
    rows: readonly Row[],
    most: number,
    use: (row: number, logits: Float32Array) => void,
  ): Promise<void> {
    const { adapters, gates } = set;
    const names = [backboneName, ...adapters.map(({ name }) => name)];
    const joined = joinVectors(vectors, names, this.backbone.config.hiddenSize);
    const width = joined.length / rows.length;
    for (let start = 0; start < rows.length; start += most) {
      const some = rows.slice(start, start + most);
      const features = float32Tensor([some.length, width], joined.slice(start * width, (start + some.length) * width));
      const opened = gates && Float32Array.from(some.flatMap(({ cloze }) => gates(cloze.gatedBy ?? cloze)));
      const gated = opened && { [gatesInput]: float32Tensor([some.length, 1, adapters.length], opened) };
      const logits = floatsOf(await this.logits(set, { features, ...gated }), "logits");
      const size = logits.length / some.length;
      for (const row of some.keys()) use(start + row, logits.subarray(row * size, (row + 1) * size));
    }
  }

  /** One call for both graphs, so that what is joined stays where they run. */
  private async logits({ join, head }: HeadSet, feeds: Tensors): Promise<Tensors> {
    const fetch = ["logits"];
    if (!join) return head.run(feeds, fetch);
    const from = { features: { step: 0, output: "joined" } };
    const [, last] = await this.scope.runPlan([
      { graph: join, feeds, fetch: [] },
      { graph: head, feeds: {}, from, fetch },
    ]);
    return last as Tensors;
  }

  async close(): Promise<void> {
    await this.features.close();
    await this.scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A text, and where it has holes. */
interface AskedText extends PositionedText {
  /** Of each position: the index of its cloze. */
  readonly holes: number[];
}

/** A hole, and its index. */
interface Row {
  readonly cloze: Cloze;
  readonly hole: number;
}

/** Clozes of the same array of ids together, in the order of the first. */
function byText(clozes: readonly Cloze[]): readonly AskedText[] {
  const found = new Map<readonly number[], { inputIds: readonly number[]; positions: number[]; holes: number[] }>();
  clozes.forEach(({ inputIds, position }, hole) => {
    const text = found.get(inputIds) ?? { inputIds, positions: [], holes: [] };
    found.set(inputIds, text);
    text.positions.push(position);
    text.holes.push(hole);
  });
  return [...found.values()];
}

/** @throws UserError where there is no set of that name */
function setNamed(sets: readonly HeadSet[], name: string): HeadSet {
  const found = sets.find((one) => one.name === name);
  if (found) return found;
  throw userError({
    where: setting("sets"),
    what: `there is no set ${JSON.stringify(name)}`,
    expected: `one of ${sets.map((one) => one.name).join(", ")}`,
  });
}

/** The backbone that is given, else the one that the heads or the adapters were made beside. */
async function chosenBackbone(
  { backbone, adapters = {} }: ClozeModelOptions,
  head: FoundHead | undefined,
): Promise<string> {
  if (backbone !== undefined) return backbone;
  if (head) return namedBackbone(head.folder, "head", head.manifest.backbone);
  const [adapter] = Object.values(adapters);
  if (adapter === undefined) {
    throw userError({ what: "no model is given", expected: `${setting("backbone")} or ${setting("heads")}` });
  }
  const { folder, what, manifest } = await findModel(adapter);
  return namedBackbone(folder, what, manifest.backbone);
}

interface FoundHead {
  readonly folder: string;
  readonly name: string;
  readonly manifest: LmHeadManifest;
}

async function chosenHeads(folders: readonly string[], sets: readonly string[] | undefined): Promise<FoundHead[]> {
  const found: FoundHead[] = [];
  for (const folder of folders) {
    const manifest = await readLmHeadManifest(folder);
    found.push({ folder, name: setName(manifest.adapters), manifest });
  }
  if (sets === undefined) return found;
  return sets.map((name) => {
    const head = found.find((one) => one.name === name);
    if (head) return head;
    throw userError({
      where: setting("sets"),
      what: `there is no head for ${JSON.stringify(name)}`,
      expected:
        found.length === 0
          ? `heads, given with ${setting("heads")}`
          : `one of ${found.map((one) => one.name).join(", ")}`,
    });
  });
}

async function readAdapters(
  heads: readonly FoundHead[],
  backbone: BackboneHandle,
  given: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, OpenedAdapter>> {
  const folders = new Map(heads.flatMap(({ manifest }) => manifest.adapters.map(({ name, folder }) => [name, folder])));
  for (const [name, folder] of Object.entries(given)) {
    if (!folders.has(name)) {
      throw userError({
        where: setting("adapter"),
        what: `no head reads an adapter ${JSON.stringify(name)}`,
        expected: [...folders.keys()].join(", ") || `heads of adapters, given with ${setting("heads")}`,
        fix: "train one with `kadapter probe train-head`",
      });
    }
    folders.set(name, folder);
  }
  const named = Array.from(folders, ([name, folder]) => ({ name, folder }));
  for (const { name, folder } of named) if (!(name in given)) await requireHere(name, folder);
  const adapters = await openAdapters(named, backboneIdentity(backbone));
  return new Map(adapters.map((adapter) => [adapter.name, adapter]));
}

/** A head from elsewhere does not decide what is downloaded. */
async function requireHere(name: string, folder: string): Promise<void> {
  if (await isAdapterHere(folder)) return;
  throw userError({
    where: setting("heads"),
    what: `a head reads the adapter ${shown(name)} of ${shown(folder)}, which is neither here nor in the cache of models`,
    fix: `give ${setting("adapter")} as ${name}=FOLDER or ${name}=ID`,
  });
}

/** @param head null where the weights hold none */
function ownSet(backbone: BackboneHandle, head: LoadedGraph | null): HeadSet {
  if (!backbone.config.causal && backbone.tokenizer.specials.mask === undefined) throw noMask(backbone.folder);
  if (head) return { name: "none", adapters: [], head };
  throw userError({
    where: backbone.folder,
    what: `its weights hold no ${backbone.config.causal ? "language-model" : "masked-language-model"} head`,
    fix: `train one with \`kadapter probe train-head\` and give it with ${setting("heads")}`,
  });
}

async function loadSet(
  executor: Executor,
  { folder, name, manifest }: FoundHead,
  backbone: BackboneHandle,
  all: ReadonlyMap<string, OpenedAdapter>,
): Promise<HeadSet> {
  const adapters = manifest.adapters.map((one) => all.get(one.name) as OpenedAdapter);
  requireSameParts(folder, manifest, backbone, adapters);
  const { sizes, tied } = manifest;
  const module = new LmHead(ParamScope.root(), sizes, tied);
  const tensors = new Map<string, HostTensor>(await readLmHead(folder, module));
  const g = new GraphBuilder();
  const matrix: Parameter = {
    name: "tied.word_embeddings",
    shape: [sizes.vocabSize, sizes.hiddenSize],
    dtype: "float32",
    init: constant(0),
  };
  if (tied) tensors.set(matrix.name, await readWordEmbeddings(backbone));
  const features = g.input("features", "float32", ["rows", sizes.featureSize]);
  const logits = module.forward(inferencePass(g, executor), features, tied ? g.use(matrix) : null);
  return { name, adapters, head: await loadWithParameters(executor, g.build({ logits }), tensors) };
}
