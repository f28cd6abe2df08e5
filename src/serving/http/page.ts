/**
 * The page at `/`: files that the build made, which are read once and held.
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { FastifyInstance } from "fastify";
import { packagePath } from "../../files/package-path.js";

/** Where the build puts the page. */
export const builtPage = (): string => packagePath("dist", "serving", "page");

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing but its own files, nothing inline, and nobody may put it into a frame. */
const policy = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "connect-src"].map((what) => `${what} 'self'`),
  ...["base-uri", "form-action", "frame-ancestors"].map((what) => `${what} 'none'`),
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const headers = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Names of files with a hash of their content in them, which therefore never change. */
const forever = /-[\w-]{8}\.\w+$/;

/** @param folder with `index.html` and what it names; where there is none, there is no page */
export async function addPage(app: FastifyInstance, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const body = await readFile(join(folder, name));
    const cached = forever.test(name) ? "public, max-age=31536000, immutable" : "no-cache";
    const path = name === "index.html" ? "/" : `/page/${name}`;
    app.get(path, { schema: { hide: true } }, (_request, reply) =>
      reply.headers({ ...headers, "content-type": type, "cache-control": cached }).send(body),
    );
  }
}
