/**
 * Files and folders of this machine. Readers and writers import what they need from here and from the files beside this
 * one, and nothing of Node themselves: in a browser, `src/browser/host` stands in for this folder (`browser` in
 * package.json says so to bundlers).
 * @module
 */
import { fstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

export { existsSync } from "node:fs";
export {
  access,
  constants,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";

/** What changes whenever the content of an open file does; a system call of some microseconds. */
export function stampOf(handle: FileHandle): string {
  const { size, mtimeNs, ctimeNs } = fstatSync(handle.fd, { bigint: true });
  return `${size} ${mtimeNs} ${ctimeNs}`;
}
