/**
 * The released downstream models as this project builds them, with the weights of a fixture.
 * @module
 */

import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { NamedAdapter } from "../adapters/adapter-set.js";
import type { FusionKind } from "../adapters/fusion.js";
import { readOfficialAdapter } from "../adapters/official/import-adapter.js";
import { type BackboneDefinition, backboneDefinition } from "../backbones/index.js";
import type { Tensors } from "../engine/executor.js";
import type { Parameter } from "../graph/index.js";
import { AdaptedModel } from "../models/adapted-model.js";
import { downstreamDesign } from "../models/design.js";
import type { TaskHead } from "../models/task-head.js";
import type { ParamScope } from "../nn/index.js";
import { ChoiceHead } from "../tasks/choice/choice-head.js";
import { RelationHead } from "../tasks/relations/relation-head.js";
import { TypingHead } from "../tasks/typing/typing-head.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../tensor.js";
import { openSafetensors } from "../weights/safetensors.js";
import { strictLoad } from "../weights/strict-load.js";
import { asInt32 } from "./backbone.js";
import { Fixture, readJson } from "./fixture.js";

/** One way of fusing, from a meta.json. */
export interface Variant {
  readonly name: string;
  readonly kind: FusionKind;
  readonly adapters: readonly string[];
  /** Fused by the released library's own model, whose gradients are called `grad.fusion.*`. */
  readonly library: boolean;
}

type VariantsMeta = Record<string, { readonly fusion_mode: FusionKind; readonly adapters: readonly string[] }>;

/** Names of the adapters that lie beside the fixtures as `NAME-adapter`, in the order in which they are joined. */
export async function adapterNames(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).flatMap((entry) => /^(\w+)-adapter$/.exec(entry)?.[1] ?? []);
  return names.sort();
}

/** What the four tasks differ in. */
interface TaskForm {
  /** Names of the inputs that pick positions; none: the first token. */
  readonly positions: readonly string[];
  makeHead(scope: ParamScope, hiddenSize: number, shape: (name: string) => readonly number[]): TaskHead;
}

const headOptions = (hiddenSize: number) => ({ hiddenSize, dropout: 0, init: "official" as const });
const classesOf = (shape: (name: string) => readonly number[]) => shape("out_proj.weight")[0] as number;
const typing: TaskForm = {
  positions: ["start_id"],
  makeHead: (scope, hiddenSize, shape) => new TypingHead(scope, classesOf(shape), headOptions(hiddenSize)),
};
const forms: Readonly<Record<string, TaskForm>> = {
  tacred: {
    positions: ["subj_special_start_id", "obj_special_start_id"],
    makeHead: (scope, hiddenSize, shape) =>
      new RelationHead(scope, { featureSize: hiddenSize, hiddenSize }, classesOf(shape), headOptions(hiddenSize)),
  },
  openentity: typing,
  figer: typing,
  cosmosqa: {
    positions: [],
    makeHead: (scope, hiddenSize, shape) =>
      new ChoiceHead(scope, shape("input_ids")[1] as number, headOptions(hiddenSize)),
  },
};

/** Everything that a downstream fixture shares between its variants. */
export class DownstreamFixture {
  private constructor(
    readonly fixture: Fixture,
    private readonly form: TaskForm,
    private readonly definition: BackboneDefinition,
    private readonly config: ReturnType<BackboneDefinition["parseConfig"]>,
    private readonly named: readonly NamedAdapter[],
    /** Elements by this project's names. */
    private readonly weights: ReadonlyMap<string, HostTensor>,
    readonly inputs: ReadonlyMap<string, HostTensor>,
  ) {}

