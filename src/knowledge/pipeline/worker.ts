/**
 * A thread that aligns blocks of documents, one after the other.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../../errors.js";
import { Aligner } from "../align/aligner.js";
import type { AlignOptions } from "../align/options.js";
import type { AlignTables } from "../align/tables.js";
import { loadWikitextParser, type WikitextParser } from "../documents/wikitext.js";
import { alignBlock, type BlockWork, type DocumentBlock } from "./block.js";
import type { WorkerReply } from "./pool.js";
import type { PartShares } from "./record.js";

/** What a thread is given. The tables' arrays are shared, not copied. */
export interface WorkerSetup {
  readonly tables: AlignTables;
  readonly options: Partial<AlignOptions>;
  readonly shares: PartShares;
}

const port = parentPort;
if (!port) throw new Error("this module runs in a worker thread only");
const { tables, options, shares } = workerData as WorkerSetup;

let parser: Promise<WikitextParser> | undefined;
const work: BlockWork = {
  aligner: new Aligner(tables, options),
  shares,
  wikitext: () => {
    parser ??= loadWikitextParser();
    return parser;
  },
};

port.on("message", async (block: DocumentBlock) => {
  port.postMessage(await answer(block));
});

async function answer(block: DocumentBlock): Promise<WorkerReply> {
  try {
    return { result: await alignBlock(block, work) };
  } catch (error) {
    if (error instanceof UserError) return { error: error.line, forUser: true };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error), forUser: false };
  }
}
