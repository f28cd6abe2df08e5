import type { FastifyInstance } from "fastify";
import type { Service } from "../service.js";

/** Whether it lives, whether it takes requests, and what it counts. */
export function addHealth(app: FastifyInstance, service: Service): void {
  app.get("/health/live", () => ({ live: true }));
  app.get("/health/ready", () => {
    service.admission.requireOpen();
    return { ready: true };
  });
  app.get("/metrics", async (_request, reply) => {
    const { registry } = service.metrics;
    return reply.header("content-type", registry.contentType).send(await registry.metrics());
  });
}
