/** What the server says of a document, and of whom it is shared with. */
import type { Role, Word } from "./payloads.ts";

export type * from "./payloads.ts";

export type { Access, AccessRequest, Invitation, Reach, Sharing } from "../shared/resources/payloads.ts";

/** A word that the document's socket says beside the text: frames of number 100. */
export function isWord(value: unknown): value is Word {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  if (value.type === "stored") return "n" in value && typeof value.n === "number";
  if (value.type === "title") return "title" in value && typeof value.title === "string";
  return value.type === "role" && "role" in value && typeof value.role === "string";
}

export function mayWrite(role: Role): boolean {
  return role === "editor" || role === "administrator" || role === "owner";
}
