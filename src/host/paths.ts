/** Paths as this machine writes them; see `files.ts`. */
export { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
