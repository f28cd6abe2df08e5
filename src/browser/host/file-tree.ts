/**
 * The tab's own files: a tree in memory. What is put there as a Blob, such as a file that the user chose, stays where it
 * is and is read by parts.
 * @module
 */
import { namesOf } from "./paths.js";

/** What Node's errors have, by which readers know them. */
export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

let stamps = 0;

/** A file's bytes; they grow at their end. */
export class TabFile {
  private bytes = new Uint8Array(0);
  private length = 0;
  private blob: Blob | null = null;
  /** Changes with the content. */
  stamp = ++stamps;
  changed = Date.now();

  get size(): number {
    return this.blob?.size ?? this.length;
  }

  /** Replaces the content. */
  set(content: Uint8Array | Blob): void {
    const isBlob = content instanceof Blob;
    this.blob = isBlob ? content : null;
    this.bytes = isBlob ? new Uint8Array(0) : content.slice();
    this.length = this.bytes.length;
    this.touch();
  }

  append(more: Uint8Array): void {
    const end = this.length + more.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(more, this.length);
    this.length = end;
    this.touch();
  }

  /** A copy of a part, as far as the file goes. */
  async read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.blob) return new Uint8Array(await this.blob.slice(from, to).arrayBuffer());
    return this.bytes.slice(from, Math.min(to, this.length));
  }

  touch(time = Date.now()): void {
    this.stamp = ++stamps;
    this.changed = time;
  }
}

/** What lies in a folder, by name. */
export class TabFolder {
  readonly entries = new Map<string, TabFile | TabFolder>();
  readonly changed = Date.now();
}

export type TabEntry = TabFile | TabFolder;

const root = new TabFolder();

/** What is at a path, or undefined. */
export function find(path: string): TabEntry | undefined {
  let at: TabEntry | undefined = root;
  for (const name of namesOf(path)) at = at instanceof TabFolder ? at.entries.get(name) : undefined;
  return at;
}

/** @throws ENOENT, or ENOTDIR where a file is on the way */
export function get(path: string): TabEntry {
  const found = find(path);
  if (found) return found;
  const names = namesOf(path);
  const onTheWay = names.some((_, i) => i > 0 && find(`/${names.slice(0, i).join("/")}`) instanceof TabFile);
  throw failure(onTheWay ? "ENOTDIR" : "ENOENT", path);
}

/** @throws EISDIR where it is a folder */
export function getFile(path: string): TabFile {
  const found = get(path);
  if (found instanceof TabFile) return found;
  throw failure("EISDIR", path);
}

/** @throws ENOTDIR where it is a file */
export function getFolder(path: string): TabFolder {
  const found = get(path);
  if (found instanceof TabFolder) return found;
  throw failure("ENOTDIR", path);
}

/** The folder that a path's last name lies in, and the name; nothing lies in itself, so the root has none. */
export function placeOf(path: string): { readonly folder: TabFolder; readonly name: string } {
  const names = namesOf(path);
  const name = names.pop();
  if (name === undefined) throw failure("EBUSY", path);
  return { folder: getFolder(`/${names.join("/")}`), name };
}

/** Puts a new entry in place. @throws EEXIST where there is one */
export function add<E extends TabEntry>(path: string, entry: E): E {
  const { folder, name } = placeOf(path);
  if (folder.entries.has(name)) throw failure("EEXIST", path);
  folder.entries.set(name, entry);
  return entry;
}

/** The file at a path, made anew where there is none. */
export function fileAt(path: string): TabFile {
  return find(path) === undefined ? add(path, new TabFile()) : getFile(path);
}
