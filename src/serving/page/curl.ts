import type { Request } from "./api.js";

/** A text as one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What asks the same in a shell. The token is taken from there, never shown. */
export function curlOf({ method, path, body }: Request, origin: string, withToken = false): string {
  return [
    "curl -s",
    ...(method === "GET" || method === "POST" ? [] : [`-X ${method}`]),
    quoted(origin + path),
    ...(withToken ? ['-H "authorization: Bearer $TOKEN"'] : []),
    ...(body === undefined ? [] : [`-H 'content-type: application/json' -d ${quoted(JSON.stringify(body))}`]),
  ].join(" ");
}
