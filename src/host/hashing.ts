/** Hashes, and bytes that nobody can guess; see `files.ts`. */
export { createHash, randomBytes } from "node:crypto";