  static async open(fixture: Fixture): Promise<DownstreamFixture> {
    const task = fixture.meta.fixture.split("/").at(-1) as string;
    const form = forms[task];
    if (!form) throw new Error(`no downstream task is called ${task}`);
    const folder = dirname(fixture.folder);
    const shared = await Fixture.open(folder);
    const path = join(folder, "config.json");
    const json = await readJson(path);
    const definition = backboneDefinition(json, path);
    // 2019's embedding has its padding at row 0, whatever the model's padding token is.
    const config = { ...definition.parseConfig(json, path), padTokenId: 0 };
    const weights = new Map<string, HostTensor>(await fixture.read("head.safetensors"));
    await readBackbone(join(folder, "model.safetensors"), definition, config, weights);
    const named: NamedAdapter[] = [];
    for (const name of await adapterNames(folder)) named.push(await readAdapter(folder, name, shared, weights));
    const inputs = await fixture.read("inputs.safetensors");
    return new DownstreamFixture(fixture, form, definition, config, named, weights, inputs);
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  get variants(): readonly Variant[] {
    const variants = this.fixture.meta["variants"] as VariantsMeta;
    return Object.entries(variants).map(([name, { fusion_mode, adapters }]) => ({
      name,
      kind: fusion_mode,
      adapters,
      library: name.startsWith("lib-"),
    }));
  }

  model({ kind, adapters, library }: Variant): AdaptedModel {
    const { hiddenSize } = this;
    const shape = (name: string) => (this.weights.get(name) ?? this.inputs.get(name))?.shape ?? [];
    return new AdaptedModel({
      backbone: this.definition.build(this.config),
      hiddenSize,
      backboneLayers: this.config.layers,
      ...downstreamDesign({
        adapters: this.named.filter(({ name }) => adapters.includes(name)),
        // Only the CosmosQA script gives each adapter a dense layer of its own.
        fusion: { kind, adapterDense: !library && this.form.positions.length === 0 },
        ...{ headInit: "official", trains: "backbone", frozenDropout: false },
      }),
      makeHead: (scope) => this.form.makeHead(scope, hiddenSize, shape),
    });
  }

  /** Start values of parameters. */
  start(parameters: readonly Parameter[]): Tensors {
    return Object.fromEntries(
      parameters.map(({ name, shape }) => {
        const tensor = this.weights.get(name);
        if (!tensor) throw new Error(`the fixture has no weights for ${name}`);
        return [name, float32Tensor(shape, (tensor.data as Float32Array).slice())];
      }),
    );
  }

  /** A batch as this project's graphs take it. */
  feeds(inputs: ReadonlyMap<string, HostTensor>): Tensors {
    const ids = asInt32(inputs.get("input_ids"), "input_ids");
    const sequence = ids.shape.at(-1) as number;
    const rows = ids.data.length / sequence;
    const flat = (tensor: HostTensor<"int32">) => int32Tensor([rows, sequence], tensor.data);
    const labels = inputs.get("labels") as HostTensor;
    return {
      input_ids: flat(ids),
      attention_mask: flat(asInt32(inputs.get("attention_mask"), "attention_mask")),
      // 2 + index everywhere, padding included.
      position_ids: int32Tensor(
        [rows, sequence],
        Int32Array.from(ids.data, (_, i) => 2 + (i % sequence)),
      ),
      token_type_ids: int32Tensor([rows, sequence], new Int32Array(ids.data.length)),
      labels: labels.dtype === "float32" ? labels : asInt32(labels, "labels"),
      select: this.select(inputs, rows, sequence),
      ...(ids.shape.length === 3 ? { choices: choiceRows(ids.shape as [number, number, number]) } : {}),
    };
  }

  private select(inputs: ReadonlyMap<string, HostTensor>, rows: number, sequence: number): HostTensor {
    const { positions } = this.form;
    const count = Math.max(1, positions.length);
    const data = new Float32Array(rows * count * sequence);
    for (let row = 0; row < rows; row++) {
      if (positions.length === 0) data[row * sequence] = 1;
      positions.forEach((name, i) => {
        const picked = (inputs.get(name) as HostTensor<"float32">).data.subarray(row * sequence, (row + 1) * sequence);
        data.set(picked, (row * count + i) * sequence);
      });
    }
    return float32Tensor([rows, count, sequence], data);
  }
}

function choiceRows([questions, choices]: readonly [number, number, number]): HostTensor {
  return int32Tensor(
    [questions, choices],
    Int32Array.from({ length: questions * choices }, (_, i) => i),
  );
}

async function readBackbone(
  path: string,
  definition: BackboneDefinition,
  config: ReturnType<BackboneDefinition["parseConfig"]>,
  weights: Map<string, HostTensor>,
): Promise<void> {
  const source = await openSafetensors(path);
  const shapes = definition.build(config).parameters.map(({ name, shape }) => [name, shape] as const);
  const loader = strictLoad(new Map(shapes), source, { canonicalKey: (key) => definition.canonicalKey(key, false) });
  for (const [name, shape] of shapes) weights.set(name, float32Tensor(shape, await loader.read(name)));
  await source.close();
}

/** An adapter as the released pre-training saved it: its head is left behind, as the released loading does. */
async function readAdapter(
  folder: string,
  name: string,
  { meta }: Fixture,
  weights: Map<string, HostTensor>,
): Promise<NamedAdapter> {
  const settings = meta["adapter_config"] as Record<string, number> & { readonly adapter_list: readonly number[] };
  const { architecture, adapter } = await readOfficialAdapter(join(folder, `${name}-adapter`, "pytorch_model.bin"), {
    layers: settings.adapter_list,
    heads: settings["num_attention_heads"] as number,
    skip: settings["adapter_skip_layers"] ?? 0,
    maskPadding: false,
  });
  for (const [key, { shape, data }] of adapter) weights.set(`${name}_adapter.${key}`, float32Tensor(shape, data));
  const layerNormEps = settings["layer_norm_eps"] ?? architecture.layerNormEps;
  return { name, config: { ...architecture, layerNormEps, dropout: 0 } };
}
