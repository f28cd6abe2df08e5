/**
 * What tests send to a server over HTTP.
 * @module
 */
import { connect } from "node:net";

/** What came back. */
export interface Answered<T> {
  readonly status: number;
  readonly json: T;
  readonly headers: { get(name: string): string | null };
}

/** @param url of the server, known when something is asked */
export function clientOf(url: () => string) {
  async function ask<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered<T>> {
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const response = await fetch(`${url()}${path}`, { method, ...sent, headers: { ...type, ...headers } });
    const text = await response.text();
    const json: unknown = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
    return { status: response.status, json: json as T, headers: response.headers };
  }

  /** What comes back for bytes as they are. */
  function raw(bytes: Uint8Array | string): Promise<string> {
    const { hostname, port } = new URL(url());
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      let all = "";
      socket.on("data", (part) => {
        all += part.toString();
        if (all.includes("\r\n\r\n")) setTimeout(() => socket.end(), 50);
      });
      socket.on("close", () => resolve(all));
      socket.on("error", reject);
    });
  }

  const post = (path: string, body: Uint8Array, headers = "") =>
    raw(
      Buffer.concat([
        Buffer.from(
          `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.byteLength}\r\n${headers}\r\n`,
        ),
        body,
      ]),
    );

  return { ask, raw, post };
}
