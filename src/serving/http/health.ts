import type { FastifyInstance } from "fastify";
import type { Loading } from "../loading.js";
import type { Service } from "../service.js";
import { statusOf } from "../status.js";

/** Whether it lives, whether it takes requests, and what it counts. */
export function addHealth(app: FastifyInstance, service: Service, loading: Loading | null): void {
  app.get("/health/live", () => ({ live: true }));
  app.get("/health/ready", () => {
    service.admission.requireOpen();
    return { ready: true };
  });
  app.get("/v1/status", { schema: { summary: "What the server is doing" } }, () => statusOf(service, loading));
  app.get("/metrics", async (_request, reply) => {
    const { registry } = service.metrics;
    return reply.header("content-type", registry.contentType).send(await registry.metrics());
  });
}
