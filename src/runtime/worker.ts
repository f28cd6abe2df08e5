/**
 * The worker thread in which graphs run: `session.run` blocks its thread, so the main thread stays free for progress
 * and Ctrl-C.
 * @module
 */
import { parentPort } from "node:worker_threads";
import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { UserError } from "../errors.js";
import { factsOf, localExecutor } from "./local.js";
import type { Reply, Request, Results } from "./protocol.js";
import { transferable } from "./transferable.js";

const port = parentPort;
if (!port) throw new Error("this module runs in a worker thread only");

/** The executor under 0, and its scopes. */
const scopes = new Map<number, Executor>();
const graphs = new Map<number, LoadedGraph>();
let nextGraph = 0;

function opened(scope: number): Executor {
  const executor = scopes.get(scope);
  if (!executor) throw new Error(scope === 0 ? "the worker was not opened" : "the scope was closed");
  return executor;
}

function loaded(number: number): LoadedGraph {
  const graph = graphs.get(number);
  if (!graph) throw new Error(`graph ${number} was closed`);
  return graph;
}

async function answer(request: Request): Promise<Results[keyof Results]> {
  switch (request.call) {
    case "open": {
      const executor = await localExecutor(request.options);
      scopes.set(0, executor);
      return factsOf(executor);
    }
    case "scope":
      scopes.set(request.opened, opened(request.scope).scope());
      return null;
    case "load":
      graphs.set(nextGraph, await opened(request.scope).load(request.source));
      return nextGraph++;
    case "run":
      return loaded(request.graph).run(request.feeds, request.fetch);
    case "runPlan":
      return opened(0).runPlan(request.steps.map((step) => ({ ...step, graph: loaded(step.graph) })));
    case "release":
      await graphs.get(request.graph)?.close();
      graphs.delete(request.graph);
      return null;
    case "setState":
      await opened(request.scope).setState(request.tensors);
      return null;
    case "setZeros":
      await opened(request.scope).setZeros(request.shapes);
      return null;
    case "getState":
      return opened(request.scope).getState(request.names);
    case "gradientMemory":
      return opened(request.scope).gradientMemory(request.names);
    case "close":
      await scopes.get(request.scope)?.close();
      scopes.delete(request.scope);
      return null;
  }
}

/** The tensors of an answer, whose buffers are moved and not copied. */
function tensorsOf(call: Request["call"], result: Results[keyof Results]): readonly Tensors[] {
  if (call === "runPlan") return result as Results["runPlan"];
  return call === "run" || call === "getState" ? [result as Tensors] : [];
}

// One request after another: a session must not be released, nor the state replaced, while a graph runs.
let queue: Promise<void> = Promise.resolve();
port.on("message", ({ id, request }: { id: number; request: Request }) => {
  queue = queue.then(async () => {
    try {
      const result = await answer(request);
      const reply: Reply = { id, result };
      port.postMessage(reply, transferable(...tensorsOf(request.call, result)));
    } catch (error) {
      const reply: Reply = {
        id,
        error: error instanceof UserError ? error.line : error instanceof Error ? error.message : String(error),
        forUser: error instanceof UserError,
      };
      port.postMessage(reply);
    }
    if (request.call === "close" && request.scope === 0) port.close();
  });
});
