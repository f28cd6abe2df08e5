/**
 * Requests that nobody means well, and how a server has to answer them.
 * @module
 */
import type { Talk } from "./served.js";

/** A request, and what has to come back. */
export interface Hostile extends Talk {
  readonly name: string;
  /** First line of the answer; null where the server may just close. */
  readonly answer: RegExp | null;
}

const json = "content-type: application/json\r\n";

/** A request with a body. */
function post(path: string, body: string | Uint8Array, headers = json, method = "POST"): Uint8Array {
  const bytes = Buffer.from(body);
  const head = `${method} ${path} HTTP/1.1\r\nhost: a\r\n${headers}content-length: ${bytes.byteLength}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

const head = (lines: string) => `POST /v1/fill HTTP/1.1\r\nhost: a\r\n${json}${lines}\r\n`;
const filled = JSON.stringify({ text: "Winter lies in [MASK]." });
const infer = (input: object, more: object = {}) =>
  JSON.stringify({ inputs: [{ name: "text", datatype: "BYTES", shape: [1], data: ["a [MASK]"], ...input }], ...more });

const status = (...codes: readonly number[]) => new RegExp(`^HTTP/1\\.1 (${codes.join("|")}) `);
const one = (name: string, sent: string | Uint8Array, answer: RegExp | null, more: Partial<Talk> = {}): Hostile => ({
  ...{ name, parts: [sent], answer },
  ...more,
});

const lengths: readonly Hostile[] = [
  one("a length that is too short", head("content-length: 5\r\n") + filled, status(400)),
  one("a length that is too long", head("content-length: 900\r\n") + filled, null, { ends: true }),
  ...["-1", "NaN", "1e3", "0x20", "5, 5", "99999999999999999999", ""].map((length) =>
    one(`a length of ${JSON.stringify(length)}`, head(`content-length: ${length}\r\n`) + filled, status(400, 413)),
  ),
  one("a length of a terabyte", head("content-length: 1099511627776\r\n"), status(413)),
  one("two lengths", head("content-length: 5\r\ncontent-length: 50\r\n") + filled, status(400)),
  one(
    "a length and chunks",
    head(`content-length: ${filled.length}\r\ntransfer-encoding: chunked\r\n`) + filled,
    status(400),
  ),
  one("chunks of no size", `${head("transfer-encoding: chunked\r\n")}zz\r\nabc\r\n0\r\n\r\n`, status(400)),
  one("chunks without an end", `${head("transfer-encoding: chunked\r\n")}ffffffffffffffff\r\nabc`, status(400, 413), {
    ends: true,
  }),
];

const heads: readonly Hostile[] = [
  one("no HTTP", "nonsense\r\n\r\n", status(400)),
  one("TLS", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), status(400)),
  one(
    "random bytes",
    Uint8Array.from({ length: 4096 }, (_, i) => (i * 197 + 31) % 256),
    status(400),
  ),
  one("a method that nobody knows", "BREW /v1/fill HTTP/1.1\r\nhost: a\r\n\r\n", status(400, 404, 405)),
  one("a header of 100 kB", head(`x: ${"a".repeat(100_000)}\r\n`), status(400, 431)),
  one("20,000 headers", head("a: b\r\n".repeat(20_000)), status(400, 431)),
  one("an address of 50 kB", `GET /${"a".repeat(50_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, status(400, 404, 414, 431)),
  one("a header that is split", `${head("x: a\r\n\tb\r\ncontent-length: 2\r\n")}{}`, status(400, 422)),
  one("a thousand requests at once", "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000), status(200)),
];

const bodies: readonly Hostile[] = [
  ...["[", '{"a":', '{"text":['].map((open) =>
    one(`JSON that is 100,000 deep: ${open}`, post("/v1/fill", open.repeat(100_000)), status(400)),
  ),
  one(
    "inputs that are 100,000 deep",
    post("/v1/predict", `{"models":["trees"],"inputs":[${"[".repeat(100_000)}${"]".repeat(100_000)}]}`),
    status(400),
  ),
  one("tensors that are 100,000 deep", post("/v2/models/recall/infer", "[".repeat(100_000)), status(400)),
  one(
    "no UTF-8",
    post("/v1/fill", Buffer.concat([Buffer.from('{"text":"'), Buffer.of(0xff, 0xc0, 0x80), Buffer.from('"}')])),
    status(400),
  ),
  one("UTF-16", post("/v1/fill", Buffer.from(filled, "utf16le")), status(400)),
  one("half a character", post("/v1/fill", '{"text":"\\ud800 [MASK]"}'), status(400)),
  one("half a character as a name", post("/v1/fill", '{"text":"[MASK]","\\udfff":1}'), status(400)),
  ...["NaN", "Infinity", "-Infinity", "1e999", "-1", "1.5", "1e9", '"5"', "null", "{}"].map((top) =>
    one(`top: ${top}`, post("/v1/fill", `{"text":"a [MASK]","top":${top}}`), status(400, 422)),
  ),
  one("layer: 1e999", post("/v1/embed", '{"inputs":["a"],"layer":1e999}'), status(422)),
  one("__proto__", post("/v1/fill", '{"text":"a [MASK]","__proto__":{"top":1}}'), status(400, 422)),
  ...["__proto__", "constructor", "toString"].map((name) =>
    one(`a model called ${name}`, post("/v1/predict", JSON.stringify({ models: [name], inputs: [{}] })), status(404)),
  ),
  one(
    "100,000 inputs",
    post("/v1/predict", JSON.stringify({ models: ["trees"], inputs: Array(100_000).fill(1) })),
    status(422),
  ),
  one("a null character", post("/v1/fill", '{"text":"a\\u0000 [MASK]"}'), status(200, 422)),
  one("a body of 2 MB", post("/v1/fill", `{"text":"${"a".repeat(2_000_000)}"}`), null),
  ...[
    ["/v1/fill", (text: string) => ({ text: `${text} [MASK]`, adapters: ["recall"] })],
    ["/v1/predict", (text: string) => ({ models: ["trees"], inputs: [{ text }] })],
    ["/v1/predict", (text: string) => ({ models: ["relations"], inputs: [{ text, subject: "a", object: "aa" }] })],
    ["/v1/embed", (text: string) => ({ inputs: [text] })],
    ["/v1/parse", (text: string) => ({ inputs: [{ words: [text] }] })],
  ].flatMap(([path, body]) =>
    ["a".repeat(1_000_000), "a ".repeat(500_000), "\u0301".repeat(300_000), ".".repeat(1_000_000)].map((text) => {
      const sent = JSON.stringify((body as (text: string) => object)(text));
      return one(
        `a megabyte of ${JSON.stringify(text.slice(0, 2))} to ${path}`,
        post(path as string, sent),
        status(200, 413, 422),
      );
    }),
  ),
  one("300,000 blanks", post("/v1/fill", JSON.stringify({ text: "[MASK] ".repeat(100_000) })), status(422)),
];

const binary = (size: unknown, header: string, bytes = "\x08\0\0\0a [MASK]") =>
  post(
    "/v2/models/recall/infer",
    infer({ data: undefined, parameters: { binary_data_size: size } }) + bytes,
    `content-type: application/octet-stream\r\ninference-header-content-length: ${header}\r\n`,
  );
const length = (size: unknown) => String(infer({ data: undefined, parameters: { binary_data_size: size } }).length);

const tensors: readonly Hostile[] = [
  ...[[1e9, 1e9], [-1], [1.5], [2 ** 53], [0], [], [1, 2, 3], Array(100_000).fill(1), ["1"], null].map((shape) =>
    one(
      `shape ${JSON.stringify(shape).slice(0, 20)}`,
      post("/v2/models/recall/infer", infer({ shape })),
      status(400, 422),
    ),
  ),
  ...[11, 13, -12, 1e15, 1.5, "12", true, 0].map((size) =>
    one(`a binary size of ${JSON.stringify(size)}`, binary(size, length(size)), status(400, 422)),
  ),
  ...["-1", "1e3", "99999", "", "abc", "0"].map((header) =>
    one(`a JSON length of ${JSON.stringify(header)}`, binary(12, header), status(400, 422)),
  ),
  one(
    "an element longer than its tensor",
    binary(12, length(12), "\xff\xff\xff\x7fa [MASK]".slice(0, 12)),
    status(400),
  ),
  one(
    "data and binary data",
    post("/v2/models/recall/infer", infer({ parameters: { binary_data_size: 12 } })),
    status(400, 422),
  ),
  one("a datatype that is none", post("/v2/models/recall/infer", infer({ datatype: "FP128" })), status(422)),
  one(
    "top: NaN by parameter",
    post("/v2/models/recall/infer", infer({}, { parameters: { top: 1e308 * 10 } })),
    status(400, 422),
  ),
];

const paths: readonly Hostile[] = [
  ...[
    ...["/../../etc/passwd", "/page/../../../../etc/passwd", "/page/..%2f..%2f..%2fetc%2fpasswd", "//etc/passwd"],
    ...["/v1/models/..%2f..%2fx", "/v2/models/%00", "/v2/models/%ff", "/v2/models/a%0d%0ax:%20y", "/v2/models/%1b[31m"],
  ].map((path) => one(`GET ${path}`, `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`, status(400, 404))),
];

/** @param token with which models may be loaded */
const folders = (token: string): readonly Hostile[] =>
  ["../x", "..", ".", "/etc", "trees/../..", "a\\..\\b", "a\u0000b", "\u001b[31m", "x".repeat(2000)].map((folder) =>
    one(
      `loading ${JSON.stringify(folder).slice(0, 20)}`,
      post("/v1/models/new", JSON.stringify({ folder }), `${json}authorization: Bearer ${token}\r\n`, "PUT"),
      status(403, 404, 422),
    ),
  );

const leaving: readonly Hostile[] = Array.from({ length: 40 }, (_, i) =>
  one(
    `leaving in mid-queue, ${i}`,
    post(
      "/v1/predict",
      JSON.stringify({
        models: ["trees", "relations"].slice(0, 1),
        inputs: Array(20).fill({ text: `Rain fell on day ${i}.` }),
      }),
    ),
    null,
    { leaves: true },
  ),
);

/** @param token with which models may be loaded */
export const hostileRequests = (token: string): readonly Hostile[] => [
  ...[...lengths, ...heads, ...bodies, ...tensors, ...paths, ...folders(token), ...leaving],
];

/** Those that take as long as the server lets them. */
export const slowRequests: readonly Hostile[] = [
  {
    name: "headers, a byte a second",
    parts: [..."POST /v1/fill HTTP/1.1\r\nx: aaaaaaaaaaaaaaaaaaaa"],
    apart: 1000,
    answer: status(400, 408),
  },
  {
    name: "a body, a byte a second",
    parts: [head(`content-length: ${filled.length}\r\n`), ...filled, ...filled],
    apart: 1000,
    answer: status(400, 408),
  },
  { name: "nothing at all", parts: [], answer: null },
  { name: "headers without an end", parts: [head("x: y\r\n").trimEnd()], answer: status(400, 408) },
];
