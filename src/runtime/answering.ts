/**
 * What a thread in which graphs run does: it answers the requests of `remote-executor.ts`.
 * @module
 */
import type { Executor, ExecutorOptions, LoadedGraph, Tensors } from "../engine/executor.js";
import { UserError } from "../errors.js";
import { factsOf } from "./bound-executor.js";
import type { Reply, Request, Results } from "./protocol.js";
import { transferable } from "./transferable.js";

/** The way back to those who ask. */
export interface Port {
  post(reply: Reply, transfer: readonly ArrayBuffer[]): void;
  /** Nothing more will be asked. */
  close(): void;
}

export interface NumberedRequest {
  readonly id: number;
  readonly request: Request;
}

/**
 * Answers requests, one after another: a session must not be released, nor the state replaced, while a graph runs.
 *
 * @returns takes a request
 */
export function answering(
  port: Port,
  open: (options: ExecutorOptions) => Promise<Executor>,
): (asked: NumberedRequest) => void {
  const answers = new Answers(open);
  let queue: Promise<void> = Promise.resolve();
  return ({ id, request }) => {
    queue = queue.then(async () => {
      try {
        const result = await answers.to(request);
        port.post({ id, result }, transferable(...tensorsOf(request.call, result)));
      } catch (error) {
        port.post({ id, ...failure(error) }, []);
      }
      if (request.call === "close" && request.scope === 0) port.close();
    });
  };
}

function failure(error: unknown): { readonly error: string; readonly forUser: boolean } {
  const forUser = error instanceof UserError;
  return { error: forUser ? error.line : error instanceof Error ? error.message : String(error), forUser };
}

class Answers {
  /** The executor under 0, and its scopes. */
  private readonly scopes = new Map<number, Executor>();
  private readonly graphs = new Map<number, LoadedGraph>();
  private nextGraph = 0;

  constructor(private readonly open: (options: ExecutorOptions) => Promise<Executor>) {}

  private opened(scope: number): Executor {
    const executor = this.scopes.get(scope);
    if (!executor) throw new Error(scope === 0 ? "the worker was not opened" : "the scope was closed");
    return executor;
  }

  private loaded(number: number): LoadedGraph {
    const graph = this.graphs.get(number);
    if (!graph) throw new Error(`graph ${number} was closed`);
    return graph;
  }

  async to(request: Request): Promise<Results[keyof Results]> {
    switch (request.call) {
      case "open": {
        const executor = await this.open(request.options);
        this.scopes.set(0, executor);
        return factsOf(executor);
      }
      case "scope":
        this.scopes.set(request.opened, this.opened(request.scope).scope());
        return null;
      case "load":
        this.graphs.set(this.nextGraph, await this.opened(request.scope).load(request.source));
        return this.nextGraph++;
      case "run":
        return this.loaded(request.graph).run(request.feeds, request.fetch);
      case "runPlan":
        return this.opened(0).runPlan(request.steps.map((step) => ({ ...step, graph: this.loaded(step.graph) })));
      case "release":
        await this.graphs.get(request.graph)?.close();
        this.graphs.delete(request.graph);
        return null;
      case "setState":
        await this.opened(request.scope).setState(request.tensors);
        return null;
      case "setZeros":
        await this.opened(request.scope).setZeros(request.shapes);
        return null;
      case "getState":
        return this.opened(request.scope).getState(request.names);
      case "gradientMemory":
        return this.opened(request.scope).gradientMemory(request.names);
      case "close":
        await this.scopes.get(request.scope)?.close();
        this.scopes.delete(request.scope);
        return null;
    }
  }
}

/** The tensors of an answer, whose buffers are moved and not copied. */
function tensorsOf(call: Request["call"], result: Results[keyof Results]): readonly Tensors[] {
  if (call === "runPlan") return result as Results["runPlan"];
  return call === "run" || call === "getState" ? [result as Tensors] : [];
}
