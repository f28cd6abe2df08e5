/**
 * The worker thread in which graphs run: `session.run` blocks its thread, so the main thread stays free for progress
 * and Ctrl-C.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { answering } from "./answering.js";
import { localExecutor } from "./local.js";

const port = parentPort;
if (!port) throw new Error("this module runs in a worker thread only");

const thread = { post: port.postMessage.bind(port), close: () => port.close() };
port.on("message", answering(thread, localExecutor));
