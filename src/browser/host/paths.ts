/**
 * Paths of the tab's own files: `/` parts them, and relative ones begin at the root.
 * @module
 */

/** The names of a path from the root, `.` and `..` worked in. */
export function namesOf(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

export const sep = "/";

export const isAbsolute = (path: string): boolean => path.startsWith("/");

/** Joins, and works in what can be of `.` and `..`; a relative path stays one. */
export function join(...parts: readonly string[]): string {
  const path = parts.filter((part) => part !== "").join("/");
  if (isAbsolute(path)) return `/${namesOf(path).join("/")}`;
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === ".." && names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.join("/") || ".";
}

export function resolve(...parts: readonly string[]): string {
  const from = parts.findLastIndex(isAbsolute);
  return `/${namesOf(parts.slice(Math.max(from, 0)).join("/")).join("/")}`;
}

export function dirname(path: string): string {
  const end = path.replace(/\/+$/, "").lastIndexOf("/");
  return end < 0 ? (isAbsolute(path) ? "/" : ".") : path.slice(0, end).replace(/\/+$/, "") || "/";
}

export function basename(path: string, extension = ""): string {
  const name = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return extension !== "" && name !== extension && name.endsWith(extension) ? name.slice(0, -extension.length) : name;
}

export function relative(from: string, to: string): string {
  const [start, end] = [namesOf(from), namesOf(to)];
  let same = 0;
  while (same < start.length && start[same] === end[same]) same++;
  return [...start.slice(same).map(() => ".."), ...end.slice(same)].join("/");
}
