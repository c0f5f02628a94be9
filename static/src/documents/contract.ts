/** What the server says of a document, and of whom it is shared with (`suite/resources/api/views.py` is that part's source). */
import type { Role, Word } from "./payloads.ts";

export type * from "./payloads.ts";

export type Reach = "restricted" | "organization" | "everyone";

export interface Access {
  id: string;
  role: Role;
  principal: { kind: "person" | "group" | "unit" | "organization"; id: string; name: string };
}

export interface Sharing {
  role: Role;
  may_share: boolean;
  link: { reach: Reach; role: Role };
  accesses: readonly Access[];
}

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
