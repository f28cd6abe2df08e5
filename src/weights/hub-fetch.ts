/**
 * What the hub's library may ask for, and whom: the user's token goes to the hub alone, and only where nobody can read it
 * on the way.
 * @module
 */
import { userError } from "../errors.js";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * A `fetch` that sends the token to the hub's own host alone, whatever addresses the hub answers with (a listing's next
 * page, for one).
 *
 * @param hub address of the hub
 * @throws UserError where a token would be sent without encryption to another machine
 */
export function hubFetch(hub: string, hasToken: boolean, underlying: typeof fetch = fetch): typeof fetch {
  const { origin, protocol, hostname } = addressOf(hub);
  if (hasToken && protocol !== "https:" && !loopback.has(hostname)) {
    throw userError({
      where: "HF_ENDPOINT",
      what: `the token would be sent to ${origin} without encryption`,
      expected: "an https address",
      fix: "change HF_ENDPOINT, or unset HF_TOKEN",
    });
  }
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    if (url.origin === origin) return underlying(input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.delete("authorization");
    return underlying(input, { ...init, headers });
  };
}

function addressOf(hub: string): URL {
  const address = URL.canParse(hub) ? new URL(hub) : null;
  if (address && /^https?:$/.test(address.protocol)) return address;
  throw userError({ where: "HF_ENDPOINT", what: `${JSON.stringify(hub)} is no address`, expected: "an https address" });
}
