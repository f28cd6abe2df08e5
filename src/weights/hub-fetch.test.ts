import { expect, it } from "vitest";
import { hubFetch } from "./hub-fetch.js";

/** What was asked for, with the token that went along. */
function recorded() {
  const asked: [string, string | null][] = [];
  const underlying: typeof fetch = (input, init) => {
    asked.push([String(input), new Headers(init?.headers).get("authorization")]);
    return Promise.resolve(new Response("ok"));
  };
  return { asked, underlying };
}

const headers = { Authorization: "Bearer secret", Accept: "application/json" };

it("sends the token to the hub's own host alone", async () => {
  const { asked, underlying } = recorded();
  const fetchOf = hubFetch("https://hub.example", true, underlying);
  for (const url of ["https://hub.example/a", "https://evil.example/next"]) await fetchOf(url, { headers });
  await expect(fetchOf("http://hub.example/a", { headers })).rejects.toThrow(/without encryption/);
  expect(asked).toEqual([
    ["https://hub.example/a", "Bearer secret"],
    ["https://evil.example/next", null],
  ]);
});

it("sends no token without encryption, but to this machine", () => {
  expect(() => hubFetch("http://hub.example", true)).toThrow(
    /HF_ENDPOINT: the token would be sent to http:\/\/hub.example without encryption; expected an https address/,
  );
  for (const [hub, hasToken] of [
    ["http://hub.example", false],
    ["http://localhost:8080", true],
    ["http://127.0.0.1:8080", true],
  ] as const) {
    expect(hubFetch(hub, hasToken)).toBeTypeOf("function");
  }
  expect(() => hubFetch("file:///etc/passwd", false)).toThrow(/"file:.*is no address/);
  expect(() => hubFetch("hub", false)).toThrow(/"hub" is no address/);
});
