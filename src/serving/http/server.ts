/**
 * The HTTP server: what surrounds every route.
 * @module
 */
import swagger from "@fastify/swagger";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { pino } from "pino";
import { codeOf, setting, userError } from "../../errors.js";
import { binaryHeader } from "../binary-tensors.js";
import { jsonOf } from "../body.js";
import type { Loading } from "../loading.js";
import type { Service } from "../service.js";
import { ServingError } from "../serving-error.js";
import { addHealth } from "./health.js";
import { addModelRoutes } from "./model-routes.js";
import { addPage, builtPage } from "./page.js";
import { addV1 } from "./v1.js";
import { addV2 } from "./v2.js";

export interface HttpOptions {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Bytes of a body. */
  readonly bodyLimit: number;
  /** How models may be loaded over HTTP; null where they may not. */
  readonly loading: Loading | null;
  /** Folder of the page at `/`; that of the build by default. */
  readonly page?: string;
  /** Where the log goes, a line of JSON for each refused request. */
  readonly log: { write(line: string): unknown };
}

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Says that it is not ready, ends what it has begun, and closes. */
  stop(): Promise<void>;
}

/**
 * Milliseconds for a request's headers, for all of it, and for the next request of a connection; and for connections that
 * are open still when nothing is under way any more.
 */
const timeouts = {
  ...{ headers: 10_000, request: 30_000, idle: 60_000, check: 1_000 },
  closing: { look: 100, last: 5_000 },
} as const;

export async function startHttp(service: Service, options: HttpOptions): Promise<HttpServer> {
  const app = await makeApp(service, options);
  const { host, port } = options;
  const url = await app.listen({ host, port }).catch((error: unknown) => {
    const what = `it cannot listen at port ${port} (${codeOf(error) || String(error)})`;
    throw userError({ where: setting("host", host), what, fix: `choose another ${setting("port")}` });
  });
  const stop = async () => {
    await service.drain();
    await closeSoon(app);
  };
  return { url, stop };
}

/**
 * Closes it when what is answered has been sent. A connection that is idle a moment later is not waited for, and one whose
 * request is not whole by then is cut: nothing of it was taken.
 */
async function closeSoon(app: FastifyInstance): Promise<void> {
  const closeIdle = setInterval(() => app.server.closeIdleConnections(), timeouts.closing.look);
  const closeAll = setTimeout(() => app.server.closeAllConnections(), timeouts.closing.last);
  await app.close().finally(() => {
    clearInterval(closeIdle);
    clearTimeout(closeAll);
  });
}

async function makeApp(
  service: Service,
  { bodyLimit, loading, page = builtPage(), log }: HttpOptions,
): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.idle,
    http: { headersTimeout: timeouts.headers, connectionsCheckingInterval: timeouts.check },
    forceCloseConnections: "idle",
    loggerInstance: pino({ base: null }, log) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(brokenRequest);
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, jsonOrBinary);
  const asItIs = async (_request: FastifyRequest, body: Buffer) => body;
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, asItIs);
  await app.register(swagger, {
    openapi: { info: { title: "kadapter", version: "1", description: "Models and adapters beside shared backbones" } },
    transform: jsonSchemaTransform,
  });
  answerErrors(app, service);
  await app.register(async (scope) => {
    addHealth(scope, service, loading);
    addV1(scope, service);
    addModelRoutes(scope, service, loading);
    await scope.register(async (open) => {
      // Triton's clients do not say what they send.
      open.addContentTypeParser("*", { parseAs: "buffer" }, jsonOrBinary);
      addV2(open, service, loading);
    });
    await addPage(scope, page);
    scope.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  });
  return app;
}

/** A body of JSON, unless a header says that binary tensors stand behind it. */
const jsonOrBinary = async (request: FastifyRequest, body: Buffer): Promise<unknown> => {
  if (binaryHeader in request.headers) return body;
  return body.length === 0 ? {} : jsonOf(body);
};

const brokenRequest = (() => {
  const body = JSON.stringify({ error: { code: "bad-request", message: "the request is broken or came too slowly" } });
  return `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
})();

/** Every error has one form, and one line in the log in which no text of a request stands. */
function answerErrors(app: FastifyInstance, service: Service): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refused = refusalOf(error);
    const route = request.routeOptions.url ?? "none";
    const about = { route, code: refused.code, status: refused.status };
    if (refused.code === "internal") request.log.error({ ...about, error: framesOf(error) }, "a request failed");
    else request.log.info(about, "a request was refused");
    return answer(reply, refused, route);
  });
  app.setNotFoundHandler((request, reply) => {
    const refused = new ServingError("not-found", "there is nothing at this address, or not for this method");
    request.log.info({ code: refused.code, status: refused.status }, "a request was refused");
    return answer(reply, refused, request.url);
  });
  app.addHook("onResponse", async (request, reply) => {
    service.metrics.onRequest(request.routeOptions.url ?? "none", reply.statusCode, reply.elapsedTime / 1000);
  });
}

/** KServe's protocol has the message alone where ours has a code, too. */
function answer(reply: FastifyReply, { code, message, status, retryAfter }: ServingError, route: string) {
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  if (code === "unauthorized") reply.header("www-authenticate", "Bearer");
  return reply
    .code(status)
    .header("content-type", "application/json; charset=utf-8")
    .serializer(JSON.stringify)
    .send({ error: route.startsWith("/v2") ? message : { code, message } });
}

function refusalOf(error: FastifyError): ServingError {
  if (error instanceof ServingError) return error;
  if (error.name === "AbortError") return new ServingError("bad-request", "the client has left");
  if (error.validation) {
    const [first] = error.validation;
    const place = first?.instancePath.replace(/^\//, "").replaceAll("/", ".") || "body";
    return new ServingError("invalid", `${place}: ${first?.message ?? "it is not valid"}`);
  }
  if (error.statusCode === 413) return new ServingError("too-large", "the body is too large");
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return new ServingError("bad-request", "the request cannot be read; a body is application/json");
  }
  return new ServingError("internal", "the server failed to answer; its log says more");
}

/** Where an error was thrown. Its message could quote what was asked. */
const framesOf = ({ name, stack = "" }: Error): string =>
  [name, ...stack.split("\n").filter((line) => /^\s+at /.test(line))].join("\n");
