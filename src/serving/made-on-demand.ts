import { findModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import type { Backbones } from "./backbones.js";
import { type Pin, Pins } from "./pins.js";
import type { RegisteredModel } from "./registry.js";
import { versionOf } from "./served-model.js";
import { ServingError } from "./serving-error.js";
import { TextVectors } from "./text-vectors.js";
import { type FillModel, openFillModel } from "./word-model.js";

/** Sets of adapters, and readers of vectors, that are open at a time; the one unused the longest makes room. */
const mostOpen = 8;

type Open = { readonly fill: FillModel } | { readonly vectors: TextVectors };

/** What is made of registered models when it is first asked for: words of several adapters together, and vectors. */
export class MadeOnDemand {
  private readonly open = new Pins<Open & { close(): Promise<void> }>();
  private making: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly executor: Executor,
    private readonly backbones: Backbones,
  ) {}

  /** A backbone's own head alone, beside each of the adapters, and beside all of them. */
  async fill(backbone: string, adapters: readonly RegisteredModel[]): Promise<Pin<FillModel>> {
    const { value, release } = await this.of(`fill ${backbone}`, adapters, async () => {
      const fill = await openFillModel(this.executor, this.backbones, backbone, adapters);
      return { fill, close: () => fill.close() };
    });
    return { value: (value as { readonly fill: FillModel }).fill, release };
  }

  /** Vectors of a backbone, or of an adapter beside it. */
  async vectors(backbone: string, adapter: RegisteredModel | null): Promise<Pin<TextVectors>> {
    const { value, release } = await this.of(`vectors ${backbone}`, adapter ? [adapter] : [], async () => {
      const handle = adapter?.served.backbone ?? (await this.backbones.open(backbone));
      const vectors = await TextVectors.open(this.executor, this.backbones, handle, adapter?.folder ?? null);
      return { vectors, close: vectors.close };
    });
    return { value: (value as { readonly vectors: TextVectors }).vectors, release };
  }

  /** Lets go of all that is made of a model's version, once nobody uses it. */
  async forget({ name, version }: Pick<RegisteredModel, "name" | "version">): Promise<void> {
    await this.making;
    for (const key of this.open.keys()) if (key.split(" ").includes(`${name}@${version}`)) await this.open.remove(key);
  }

  async close(): Promise<void> {
    await this.making;
    await this.open.close();
  }

  private of(what: string, models: readonly RegisteredModel[], make: () => Promise<Open & { close(): Promise<void> }>) {
    const key = [what, ...models.map(({ name, version }) => `${name}@${version}`)].join(" ");
    const made = this.making.then(async () => {
      const known = this.open.pin(key);
      if (known) return known;
      for (const model of models) await requireUnchanged(model);
      const oldest = this.open.size < mostOpen ? undefined : this.open.leastRecent();
      if (oldest !== undefined) await this.open.remove(oldest);
      this.open.add(key, await make());
      return this.open.pin(key) as Pin<Open & { close(): Promise<void> }>;
    });
    this.making = made.catch(() => undefined);
    return made;
  }
}

/** Its folder is read once more, so it must still hold what was loaded. */
async function requireUnchanged({ name, version, folder }: RegisteredModel): Promise<void> {
  if ((await versionOf(await findModel(folder))) === version) return;
  throw new ServingError("conflict", `the folder of ${name} has changed since it was loaded; load it again`);
}
