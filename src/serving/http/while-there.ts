import type { FastifyReply } from "fastify";

/** Aborted when the client leaves before it was answered. */
export function whileThere(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
