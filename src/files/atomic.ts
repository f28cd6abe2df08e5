import { codeOf, UserError, userError } from "../errors.js";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "../host/files.js";
import { dirname } from "../host/paths.js";
import { removeLeftoversOf, temporaryBeside } from "./leftovers.js";

/** Turns a file system failure into one line that names the path and what to do. */
export function fileError(path: string, doing: string, error: unknown): Error {
  const code = codeOf(error);
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
    EIO: "the disk reports an error",
    EBUSY: "the system uses it",
    ESTALE: "the file server has lost it",
    ETIMEDOUT: "the file server does not answer",
    ENXIO: "the device is gone",
    ENODEV: "the device is gone",
    EXDEV: "it would have to go to another disk",
    ENOTEMPTY: "the folder is not empty",
    ENFILE: "too many files are open on this machine",
    ENOLCK: "the file server gives no locks",
  };
  const reason = known[code];
  if (reason === undefined) return error instanceof Error ? error : new Error(String(error));
  return userError({
    where: path,
    what: `cannot ${doing}: ${reason}`,
    fix:
      path === "-"
        ? "nothing is read from standard input: give a file"
        : "check the path, its permissions and free space",
  });
}

/**
 * Makes a folder and those above it that are missing; none if it is there. Node's own recursive mkdir never ends below
 * folders that exist but take no entries, such as those of /proc.
 *
 * @returns the uppermost folder that was made, or null
 */
export async function makeFolder(path: string): Promise<string | null> {
  const missing: string[] = [];
  let at = path;
  let outcome = await makeOne(at);
  while (outcome === "no parent") {
    missing.push(at);
    if (dirname(at) === at) throw fileError(path, "make the folder", new Error(`${at} does not exist`));
    at = dirname(at);
    outcome = await makeOne(at);
  }
  for (const folder of missing.toReversed()) {
    // Its parent is there by now: if it cannot be made all the same, it never can.
    if ((await makeOne(folder)) === "no parent") {
      throw userError({
        where: path,
        what: `cannot make the folder: ${dirname(folder)} takes no entries`,
        fix: "choose another place",
      });
    }
  }
  return outcome === "made" ? at : (missing.at(-1) ?? null);
}

async function makeOne(path: string): Promise<"made" | "was there" | "no parent"> {
  try {
    await mkdir(path);
    return "made";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "no parent";
    const isFolder = await stat(path).then(
      (info) => info.isDirectory(),
      () => false,
    );
    if (isFolder) return "was there";
    throw fileError(path, "make the folder", error);
  }
}

/** Gives a file or folder its name, which is there after a power cut, too. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  // Not all systems open folders, and some do not flush them: then the name comes with the system's next flush.
  const folder = await open(dirname(to)).catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/**
 * Writes a file so that `path` holds either its old or its whole new content, never a part: the content goes to a
 * temporary file beside it, is flushed to the disk and renamed. Folders on the way are made; temporary files that killed
 * processes left of it are removed.
 */
export async function writeAtomically(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await makeFolder(dirname(path));
    await removeLeftoversOf(path);
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameDurably(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error instanceof UserError ? error : fileError(path, "write the file", error);
  }
}

/** {@link writeAtomically} for content that is already in memory. */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await writeAtomically(path, async (file) => {
    await file.writeFile(content);
  });
}

/** Copies a file; `to` holds its old or its whole new content. For small files: the content goes through the memory. */
export async function copyAtomically(from: string, to: string): Promise<void> {
  const content = await readFile(from).catch((error: unknown) => {
    throw fileError(from, "read the file", error);
  });
  await writeFileAtomically(to, content);
}

/**
 * Removes a folder's last file, by which it counts as complete, before others in it are replaced: whatever happens
 * meanwhile, old and new files are not taken for one whole.
 */
export async function removeMark(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    throw fileError(path, "replace the file", error);
  });
}
