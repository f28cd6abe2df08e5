/**
 * A hub on this machine that speaks as much of Hugging Face's API as models take: repositories with commits, large files in
 * a storage of another origin, tokens; and whatever goes wrong on the way.
 * @module
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface Seen {
  readonly origin: "hub" | "storage";
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** What is answered instead of the truth; `"hang up"` ends the connection before anything is done, `"lost"` after it. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | "hang up"
  | "lost";

interface Commit {
  readonly id: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

interface Repository {
  readonly commits: Commit[];
  readonly branches: Map<string, Commit>;
}

const sha = (kind: string, ...parts: (string | Buffer)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(kind)).digest("hex");
const isLarge = (path: string) => path.endsWith(".safetensors");

export class HubServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly repositories = new Map<string, Repository>();
  /** Whether what is read needs the token, too. */
  private = false;
  /** Looked at before each answer. */
  fault: (seen: Seen) => Fault | undefined = () => undefined;
  /** Bytes after which a file's answer breaks off. */
  cut: (path: string, from: number) => number | undefined = () => undefined;
  /** Entries that a listing has on top. */
  extra: object[] = [];

  private constructor(
    private readonly hub: Server,
    private readonly storage: Server,
    readonly token: string,
    private readonly stored: Map<string, Buffer>,
  ) {}

  static async open(token = "hf_test"): Promise<HubServer> {
    const [hub, storage] = [createServer(), createServer()];
    const server = new HubServer(hub, storage, token, new Map());
    const serve = (origin: Seen["origin"]) => (request: IncomingMessage, response: ServerResponse) => {
      server.answer(origin, request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    };
    hub.on("request", serve("hub"));
    storage.on("request", serve("storage"));
    for (const one of [hub, storage]) await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return addressOf(this.hub);
  }

  /** The environment of whoever asks it. */
  get env() {
    return { HF_ENDPOINT: this.url, HF_TOKEN: this.token };
  }

  /** What a branch shows: names and contents. */
  files(id: string, branch = "main"): Record<string, string> {
    const files = this.repositories.get(id)?.branches.get(branch)?.files ?? new Map<string, Buffer>();
    return Object.fromEntries([...files].sort().map(([path, content]) => [path, sha("sha256", content)]));
  }

  text(id: string, path: string): string {
    return this.repositories.get(id)?.branches.get("main")?.files.get(path)?.toString() ?? "";
  }

  /** Commits files from nowhere. */
  put(id: string, files: Readonly<Record<string, string | Buffer>>): string {
    const repository = this.made(id);
    const all = Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const);
    return this.commit(repository, "main", new Map(all)).id;
  }

  private made(id: string): Repository {
    const known = this.repositories.get(id);
    if (known) return known;
    const repository: Repository = { commits: [], branches: new Map() };
    this.repositories.set(id, repository);
    this.commit(repository, "main", new Map([[".gitattributes", Buffer.from("*.safetensors filter=lfs\n")]]));
    return repository;
  }

  private commit(repository: Repository, branch: string, files: ReadonlyMap<string, Buffer>): Commit {
    const content = [...files].map(([path, body]) => `${path} ${sha("sha1", body)}`).join("\n");
    const made = { id: sha("sha1", `${repository.commits.length}\n${content}`), files };
    repository.commits.push(made);
    repository.branches.set(branch, made);
    return made;
  }

  private async answer(origin: Seen["origin"], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const seen = { origin, method: request.method ?? "", path: pathname, authorization: request.headers.authorization };
    this.seen.push(seen);
    const body = await bodyOf(request);
    const fault = this.fault(seen);
    if (fault === "hang up") return void request.socket.destroy();
    // A closed connection takes no answer any more.
    if (fault === "lost") request.socket.destroy();
    else if (fault) return void response.writeHead(fault.status, fault.headers).end(fault.body);
    const say = (status: number, value: unknown, headers = {}) =>
      void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    if (origin === "storage") return this.stores(seen, body, request, response);
    const writes = seen.method === "POST";
    const known = seen.authorization === `Bearer ${this.token}`;
    if ((writes || this.private) && !known) return say(401, { error: "Invalid username or password." });
    if (pathname === "/api/repos/create") {
      const { name, organization } = JSON.parse(body.toString()) as Record<string, string>;
      const id = `${organization}/${name}`;
      if (this.repositories.has(id)) return say(409, { error: "You already created this model repo" });
      this.made(id);
      return say(200, { url: `${this.url}/${id}`, id });
    }
    const [, id = "", rest = ""] =
      /^\/api\/models\/([^/]+\/[^/]+)\/(.*)$/.exec(pathname) ??
      /^\/([^/]+\/[^/]+?)(?:\.git)?\/(.*)$/.exec(pathname) ??
      [];
    const repository = this.repositories.get(id);
    if (!repository) return say(404, { error: "Repository not found" });
    if (rest === "info/lfs/objects/batch") return say(200, this.batch(body.toString()));
    const [verb = "", revision = "", ...path] = rest.split("/").map(decodeURIComponent);
    const at = commitAt(repository, revision);
    if (!at) return say(404, { error: `Invalid rev id: ${revision}` });
    if (verb === "revision") return say(200, { _id: "1", id, sha: at.id });
    if (verb === "tree") return this.lists(at, Number(searchParams.get("page") ?? 0), pathname, say);
    if (verb === "resolve") return this.sends(at, path.join("/"), request, response);
    if (verb === "preupload") {
      const { files } = JSON.parse(body.toString()) as { files: { path: string }[] };
      return say(200, {
        files: files.map(({ path: one }) => ({ path: one, uploadMode: isLarge(one) ? "lfs" : "regular" })),
      });
    }
    if (verb === "commit") return this.commits(repository, revision, at, body.toString(), say);
    say(404, { error: `what is ${verb}?` });
  }

  private batch(body: string) {
    const { objects } = JSON.parse(body) as { objects: { oid: string; size: number }[] };
    const upload = (oid: string) => ({
      actions: { upload: { href: `${addressOf(this.storage)}/${oid}`, header: {} } },
    });
    return {
      transfer: "basic",
      objects: objects.map(({ oid, size }) => ({ oid, size, ...(this.stored.has(oid) ? {} : upload(oid)) })),
    };
  }

  private stores({ method, path }: Seen, body: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const oid = path.slice(1);
    if (method === "PUT") {
      if (sha("sha256", body) !== oid) return void response.writeHead(400).end("another content");
      this.stored.set(oid, body);
      return void response.writeHead(200).end();
    }
    this.stream(this.stored.get(oid) ?? Buffer.alloc(0), oid, request, response);
  }

  /** Two entries a page. */
  private lists(
    { files }: Commit,
    page: number,
    pathname: string,
    say: (status: number, value: unknown, headers?: object) => void,
  ) {
    const entries: object[] = [...files].map(([path, content]) => ({
      ...{ type: "file", path, size: content.length, oid: sha("sha1", `blob ${content.length}\0`, content) },
      ...(isLarge(path) ? { lfs: { oid: sha("sha256", content), size: content.length, pointerSize: 1 } } : {}),
    }));
    const all = [...entries, ...this.extra];
    const more = all.length > 2 * page + 2;
    const link = `<${this.url}${pathname}?page=${page + 1}>; rel="next"`;
    say(200, all.slice(2 * page, 2 * page + 2), more ? { link } : {});
  }

  /** Small files at once, large ones by way of the storage. */
  private sends({ files }: Commit, path: string, request: IncomingMessage, response: ServerResponse): void {
    const content = files.get(path);
    if (!content) return void response.writeHead(404).end();
    if (!isLarge(path)) {
      this.stream(content, path, request, response);
      return;
    }
    const oid = sha("sha256", content);
    this.stored.set(oid, content);
    response.writeHead(302, { location: `${addressOf(this.storage)}/${oid}` }).end();
  }

  private stream(content: Buffer, name: string, request: IncomingMessage, response: ServerResponse): void {
    const [, start] = /^bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
    const from = Number(start ?? 0);
    const rest = content.subarray(from);
    const headers = { "content-length": rest.length };
    response.writeHead(start === undefined ? 200 : 206, headers);
    const cut = this.cut(name, from);
    if (cut === undefined) response.end(rest);
    else response.write(rest.subarray(0, cut), () => response.destroy());
  }

  private commits(
    repository: Repository,
    branch: string,
    tip: Commit,
    body: string,
    say: (status: number, value: unknown) => void,
  ) {
    const files = new Map(tip.files);
    for (const line of body.split("\n")) {
      const { key, value } = JSON.parse(line) as { key: string; value: Record<string, string> };
      const path = value["path"] ?? "";
      if (key === "header" && value["parentCommit"] !== tip.id)
        return say(412, { error: "A commit has happened since" });
      if (key === "file") files.set(path, Buffer.from(value["content"] ?? "", "base64"));
      if (key === "deletedFile") files.delete(path);
      if (key === "lfsFile") {
        const content = this.stored.get(value["oid"] ?? "");
        if (!content) return say(400, { error: `LFS pointer pointed to a file that does not exist: ${path}` });
        files.set(path, content);
      }
    }
    const made = this.commit(repository, branch, files);
    say(200, { commitOid: made.id, commitUrl: `${this.url}/commit/${made.id}`, hookOutput: "" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [this.hub, this.storage]) {
      one.closeAllConnections();
      await new Promise((resolve) => one.close(resolve));
    }
  }
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const commitAt = ({ branches, commits }: Repository, revision: string): Commit | undefined =>
  branches.get(revision === "HEAD" ? "main" : revision) ?? commits.find(({ id }) => id === revision);

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
