import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { folderBelow } from "../models-root.js";
import type { RegisteredModel } from "../registry.js";
import type { Service } from "../service.js";
import { ServingError } from "../serving-error.js";

/** How models may be loaded over HTTP. */
export interface Loading {
  /** Only folders below it. */
  readonly root: string;
  /** What whoever loads must know. */
  readonly token: string;
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/**
 * @returns how models may be loaded
 * @throws ServingError where that is off, or the request does not bear the token
 */
export function requireLoading({ headers }: FastifyRequest, loading: Loading | null): Loading {
  if (!loading) throw new ServingError("forbidden", "loading and unloading is off; start with --allow-load");
  const [, given] = /^Bearer ([^\s]+)$/.exec(headers.authorization ?? "") ?? [];
  // Hashes are compared, so that the time tells nothing of the token.
  if (given !== undefined && timingSafeEqual(digest(given), digest(loading.token))) return loading;
  throw new ServingError("unauthorized", "loading and unloading needs the token, as Authorization: Bearer TOKEN");
}

const about = ({ name, version, task, backbone }: RegisteredModel) => ({ name, version, task, backbone });
const params = z.object({ name: z.string().max(64) });
const put = z.strictObject({ folder: z.string().min(1).max(1024).describe("below the models' root") });

/** `/v1/models`: what is loaded; loading and unloading where that is allowed. */
export function addModelRoutes(scope: FastifyInstance, service: Service, loading: Loading | null): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  app.get("/v1/models", { schema: { summary: "Models that are loaded" } }, () => ({
    models: service.registry.models.map(about),
  }));
  app.put("/v1/models/:name", { schema: { summary: "Load a model", params, body: put } }, async (request) => {
    const { root } = requireLoading(request, loading);
    const folder = await folderBelow(root, request.body.folder);
    return about(await service.load(request.params.name, folder));
  });
  app.delete("/v1/models/:name", { schema: { summary: "Unload a model", params } }, async (request) => {
    requireLoading(request, loading);
    await service.unload(request.params.name);
    return { unloaded: request.params.name };
  });
}
