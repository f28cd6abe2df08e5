import { HubApiError } from "@huggingface/hub";
import { UserError, userError } from "../errors.js";
import { quoted } from "./strict-json.js";

/** What a request to the hub was for. */
export interface HubRequest {
  /** `adapter "org/name"`. */
  readonly where: string;
  /** What else was looked for before the hub was asked, if anything: `there is no such folder here, and `. */
  readonly before: string;
  /** What 401, 403 and 404 mean. */
  readonly denied: { readonly what: string; readonly fix: string };
}

/** A request for something of the hub. */
export const downloadRequest = (id: string, what: string, alsoFolder: boolean): HubRequest => ({
  where: `${what} ${quoted(id)}`,
  before: alsoFolder ? "there is no such folder here, and " : "",
  denied: {
    what: `the hub has no such ${what} or revision, or does not allow it`,
    fix: "check the name; for what is private or gated set HF_TOKEN",
  },
});

/** Turns a failure of the hub or of the network into one line. */
export function hubError({ where, before, denied }: HubRequest, error: unknown): Error {
  if (error instanceof UserError) return error;
  if (error instanceof HubApiError) {
    const { what, fix } = told(error, denied);
    return userError({ where, what: `${before}${what}`, fix });
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
  const reason = cause ?? (error instanceof Error ? error.message : String(error));
  return userError({
    where,
    what: `${before}the hub cannot be reached or answers oddly (${reason})`,
    fix: "check the name; for what the hub has, the network and HF_ENDPOINT",
  });
}

function told({ statusCode, data }: HubApiError, denied: HubRequest["denied"]) {
  if ([401, 403, 404].includes(statusCode)) return denied;
  const later = "try again later";
  if (statusCode === 429) return { what: "the hub is asked too much (429)", fix: later };
  if (statusCode === 409 || statusCode === 412) {
    return { what: "somebody else has changed it meanwhile", fix: "look at what is there, and push again" };
  }
  const words: unknown = data?.["error"] ?? data?.["message"];
  const reason =
    statusCode < 500 && typeof words === "string" && words !== "" ? `: ${quoted(words.slice(0, 300))}` : "";
  return { what: `the hub said ${statusCode}${reason}`, fix: `check the name, or ${later}` };
}
