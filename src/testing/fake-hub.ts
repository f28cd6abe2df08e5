import { createHash } from "node:crypto";

/** The commit that its `main` is at. */
export const hubCommit = "0123456789abcdef0123456789abcdef01234567";

/** A hub with one repository, org/name, as far as the client asks. */
export function fakeHub(
  files: Record<string, string>,
  tamper: (path: string, body: string) => string = (_, body) => body,
) {
  const requests: string[] = [];
  const sha = (kind: string, text: string) => createHash(kind).update(text).digest("hex");
  const entry = (path: string, body: string) => {
    const size = Buffer.byteLength(body);
    const oid = sha("sha1", `blob ${size}\0${body}`);
    const lfs = { oid: sha("sha256", body), size, pointerSize: 1 };
    return { type: "file", path, size, oid, ...(/safetensors$|bin$/.test(path) ? { lfs } : {}) };
  };
  const hub: typeof fetch = (input, init) => {
    const url = new URL(String(input));
    requests.push(url.pathname);
    const json = (value: unknown) => Promise.resolve(Response.json(value));
    if (url.pathname.startsWith("/api/models/org/name/revision/"))
      return json({ _id: "1", id: "org/name", sha: hubCommit });
    if (url.pathname === `/api/models/org/name/tree/${hubCommit}`) {
      return json([
        ...Object.entries(files).map(([path, body]) => entry(path, body)),
        { type: "directory", path: "onnx" },
      ]);
    }
    const path = url.pathname.split(`/org/name/resolve/${hubCommit}/`)[1];
    const body = path === undefined ? undefined : files[path];
    if (path === undefined || body === undefined) return Promise.resolve(new Response("no", { status: 404 }));
    const sent = tamper(path, body);
    const [, from] = /^bytes=(\d+)-$/.exec(new Headers(init?.headers).get("Range") ?? "") ?? [];
    if (from === undefined) return Promise.resolve(new Response(sent));
    return Promise.resolve(new Response(sent.slice(Number(from)), { status: 206 }));
  };
  return { requests, fetch: hub };
}
