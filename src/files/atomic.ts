import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { userError } from "../errors.js";

/** Turns a file system failure into one line that names the path and what to do. */
export function fileError(path: string, doing: string, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known: Record<string, string> = {
    ENOENT: "no such file or folder",
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    EROFS: "the file system is read-only",
    ENOSPC: "no space left on the disk",
    EDQUOT: "the disk quota is used up",
    EFBIG: "the file grew over the size limit",
    EEXIST: "something of that name is in the way",
    EISDIR: "it is a folder, not a file",
    ENOTDIR: "a part of the path is a file, not a folder",
    EMFILE: "too many files are open",
    ELOOP: "too many symbolic links",
    ENAMETOOLONG: "the name is too long",
  };
  const reason = known[code];
  if (reason === undefined) return error instanceof Error ? error : new Error(String(error));
  return userError({
    where: path,
    what: `cannot ${doing}: ${reason}`,
    fix: "check the path, its permissions and free space",
  });
}

/**
 * Writes a file so that `path` holds either its old or its whole new content, never a part: the content goes to a
 * temporary file beside it, is flushed to the disk and renamed. Folders on the way are made.
 */
export async function writeAtomically(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, "write the file", error);
  }
}

/** {@link writeAtomically} for content that is already in memory. */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await writeAtomically(path, async (file) => {
    await file.writeFile(content);
  });
}
