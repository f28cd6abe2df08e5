/** Bytes with a text's methods; see `files.ts`. */
export { Buffer, isUtf8 } from "node:buffer";
