/**
 * What `src/host/files.ts` gives, for the tab's own files: as much of it as readers and writers use.
 * @module
 */
import { Buffer } from "./bytes.js";
import {
  add,
  failure,
  fileAt,
  find,
  get,
  getFile,
  getFolder,
  placeOf,
  type TabEntry,
  TabFile,
  TabFolder,
} from "./file-tree.js";
import { basename } from "./paths.js";

export const constants = { W_OK: 2 } as const;

/** An open file or folder. */
export class FileHandle {
  private position = 0;

  constructor(
    private readonly path: string,
    readonly entry: TabEntry,
  ) {}

  private get file(): TabFile {
    if (this.entry instanceof TabFile) return this.entry;
    throw failure("EISDIR", this.path);
  }

  async read(into: Uint8Array, offset: number, length: number, position: number) {
    const bytes = await this.file.read(position, position + length);
    into.set(bytes, offset);
    return { bytesRead: bytes.length, buffer: into };
  }

  async write(bytes: Uint8Array, offset = 0, length = bytes.length - offset) {
    this.put(bytes.subarray(offset, offset + length));
    return { bytesWritten: length, buffer: bytes };
  }

  async writeFile(content: string | Uint8Array): Promise<void> {
    this.put(bytesOf(content));
  }

  /** Files are written from their beginning to their end. */
  private put(bytes: Uint8Array): void {
    if (this.position !== this.file.size) throw failure("EINVAL", this.path);
    this.file.append(bytes);
    this.position += bytes.length;
  }

  async stat() {
    return statsOf(this.entry);
  }

  async sync(): Promise<void> {}
  async close(): Promise<void> {}
}

const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

const statsOf = (entry: TabEntry) => ({
  size: entry instanceof TabFile ? entry.size : 0,
  mtimeMs: entry.changed,
  isFile: () => entry instanceof TabFile,
  isDirectory: () => entry instanceof TabFolder,
  isFIFO: () => false,
  isSocket: () => false,
});

export const stampOf = ({ entry }: FileHandle): string => (entry instanceof TabFile ? String(entry.stamp) : "");

export const existsSync = (path: string): boolean => find(path) !== undefined;

export async function access(path: string, _mode?: number): Promise<void> {
  get(path);
}

export async function stat(path: string) {
  return statsOf(get(path));
}

export async function open(path: string, flags = "r"): Promise<FileHandle> {
  return new FileHandle(path, flags === "wx" ? add(path, new TabFile()) : get(path));
}

export async function mkdir(path: string): Promise<void> {
  if (find(path) !== undefined) throw failure("EEXIST", path);
  add(path, new TabFolder());
}

export async function readdir(path: string, options?: { readonly withFileTypes: true }) {
  const { entries } = getFolder(path);
  if (!options) return [...entries.keys()];
  return [...entries].map(([name, entry]) => ({ name, ...statsOf(entry) }));
}

export async function readFile(path: string, encoding?: "utf8") {
  const file = getFile(path);
  const bytes = await file.read(0, file.size);
  return encoding ? new TextDecoder().decode(bytes) : Buffer.from(bytes.buffer, 0, bytes.length);
}

export async function writeFile(
  path: string,
  content: string | Uint8Array,
  { flag = "w" }: { readonly flag?: string } = {},
): Promise<void> {
  const file = flag === "wx" ? add(path, new TabFile()) : fileAt(path);
  file.set(bytesOf(content));
}

/** A second name for a file. */
export async function link(path: string, to: string): Promise<void> {
  add(to, getFile(path));
}

export async function rename(path: string, to: string): Promise<void> {
  const entry = get(path);
  const there = find(to);
  if (there instanceof TabFolder && there.entries.size > 0) throw failure("ENOTEMPTY", to);
  const [from, target] = [placeOf(path), placeOf(to)];
  from.folder.entries.delete(from.name);
  target.folder.entries.set(target.name, entry);
}

export async function rm(
  path: string,
  { recursive = false, force = false }: { readonly recursive?: boolean; readonly force?: boolean } = {},
): Promise<void> {
  const entry = find(path);
  if (entry === undefined) {
    if (force) return;
    throw failure("ENOENT", path);
  }
  if (entry instanceof TabFolder && !recursive) throw failure("EISDIR", path);
  const { folder, name } = placeOf(path);
  folder.entries.delete(name);
}

export async function rmdir(path: string): Promise<void> {
  if (getFolder(path).entries.size > 0) throw failure("ENOTEMPTY", basename(path));
  const { folder, name } = placeOf(path);
  folder.entries.delete(name);
}

export async function utimes(path: string, _accessed: Date | number, changed: Date | number): Promise<void> {
  const entry = get(path);
  // Node counts seconds where it is given a number.
  if (entry instanceof TabFile) entry.touch(typeof changed === "number" ? 1000 * changed : changed.getTime());
}
