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

let executor: Executor | null = null;
const graphs = new Map<number, LoadedGraph>();
let nextGraph = 0;

function opened(): Executor {
  if (!executor) throw new Error("the worker was not opened");
  return executor;
}

async function answer(request: Request): Promise<Results[keyof Results]> {
  switch (request.call) {
    case "open":
      executor = await localExecutor(request.options);
      return factsOf(executor);
    case "load":
      graphs.set(nextGraph, await opened().load(request.source));
      return nextGraph++;
    case "run": {
      const graph = graphs.get(request.graph);
      if (!graph) throw new Error(`graph ${request.graph} was released`);
      return graph.run(request.feeds, request.fetch);
    }
    case "release":
      await graphs.get(request.graph)?.close();
      graphs.delete(request.graph);
      return null;
    case "setState":
      await opened().setState(request.tensors);
      return null;
    case "setZeros":
      await opened().setZeros(request.shapes);
      return null;
    case "getState":
      return opened().getState(request.names);
    case "close":
      await executor?.close();
      return null;
  }
}

const isTensors = (call: Request["call"]) => call === "run" || call === "getState";

// One request after another: a session must not be released, nor the state replaced, while a graph runs.
let queue: Promise<void> = Promise.resolve();
port.on("message", ({ id, request }: { id: number; request: Request }) => {
  queue = queue.then(async () => {
    try {
      const result = await answer(request);
      const reply: Reply = { id, result };
      port.postMessage(reply, isTensors(request.call) ? transferable(result as Tensors) : []);
    } catch (error) {
      const reply: Reply = {
        id,
        error: error instanceof UserError ? error.line : error instanceof Error ? error.message : String(error),
        forUser: error instanceof UserError,
      };
      port.postMessage(reply);
    }
    if (request.call === "close") port.close();
  });
});
