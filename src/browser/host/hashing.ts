/**
 * What `src/host/hashing.ts` gives. A browser's own hashes take a whole text at once and answer later; these take parts.
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { Buffer } from "./bytes.js";

/** SHA-256 of what it is given part by part. */
export class Hash {
  private readonly hash = sha256.create();

  update(part: string | NodeJS.ArrayBufferView): this {
    this.hash.update(typeof part === "string" ? new TextEncoder().encode(part) : bytesOf(part));
    return this;
  }

  digest(): Buffer;
  digest(encoding: "hex" | "base64"): string;
  digest(encoding?: "hex" | "base64"): Buffer | string {
    const bytes = Buffer.from(this.hash.digest());
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

export function createHash(algorithm: "sha256"): Hash {
  if (algorithm !== "sha256") throw new Error(`there is no hash ${algorithm} here`);
  return new Hash();
}

export function randomBytes(length: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(length)));
}
