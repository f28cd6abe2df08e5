/**
 * A server as a process of its own, for tests of what it bears: asked, watched and stopped from outside.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { kadapterProcess, type Run } from "./support.js";

/** A server that runs. */
export interface Served {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** How it ended; resolves when it has. */
  readonly ended: Promise<Run>;
}

/** Lets a process collect its garbage at SIGUSR2, as what is still to be collected is not kept for good. */
const collector = `import v8 from "node:v8";import vm from "node:vm";v8.setFlagsFromString("--expose-gc");
const gc=vm.runInNewContext("gc");process.on("SIGUSR2",()=>gc());`;

/** Starts `kadapter serve` at a free port. @throws Error where it ends instead */
export async function serveProcess(args: readonly (string | number)[]): Promise<Served> {
  let started: (child: ChildProcess, url: string) => void = () => {};
  const found = new Promise<{ child: ChildProcess; url: string }>((resolve) => {
    started = (child, url) => resolve({ child, url });
  });
  const { NODE_OPTIONS: options = "" } = process.env;
  process.env["NODE_OPTIONS"] = `${options} --import=data:text/javascript,${encodeURIComponent(collector)}`;
  const ended = kadapterProcess(["serve", "--port", 0, "--threads", 1, ...args], {
    onStderr: (soFar, child) => {
      const [, url] = /^serving .* at (\S+);/m.exec(soFar) ?? [];
      if (url !== undefined) started(child, url);
    },
  });
  process.env["NODE_OPTIONS"] = options;
  const tooEarly = ended.then(({ stderr }) => {
    throw new Error(`the server ended: ${stderr}`);
  });
  const { child, url } = await Promise.race([found, tooEarly]);
  tooEarly.catch(() => undefined);
  return { url, port: Number(new URL(url).port), process: child, ended };
}

/** Bytes of memory that a process holds. Linux alone tells them. */
export async function memoryOf({ pid }: ChildProcess): Promise<number> {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return 1024 * Number(kibibytes);
}

/** The least memory of some seconds, in which garbage is collected. */
export async function settledMemory(child: ChildProcess, seconds = 5): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 4 * seconds; i++) {
    if (i % 4 === 0) child.kill("SIGUSR2");
    least = Math.min(least, await memoryOf(child));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return least;
}

/** How a conversation over a socket is held. */
export interface Talk {
  /** Sent one after another, so many milliseconds apart. */
  readonly parts: readonly (string | Uint8Array)[];
  readonly apart?: number;
  /** The client ends its side when all is sent. */
  readonly ends?: boolean;
  /** The client is gone when all is sent. */
  readonly leaves?: boolean;
}

/** What came back, and after how many milliseconds the talk was over; null where that took too long. */
export interface Heard {
  readonly text: string;
  readonly milliseconds: number | null;
}

/** The answers of a stream are all there: the last one's head, and a body as long as it says. */
function isWhole(text: string): boolean {
  const head = text.lastIndexOf("HTTP/1.1 ");
  const body = text.indexOf("\r\n\r\n", head);
  if (head < 0 || body < 0) return false;
  const [, length = "0"] = /^content-length: (\d+)/im.exec(text.slice(head, body)) ?? [];
  return Buffer.byteLength(text.slice(body + 4)) >= Number(length);
}

/** Talks to a server; it is over when the server closed the connection, or has said nothing for half a second after an answer. */
export function talk(
  port: number,
  { parts, apart = 0, ends = false, leaves = false }: Talk,
  patience = 45_000,
): Promise<Heard> {
  return new Promise((resolve) => {
    const started = performance.now();
    let text = "";
    let quiet: NodeJS.Timeout | undefined;
    const socket = connect(port, "127.0.0.1");
    const over = (milliseconds: number | null) => {
      clearTimeout(quiet);
      clearTimeout(late);
      socket.destroy();
      resolve({ text, milliseconds });
    };
    const late = setTimeout(() => over(null), patience);
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      clearTimeout(quiet);
      if (isWhole(text)) quiet = setTimeout(() => over(performance.now() - started), 500);
    });
    // A server that refuses a body need not read it to the end.
    socket.on("error", () => undefined);
    socket.on("close", () => over(performance.now() - started));
    socket.on("connect", async () => {
      for (const part of parts) {
        if (socket.destroyed) return;
        await new Promise<void>((sent) => socket.write(part, () => sent()));
        if (apart > 0) await new Promise((next) => setTimeout(next, apart));
      }
      if (leaves) socket.destroy();
      else if (ends) socket.end();
    });
  });
}
