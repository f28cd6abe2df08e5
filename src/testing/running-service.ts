/**
 * A service with small models of every kind, for tests of what speaks a protocol.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBackbone } from "../features/backbone-handle.js";
import { ownModel } from "../library/own-model.js";
import { localExecutor } from "../runtime/local.js";
import { Service } from "../serving/service.js";
import { servedRecipes, writeServedModel } from "./served-models.js";
import { writeTaughtAdapter } from "./taught-adapter.js";

/** What must be sent to load a model. */
export const token = "a-token-of-sixteen";

/** Kinds of which a model is loaded under the same name. */
export type RunningKind = keyof typeof servedRecipes | "recall";

/** Where it runs, and how it is ended. */
export interface RunningService {
  /** Folder of the models. */
  readonly root: string;
  readonly service: Service;
  close(): Promise<void>;
}

/** Milliseconds that a busy machine may need to make it. */
export const startTimeout = 300_000;

/** Writes and loads a model of each of the kinds. */
export async function runService(kinds: readonly RunningKind[], queueTokens = 600): Promise<RunningService> {
  const root = await mkdtemp(join(tmpdir(), "kadapter-served-"));
  const executor = await localExecutor({ device: "cpu", threads: 1 });
  const backbone = await openBackbone(ownModel());
  const service = new Service(executor, { batchTokens: 512, queueTokens, mostModels: 8, backbone: ownModel() });
  for (const kind of kinds) {
    if (kind === "recall") await writeTaughtAdapter(join(root, kind), ownModel());
    else await writeServedModel(root, kind, servedRecipes[kind], backbone);
    await service.load(kind, join(root, kind), true);
  }
  const close = async () => {
    await service.close();
    await executor.close();
    await rm(root, { recursive: true });
  };
  return { root, service, close };
}
