/**
 * What the hub's library may ask for, and whom: the user's token goes to the hub alone, and only where nobody can read it
 * on the way; what is answered is bounded.
 * @module
 */
import { userError } from "../errors.js";
import { hubBounds } from "../files/bounds.js";
import { patientFetch } from "./hub-patience.js";

/** How the hub is reached. */
export interface HubAccess {
  readonly hubUrl: string;
  readonly accessToken?: string;
  readonly fetch: typeof fetch;
  readonly onProgress?: (file: string, done: number, total: number) => void;
}

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a token may be sent to an address: nobody on the way can read it. */
export function isPrivateWay(hub: string): boolean {
  const { protocol, hostname } = addressOf(hub);
  return protocol === "https:" || loopback.has(hostname);
}

/**
 * A `fetch` that sends the token to the hub's own host alone, whatever addresses the hub answers with (a listing's next
 * page, a place for an upload).
 *
 * @param hub address of the hub
 * @throws UserError where a token would be sent without encryption to another machine
 */
export function hubFetch(hub: string, hasToken: boolean, underlying: typeof fetch = fetch): typeof fetch {
  const { origin, protocol } = addressOf(hub);
  if (hasToken && !isPrivateWay(hub)) {
    throw userError({
      where: "HF_ENDPOINT",
      what: `the token would be sent to ${origin} without encryption`,
      expected: "an https address",
      fix: "change HF_ENDPOINT, or unset HF_TOKEN",
    });
  }
  const ask = bounded(patientFetch(underlying));
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.origin === origin) return ask(input, init);
    // What is uploaded may be private, too.
    if (protocol === "https:" && url.protocol !== "https:") {
      throw new Error(`it names ${url.origin}, which nothing is sent to without encryption`);
    }
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.delete("authorization");
    return ask(input, { ...init, headers });
  };
}

/** Addresses whose answers the hub's library reads whole. */
const readWhole = /^\/api\/|\/info\/lfs\//;
const listing = /^\/api\/.*\/tree\//;

/** A `fetch` whose answers end: files alone may be of any size, as whoever asks for them knows theirs. */
function bounded(underlying: typeof fetch): typeof fetch {
  let pages = 0;
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : String(input));
    if (listing.test(pathname) && ++pages > hubBounds.pages) {
      throw new Error(`its listing has more than ${hubBounds.pages} pages`);
    }
    const response = await underlying(input, init);
    if (!response.body || (response.ok && !readWhole.test(pathname))) return response;
    return new Response(response.body.pipeThrough(atMost(hubBounds.answer)), response);
  };
}

function atMost(bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let done = 0;
  return new TransformStream({
    transform(chunk, controller) {
      done += chunk.length;
      if (done <= bytes) controller.enqueue(chunk);
      else controller.error(new Error(`an answer of more than ${bytes} bytes`));
    },
  });
}

function addressOf(hub: string): URL {
  const address = URL.canParse(hub) ? new URL(hub) : null;
  if (address && /^https?:$/.test(address.protocol)) return address;
  throw userError({ where: "HF_ENDPOINT", what: `${JSON.stringify(hub)} is no address`, expected: "an https address" });
}
