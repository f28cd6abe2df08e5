import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Loading, requireToken } from "../loading.js";
import { folderBelow } from "../models-root.js";
import type { Service } from "../service.js";
import { aboutModel } from "../status.js";

const params = z.object({ name: z.string().max(64) });
const put = z.strictObject({ folder: z.string().min(1).max(1024).describe("below the models' root") });

/** `/v1/models`: what is loaded; loading and unloading where that is allowed. */
export function addModelRoutes(scope: FastifyInstance, service: Service, loading: Loading | null): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  app.get("/v1/models", { schema: { summary: "Models that are loaded" } }, () => ({
    models: service.registry.models.map(aboutModel),
  }));
  app.put("/v1/models/:name", { schema: { summary: "Load a model", params, body: put } }, async (request) => {
    const { root } = requireToken(loading, request.headers.authorization);
    const folder = await folderBelow(root, request.body.folder);
    return aboutModel(await service.load(request.params.name, folder));
  });
  app.delete("/v1/models/:name", { schema: { summary: "Unload a model", params } }, async (request) => {
    requireToken(loading, request.headers.authorization);
    await service.unload(request.params.name);
    return { unloaded: request.params.name };
  });
}
