/**
 * The thread that calls the message-passing library: a call blocks it until the other ranks answer, and meanwhile the
 * next leaf is computed.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { UserError } from "../../errors.js";
import { floatsAt } from "../memory.js";
import { TreeSum } from "../tree-sum.js";
import { Mpi } from "./binding.js";
import { MpiExchange } from "./exchange.js";
import type { Opened, Reply, Request, Results } from "./protocol.js";

const port = parentPort;
if (!port) throw new Error("this module runs in a worker thread only");
const answer = (reply: Reply) => port.postMessage(reply);

interface Open {
  readonly mpi: Mpi;
  readonly size: number;
  readonly tree: TreeSum;
}
let opened: Open | null = null;

function open(): Opened {
  const mpi = new Mpi();
  mpi.init();
  const { rank, size } = mpi;
  opened = { mpi, size, tree: new TreeSum(new MpiExchange(mpi, rank, size)) };
  return { rank, size, path: mpi.file.path, version: mpi.version(), threads: mpi.threadLevel() };
}

function known(): Open {
  if (!opened) throw new Error("the ranks were not opened");
  return opened;
}

async function result(request: Request, id: number): Promise<Results[keyof Results]> {
  switch (request.call) {
    case "open":
      return open();
    case "sum": {
      const { tree } = known();
      await tree.add(request.planes.map(floatsAt), request.round, () => answer({ id, taken: true }));
      return null;
    }
    case "gather": {
      const { mpi, size } = known();
      await mpi.arrive(request.patient ? "patient" : "step");
      const texts = mpi.gatherBytes(Buffer.from(request.text), size);
      return texts.map((bytes) => Buffer.from(bytes).toString());
    }
    case "gatherFloats": {
      const { mpi, size } = known();
      await mpi.arrive("step");
      const { buffer, byteOffset, byteLength } = request.own;
      return mpi.gatherBytes(new Uint8Array(buffer, byteOffset, byteLength), size).map(asFloats);
    }
    case "close":
      known().mpi.finalize();
      return null;
  }
}

/** A copy: the bytes of several ranks lie behind one another, and floats begin at multiples of four. */
const asFloats = (bytes: Uint8Array) => new Float32Array(bytes.slice().buffer);

// One call after another, in the order of all ranks.
let queue: Promise<void> = Promise.resolve();
port.on("message", ({ id, request }: { id: number; request: Request }) => {
  queue = queue.then(async () => {
    try {
      answer({ id, result: await result(request, id) });
    } catch (error) {
      const forUser = error instanceof UserError;
      answer({ id, error: forUser ? error.line : String(error), forUser });
    }
    // Nothing keeps a process that did not get in, or has left.
    if (request.call === "close" || !opened) port.close();
  });
});
