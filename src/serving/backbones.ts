import type { FoundModel } from "../adapters/found-model.js";
import type { Executor, LoadedGraph } from "../engine/executor.js";
import { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
import { Batcher, type BatcherOptions } from "./batcher.js";
import { SharedBackbone } from "./shared-backbone.js";

/** A backbone that is used by whoever holds this. */
export interface BackboneLease {
  readonly batcher: Batcher;
  /** See {@link SharedBackbone.ownHead}. */
  readonly ownHead: () => Promise<LoadedGraph | null>;
  /** The last one frees its memory. */
  release(): Promise<void>;
}

interface Opened {
  readonly handle: BackboneHandle;
  readonly shared: Promise<SharedBackbone>;
  readonly batcher: Promise<Batcher>;
  uses: number;
}

const keyOf = ({ hash, configHash }: BackboneHandle) => `${hash} ${configHash}`;

/** The backbones that models read: each is opened once, however many read it. */
export class Backbones {
  /** By the name that was given; hashing a large model's weights takes long. */
  private readonly handles = new Map<string, Promise<BackboneHandle>>();
  private readonly opened = new Map<string, Opened>();

  constructor(
    private readonly executor: Executor,
    private readonly options: BatcherOptions,
  ) {}

  /** Items that wait for any of them. */
  async waiting(): Promise<number> {
    const batchers = await Promise.all([...this.opened.values()].map(({ batcher }) => batcher));
    return batchers.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Reads a backbone's folder, or what was read of it before. */
  readonly open = (name: string): Promise<BackboneHandle> => {
    const handle = this.handles.get(name) ?? openBackbone(name);
    this.handles.set(name, handle);
    handle.catch(() => this.handles.delete(name));
    return handle;
  };

  /** The name of a backbone that is in use, by what a model's folder records of it. */
  nameOf({ hash, configHash }: Pick<FoundModel["manifest"]["backbone"], "hash" | "configHash">): string | undefined {
    const all = [...this.opened.values()].map(({ handle }) => handle);
    return all.find((one) => one.hash === hash && (configHash === null || one.configHash === configHash))?.name;
  }

  /** Loads a backbone, or takes part in one that is loaded. */
  async acquire(handle: BackboneHandle): Promise<BackboneLease> {
    const key = keyOf(handle);
    const opened = this.opened.get(key) ?? this.load(handle);
    this.opened.set(key, opened);
    opened.uses++;
    try {
      const [batcher, shared] = [await opened.batcher, await opened.shared];
      return { batcher, ownHead: () => shared.ownHead(), release: () => this.release(handle, opened) };
    } catch (error) {
      this.opened.delete(key);
      throw error;
    }
  }

  private load(handle: BackboneHandle): Opened {
    const shared = SharedBackbone.open(this.executor, handle);
    return { handle, shared, batcher: shared.then((one) => new Batcher(one, this.options)), uses: 0 };
  }

  private async release(handle: BackboneHandle, opened: Opened): Promise<void> {
    if (--opened.uses > 0) return;
    const key = keyOf(handle);
    this.opened.delete(key);
    // What is opened under its names later is read anew: the files may be others by then.
    for (const [name, known] of this.handles) {
      const other = await known.catch(() => null);
      if (other && keyOf(other) === key) this.handles.delete(name);
    }
    await (await opened.shared).close();
  }
}
