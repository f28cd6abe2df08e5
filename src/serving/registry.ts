import { type FoundModel, findModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import { userError } from "../errors.js";
import { recall } from "../tasks/recall/recall.js";
import type { Backbones } from "./backbones.js";
import { ModelMeter } from "./model-meter.js";
import { type Pin, Pins } from "./pins.js";
import { type ServedModel, versionOf } from "./served-model.js";
import { ServingError } from "./serving-error.js";
import { openTaskModel, taskKinds } from "./task-model.js";
import { openWordModel } from "./word-model.js";

/** A model under its name. */
export interface RegisteredModel {
  readonly name: string;
  /** Follows from its folder's content. */
  readonly version: string;
  readonly folder: string;
  readonly task: string;
  readonly backbone: string;
  readonly served: ServedModel;
  readonly meter: ModelMeter;
  close(): Promise<void>;
}

export interface RegistryOptions {
  /** Models that are open at a time; the one unused the longest makes room. */
  readonly most: number;
  /** Told of each version that was taken away, after its memory was freed. */
  readonly onDrop: (model: RegisteredModel) => Promise<void>;
}

const nameForm = /^[A-Za-z0-9][\w-]{0,63}$/;

const keyOf = (name: string, version: string) => `${name}@${version}`;

/** Opens a folder as what it is. @param backbone one that is open already; the one that the folder names if it is left out */
function openServed(
  executor: Executor,
  backbones: Backbones,
  found: FoundModel,
  backbone: string | undefined,
  meter: ModelMeter,
): Promise<ServedModel> {
  const kind = found.manifest.task.name;
  if (kind === recall.name) return openWordModel(executor, backbones, found, backbone, meter);
  if (taskKinds.includes(kind)) return openTaskModel(executor, backbones, found, backbone, meter);
  const expected = [...taskKinds, recall.name].join(", ");
  throw userError({ where: found.folder, what: `a model for ${kind} is not served`, expected });
}

/**
 * The models that are served, by name. A request holds the version that it began with, whatever is loaded or unloaded
 * under that name meanwhile.
 */
export class Registry {
  /** By {@link keyOf}. */
  private readonly open = new Pins<RegisteredModel>();
  private readonly versions = new Map<string, string>();
  /** Names that stay. */
  private readonly kept = new Set<string>();
  /** One change after another. */
  private changes: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly executor: Executor,
    private readonly backbones: Backbones,
    private readonly options: RegistryOptions,
  ) {}

  /** In the order in which they were loaded. */
  get models(): readonly RegisteredModel[] {
    return [...this.versions].map(([name, version]) => this.open.peek(keyOf(name, version)) as RegisteredModel);
  }

  /**
   * Holds a model for a request.
   *
   * @throws ServingError where there is none of that name, or its version is another one
   */
  pin(name: string, version?: string): Pin<RegisteredModel> {
    const current = this.versions.get(name);
    const pin = current === undefined ? undefined : this.open.pin(keyOf(name, current));
    if (pin && (version === undefined || version === current)) return pin;
    pin?.release();
    const what = pin ? `the model ${name} has no version ${String(version).slice(0, 64)}` : `there is no model ${name}`;
    throw new ServingError("not-found", what);
  }

  /** {@link pin} for a look at it. */
  current(name: string, version?: string): RegisteredModel {
    const { value, release } = this.pin(name, version);
    release();
    return value;
  }

  /**
   * Loads a folder under a name. What was there under that name takes no more requests, ends those that it has, and is
   * freed before this returns.
   *
   * @param trusted whether it was named by whoever runs the server: it then never makes room for others, and may name a
   * backbone that is not open yet
   * @throws UserError where the folder cannot be served; ServingError where there is no room
   */
  load(name: string, folder: string, trusted = false): Promise<RegisteredModel> {
    return this.inTurn(() => this.change(name, folder, trusted));
  }

  /**
   * Refuses new requests for a model, ends those that it has, and frees its memory.
   *
   * @throws ServingError where there is none of that name
   */
  unload(name: string): Promise<void> {
    return this.inTurn(async () => {
      const version = this.versions.get(name);
      if (version === undefined) throw new ServingError("not-found", `there is no model ${name}`);
      await this.drop(name, version);
    });
  }

  async close(): Promise<void> {
    await this.changes;
    this.versions.clear();
    await this.open.close();
  }

  private inTurn<R>(change: () => Promise<R>): Promise<R> {
    const done = this.changes.then(change);
    this.changes = done.catch(() => undefined);
    return done;
  }

  private async change(name: string, named: string, trusted: boolean): Promise<RegisteredModel> {
    if (!nameForm.test(name)) {
      const expected = "a letter or digit, then at most 63 letters, digits, - and _";
      throw userError({ what: `a model cannot be called ${JSON.stringify(name)}`, expected });
    }
    const found = await findModel(named);
    const { folder } = found;
    const version = await versionOf(found);
    const before = this.versions.get(name);
    if (before === version) return this.open.peek(keyOf(name, version)) as RegisteredModel;
    const known = this.backbones.nameOf(found.manifest.backbone);
    if (!trusted && known === undefined) {
      throw new ServingError("forbidden", "its backbone is not open here; start the server with it");
    }
    if (before === undefined) await this.makeRoom();
    const meter = new ModelMeter();
    const served = await openServed(this.executor, this.backbones, found, known, meter);
    const { task, backbone } = served;
    const about = { name, version, folder, task, backbone: backbone.name, served, meter };
    const model: RegisteredModel = { ...about, close: () => served.close() };
    this.open.add(keyOf(name, version), model);
    this.versions.set(name, version);
    if (trusted) this.kept.add(name);
    if (before !== undefined) await this.remove(name, before);
    return model;
  }

  private async drop(name: string, version: string): Promise<void> {
    this.versions.delete(name);
    this.kept.delete(name);
    await this.remove(name, version);
  }

  private async remove(name: string, version: string): Promise<void> {
    const model = this.open.peek(keyOf(name, version)) as RegisteredModel;
    await this.open.remove(keyOf(name, version));
    await this.options.onDrop(model);
  }

  private async makeRoom(): Promise<void> {
    if (this.versions.size < this.options.most) return;
    const names = new Map(this.models.map(({ name, version }) => [keyOf(name, version), name]));
    const key = this.open.leastRecent((one) => names.has(one) && !this.kept.has(names.get(one) as string));
    const model = key === undefined ? undefined : this.open.peek(key);
    if (!model) throw new ServingError("conflict", `${this.options.most} models are open, and all are in use`);
    await this.drop(model.name, model.version);
  }
}
